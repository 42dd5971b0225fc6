//! How much memory a guest may take: the sum over its linear memories, its GC heap and its tables,
//! so that a component gains nothing from having many.

use wasmtime::{Error, ResourceLimiter, Result};

/// Core instances that a component may have, as in Wasmtime.
const MAX_INSTANCES: usize = 10_000;
/// Linear memories of one guest. Each may take 4 GiB of this process's addresses, however small it
/// is.
const MAX_MEMORIES: usize = 256;

pub struct Limits {
    limit: usize,
    used: usize,
    instances: usize,
    /// The last growth that was allowed. It is returned to the limit if the system has no memory
    /// for it.
    last_growth: usize,
    refused: Option<usize>,
}

impl Limits {
    /// `limit` in bytes; 0: none. `instance_bytes` is what the largest core module takes beside its
    /// memories and tables: as many instances are allowed as fit the limit.
    pub fn new(limit: u64, instance_bytes: usize) -> Limits {
        let limit = match usize::try_from(limit) {
            Ok(0) | Err(_) => usize::MAX,
            Ok(limit) => limit,
        };
        let instances = (limit / instance_bytes.max(1)).clamp(1, MAX_INSTANCES);
        Limits { limit, used: 0, instances, last_growth: 0, refused: None }
    }

    /// The refusal, if the limit ever refused something: guests usually trap soon after it.
    pub fn refusal(&self) -> Option<String> {
        self.refused.map(|wanted| {
            format!(
                "expected at most {} bytes of guest memory (rule guest_memory), the guest wanted {}",
                self.limit, wanted
            )
        })
    }

    /// A growth above the maximum that the guest itself declared fails in any case, so it does not
    /// count as a refusal.
    fn grow(&mut self, growth: usize, desired: usize, maximum: Option<usize>) -> bool {
        self.last_growth = 0;
        if maximum.is_some_and(|maximum| desired > maximum) {
            return false;
        }
        let wanted = self.used.saturating_add(growth);
        if wanted > self.limit {
            self.refused = Some(wanted);
            return false;
        }
        self.used = wanted;
        self.last_growth = growth;
        true
    }

    /// Wasmtime also reports failures of growths that it never asked for (a size that overflows),
    /// which do not concern the previous growth. Only the system's own refusals certainly belong to
    /// the last one.
    fn grow_failed(&mut self, error: &Error) {
        if error.chain().any(|cause| cause.to_string().contains("(os error ")) {
            self.used -= std::mem::take(&mut self.last_growth);
        }
    }
}

impl ResourceLimiter for Limits {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> Result<bool> {
        Ok(self.grow(desired.saturating_sub(current), desired, maximum))
    }

    fn memory_grow_failed(&mut self, error: Error) -> Result<()> {
        self.grow_failed(&error);
        Ok(())
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> Result<bool> {
        let elements = desired.saturating_sub(current);
        Ok(self.grow(elements.saturating_mul(size_of::<usize>()), desired, maximum))
    }

    fn table_grow_failed(&mut self, error: Error) -> Result<()> {
        self.grow_failed(&error);
        Ok(())
    }

    fn instances(&self) -> usize {
        self.instances
    }

    fn memories(&self) -> usize {
        MAX_MEMORIES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn no_memory() -> Error {
        Error::from(std::io::Error::from_raw_os_error(12)).context("mmap failed")
    }

    #[test]
    fn memories_and_tables_count_together() {
        let mut limits = Limits::new(1000, 0);
        assert!(limits.memory_growing(0, 600, None).unwrap());
        assert!(limits.table_growing(0, 50, None).unwrap());
        assert!(limits.refusal().is_none());
        assert!(!limits.memory_growing(0, 1, None).unwrap());
        assert!(limits.refusal().unwrap().contains("at most 1000 bytes"));
    }

    #[test]
    fn growth_that_the_system_refuses_is_given_back_once() {
        let mut limits = Limits::new(1000, 0);
        assert!(limits.memory_growing(0, 400, None).unwrap());
        assert!(limits.memory_growing(400, 900, None).unwrap());
        limits.memory_grow_failed(no_memory()).unwrap();
        limits.memory_grow_failed(no_memory()).unwrap();
        assert!(!limits.memory_growing(400, 1001, None).unwrap());
        assert!(limits.memory_growing(400, 1000, None).unwrap());
    }

    #[test]
    fn failure_that_was_never_asked_for_gives_nothing_back() {
        let mut limits = Limits::new(1000, 0);
        assert!(limits.memory_growing(0, 900, None).unwrap());
        limits.table_grow_failed(Error::msg("overflow calculating new table size")).unwrap();
        limits
            .memory_grow_failed(Error::msg("memory growth exceeds memory type's limits"))
            .unwrap();
        assert!(!limits.memory_growing(0, 900, None).unwrap());
    }

    #[test]
    fn growth_above_the_declared_maximum_does_not_count() {
        let mut limits = Limits::new(1000, 0);
        assert!(!limits.memory_growing(0, 900, Some(800)).unwrap());
        limits.memory_grow_failed(Error::msg("Memory maximum size exceeded")).unwrap();
        assert!(limits.memory_growing(0, 1000, Some(2000)).unwrap());
        assert!(limits.refusal().is_none());
    }

    #[test]
    fn zero_is_no_limit() {
        let mut limits = Limits::new(0, 1 << 20);
        assert!(limits.memory_growing(0, 1 << 40, None).unwrap());
        assert_eq!(limits.instances(), MAX_INSTANCES);
    }

    #[test]
    fn as_many_instances_as_fit_the_limit() {
        assert_eq!(Limits::new(16 << 20, 1 << 20).instances(), 16);
        assert_eq!(Limits::new(16 << 20, 1 << 30).instances(), 1);
        assert_eq!(Limits::new(16 << 20, 0).instances(), MAX_INSTANCES);
    }
}
