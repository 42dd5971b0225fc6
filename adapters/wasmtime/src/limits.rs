//! How much memory a guest may take: the sum over its linear memories and tables, so that a
//! component gains nothing from having many.

use wasmtime::{ResourceLimiter, Result};

pub struct Limits {
    limit: usize,
    used: usize,
    /// The growth that was allowed last, taken back if it fails for another reason.
    last_growth: usize,
    refused: Option<usize>,
}

impl Limits {
    /// `limit` in bytes; 0: none.
    pub fn new(limit: u64) -> Limits {
        let limit = match usize::try_from(limit) {
            Ok(0) | Err(_) => usize::MAX,
            Ok(limit) => limit,
        };
        Limits { limit, used: 0, last_growth: 0, refused: None }
    }

    /// What went wrong, if the limit ever refused something: guests usually trap soon after it.
    pub fn refusal(&self) -> Option<String> {
        self.refused.map(|wanted| {
            format!(
                "expected at most {} bytes of guest memory (rule guest_memory), the guest wanted {}",
                self.limit, wanted
            )
        })
    }

    fn grow(&mut self, growth: usize) -> bool {
        let wanted = self.used.saturating_add(growth);
        if wanted > self.limit {
            self.refused = Some(wanted);
            return false;
        }
        self.used = wanted;
        self.last_growth = growth;
        true
    }

    fn undo(&mut self) {
        self.used -= self.last_growth;
        self.last_growth = 0;
    }
}

impl ResourceLimiter for Limits {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> Result<bool> {
        Ok(self.grow(desired.saturating_sub(current)))
    }

    fn memory_grow_failed(&mut self, _error: wasmtime::Error) -> Result<()> {
        self.undo();
        Ok(())
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> Result<bool> {
        let elements = desired.saturating_sub(current);
        Ok(self.grow(elements.saturating_mul(size_of::<usize>())))
    }

    fn table_grow_failed(&mut self, _error: wasmtime::Error) -> Result<()> {
        self.undo();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memories_and_tables_count_together() {
        let mut limits = Limits::new(1000);
        assert!(limits.memory_growing(0, 600, None).unwrap());
        assert!(limits.table_growing(0, 50, None).unwrap());
        assert!(limits.refusal().is_none());
        assert!(!limits.memory_growing(0, 1, None).unwrap());
        assert!(limits.refusal().unwrap().contains("at most 1000 bytes"));
    }

    #[test]
    fn failed_growth_is_given_back() {
        let mut limits = Limits::new(1000);
        assert!(limits.memory_growing(0, 900, None).unwrap());
        limits.memory_grow_failed(wasmtime::Error::msg("no memory")).unwrap();
        assert!(limits.memory_growing(0, 900, None).unwrap());
    }

    #[test]
    fn zero_is_no_limit() {
        let mut limits = Limits::new(0);
        assert!(limits.memory_growing(0, 1 << 40, None).unwrap());
    }
}
