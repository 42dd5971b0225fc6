//! Translates between lifted component values and `wasinn_val`: arguments are borrowed from guest
//! memory where they lie, long results are lowered from the core's own buffer.

use crate::ffi;
use crate::state::State;
use crate::wit_types::{
    Cases, ErrorCode, ExecutionTarget, Failure, GraphEncoding, Status, TensorType,
};
use std::borrow::Cow;
use std::ffi::c_void;
use wasmtime::component::{Resource, WasmList, WasmStr};
use wasmtime::{Error, Result, StoreContextMut};

type Store<'a> = StoreContextMut<'a, State>;

/// Keeps alive the data that the values of one call point to outside guest memory.
#[derive(Default)]
pub struct Arena {
    lists: Vec<Vec<ffi::Val>>,
    texts: Vec<String>,
}

/// An argument that can be lent to the core.
pub trait Argument {
    fn lend(&self, store: &Store<'_>, arena: &mut Arena) -> Result<ffi::Val>;
}

impl Argument for WasmList<u8> {
    fn lend(&self, store: &Store<'_>, _: &mut Arena) -> Result<ffi::Val> {
        Ok(ffi::Val::bytes(self.as_le_slice(store)))
    }
}

impl Argument for WasmList<u32> {
    fn lend(&self, store: &Store<'_>, _: &mut Arena) -> Result<ffi::Val> {
        let words = self.as_le_slice(store);
        let bytes = ffi::Bytes { data: words.as_ptr().cast(), size: size_of_val(words) };
        Ok(ffi::Val { bytes, ..ffi::Val::EMPTY })
    }
}
// `as_le_slice` is in host order only there; other hosts would need a copy.
const _: () = assert!(cfg!(target_endian = "little"));

impl Argument for WasmStr {
    fn lend(&self, store: &Store<'_>, arena: &mut Arena) -> Result<ffi::Val> {
        Ok(match self.to_str(store)? {
            Cow::Borrowed(text) => ffi::Val::bytes(text.as_bytes()),
            Cow::Owned(text) => {
                let value = ffi::Val::bytes(text.as_bytes());
                arena.texts.push(text);
                value
            }
        })
    }
}

impl Argument for u32 {
    fn lend(&self, _: &Store<'_>, _: &mut Arena) -> Result<ffi::Val> {
        Ok(ffi::Val::word(*self))
    }
}

impl<T: 'static> Argument for Resource<T> {
    fn lend(&self, _: &Store<'_>, _: &mut Arena) -> Result<ffi::Val> {
        Ok(ffi::Val::word(self.rep()))
    }
}

impl<A: Argument, T: 'static> Argument for (A, Resource<T>) {
    fn lend(&self, store: &Store<'_>, arena: &mut Arena) -> Result<ffi::Val> {
        Ok(ffi::Val { word: self.1.rep(), ..self.0.lend(store, arena)? })
    }
}

impl<A: Argument> Argument for Vec<A> {
    fn lend(&self, store: &Store<'_>, arena: &mut Arena) -> Result<ffi::Val> {
        let items = self.iter().map(|item| item.lend(store, arena)).collect::<Result<Vec<_>>>()?;
        let value = ffi::Val { items: items.as_ptr(), item_count: items.len(), ..ffi::Val::EMPTY };
        arena.lists.push(items);
        Ok(value)
    }
}

macro_rules! enum_argument {
    ($($type:ident)*) => {
        $(impl Argument for $type {
            fn lend(&self, _: &Store<'_>, _: &mut Arena) -> Result<ffi::Val> {
                Ok(ffi::Val::word(*self as u32))
            }
        })*
    };
}
enum_argument!(TensorType GraphEncoding ExecutionTarget ErrorCode);

/// The parameters of one function.
pub trait Arguments {
    /// Calls `with` with the lent values, valid for that call only.
    fn lend_to<R>(&self, store: &Store<'_>, with: impl FnOnce(&[ffi::Val]) -> R) -> Result<R>;
}

macro_rules! arguments {
    ($($type:ident $value:ident),*) => {
        impl<$($type: Argument),*> Arguments for ($($type,)*) {
            fn lend_to<R>(
                &self,
                store: &Store<'_>,
                with: impl FnOnce(&[ffi::Val]) -> R,
            ) -> Result<R> {
                let mut arena = Arena::default();
                let ($($value,)*) = self;
                Ok(with(&[$($value.lend(store, &mut arena)?),*]))
            }
        }
    };
}
impl Arguments for () {
    fn lend_to<R>(&self, _: &Store<'_>, with: impl FnOnce(&[ffi::Val]) -> R) -> Result<R> {
        Ok(with(&[]))
    }
}
arguments!(A a);
arguments!(A a, B b);
arguments!(A a, B b, C c);

type Release = unsafe extern "C" fn(*mut c_void);

/// A result of the core. Everything that was not taken from it is released when it is dropped.
pub struct Returned(ffi::Val);
// The core lets results be released from any thread.
unsafe impl Send for Returned {}

impl Returned {
    pub fn empty() -> Returned {
        Returned(ffi::Val::EMPTY)
    }

    pub fn as_mut_ptr(&mut self) -> *mut ffi::Val {
        &mut self.0
    }

    /// The owner and the release of a result<own<pollable>, E>, which then belong to the caller.
    pub fn take_pollable<E: FromReturned>(
        mut self,
    ) -> Result<std::result::Result<(*mut c_void, Release), E>> {
        if self.0.tag != 0 {
            return Ok(Err(E::take(self)?));
        }
        match self.0.release.take() {
            Some(release) => Ok(Ok((self.0.owner, release))),
            None => Err(Error::msg("a pollable: expected a release, the core gave none")),
        }
    }

    fn items(&self) -> &[ffi::Val] {
        unsafe { ffi::slice(self.0.items, self.0.item_count) }
    }
}

impl Drop for Returned {
    fn drop(&mut self) {
        fn release(value: &ffi::Val) {
            for item in unsafe { ffi::slice(value.items, value.item_count) } {
                release(item);
            }
            if let Some(release) = value.release {
                unsafe { release(value.owner) }
            }
        }
        release(&self.0);
    }
}

/// A type that a result of the core can be turned into.
pub trait FromReturned: Sized {
    fn take(returned: Returned) -> Result<Self>;
}

impl FromReturned for () {
    fn take(_: Returned) -> Result<()> {
        Ok(())
    }
}

impl<T: 'static> FromReturned for Resource<T> {
    fn take(returned: Returned) -> Result<Self> {
        Ok(Resource::new_own(returned.0.word))
    }
}

impl FromReturned for String {
    fn take(returned: Returned) -> Result<String> {
        Ok(text(returned.0.bytes))
    }
}

impl FromReturned for Vec<u32> {
    fn take(returned: Returned) -> Result<Vec<u32>> {
        let bytes = unsafe { returned.0.bytes.as_slice() };
        let words = bytes.chunks_exact(size_of::<u32>());
        Ok(words.map(|word| u32::from_ne_bytes(word.try_into().unwrap())).collect())
    }
}

impl<T: 'static> FromReturned for Vec<(String, Resource<T>)> {
    fn take(returned: Returned) -> Result<Self> {
        let named = |item: &ffi::Val| (text(item.bytes), Resource::new_own(item.word));
        Ok(returned.items().iter().map(named).collect())
    }
}

impl FromReturned for Vec<String> {
    fn take(returned: Returned) -> Result<Self> {
        Ok(returned.items().iter().map(|item| text(item.bytes)).collect())
    }
}

impl<T: FromReturned, E: FromReturned> FromReturned for std::result::Result<T, E> {
    fn take(mut returned: Returned) -> Result<Self> {
        if returned.0.tag != 0 {
            return Ok(Err(E::take(returned)?));
        }
        // An option inside a result has its tag here.
        returned.0.tag = returned.0.word;
        Ok(Ok(T::take(returned)?))
    }
}

impl<T: FromReturned> FromReturned for Option<T> {
    fn take(returned: Returned) -> Result<Self> {
        if returned.0.tag == 0 { Ok(None) } else { Ok(Some(T::take(returned)?)) }
    }
}

impl FromReturned for Failure {
    fn take(returned: Returned) -> Result<Self> {
        match returned.items() {
            [code, name, message] => {
                Ok(Failure { code: code.word, name: text(name.bytes), text: text(message.bytes) })
            }
            items => Err(Error::msg(format!(
                "a failure: expected 3 fields, the core gave {}",
                items.len()
            ))),
        }
    }
}

impl FromReturned for TensorType {
    fn take(returned: Returned) -> Result<Self> {
        Self::from_index(returned.0.word)
    }
}

impl FromReturned for ErrorCode {
    fn take(returned: Returned) -> Result<Self> {
        Self::from_index(returned.0.word)
    }
}

impl FromReturned for Status {
    fn take(returned: Returned) -> Result<Self> {
        Self::from_index(returned.0.word)
    }
}

impl FromReturned for bytes::Bytes {
    fn take(mut returned: Returned) -> Result<bytes::Bytes> {
        let lent = LentBytes {
            bytes: returned.0.bytes,
            release: returned.0.release.take(),
            owner: returned.0.owner,
        };
        Ok(bytes::Bytes::from_owner(lent))
    }
}

fn text(bytes: ffi::Bytes) -> String {
    String::from_utf8_lossy(unsafe { bytes.as_slice() }).into_owned()
}

/// The core's bytes until they are lowered into the guest. Without `release` they are valid until
/// the session's next call, which a guest cannot make before it has received them.
struct LentBytes {
    bytes: ffi::Bytes,
    release: Option<unsafe extern "C" fn(*mut c_void)>,
    owner: *mut c_void,
}
unsafe impl Send for LentBytes {}

impl AsRef<[u8]> for LentBytes {
    fn as_ref(&self) -> &[u8] {
        unsafe { self.bytes.as_slice() }
    }
}

impl Drop for LentBytes {
    fn drop(&mut self) {
        if let Some(release) = self.release {
            unsafe { release(self.owner) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wit_types::ErrorResource;
    use std::sync::atomic::{AtomicU32, Ordering};

    unsafe extern "C" fn count(owner: *mut c_void) {
        unsafe { &*owner.cast::<AtomicU32>() }.fetch_add(1, Ordering::Relaxed);
    }

    fn counted(bytes: &[u8], counter: &AtomicU32) -> ffi::Val {
        let owner = std::ptr::from_ref(counter).cast_mut().cast();
        ffi::Val { release: Some(count), owner, ..ffi::Val::bytes(bytes) }
    }

    #[test]
    fn lent_bytes_are_released_once_and_not_copied() {
        let (counter, data) = (AtomicU32::new(0), [1u8, 2, 3]);
        let bytes = bytes::Bytes::take(Returned(counted(&data, &counter))).unwrap();
        assert_eq!(bytes.as_ptr(), data.as_ptr());
        let clone = bytes.clone();
        drop(bytes);
        assert_eq!(counter.load(Ordering::Relaxed), 0);
        drop(clone);
        assert_eq!(counter.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn copied_text_is_released_once() {
        let counter = AtomicU32::new(0);
        assert_eq!(String::take(Returned(counted(b"abc", &counter))).unwrap(), "abc");
        assert_eq!(counter.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn items_are_released_with_their_list() {
        let counter = AtomicU32::new(0);
        let items = [counted(b"a", &counter), counted(b"b", &counter)];
        let list = ffi::Val { items: items.as_ptr(), item_count: 2, ..ffi::Val::EMPTY };
        let named = Vec::<(String, Resource<crate::wit_types::Tensor>)>::take(Returned(list));
        let names: Vec<_> = named.unwrap().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["a", "b"]);
        assert_eq!(counter.load(Ordering::Relaxed), 2);
    }

    #[test]
    fn tag_chooses_the_side_of_a_result() {
        type Answer = std::result::Result<Vec<u32>, Resource<ErrorResource>>;
        let words = [1u32, 2];
        let bytes = ffi::Bytes { data: words.as_ptr().cast(), size: 8 };
        let ok = Answer::take(Returned(ffi::Val { bytes, ..ffi::Val::EMPTY })).unwrap();
        assert_eq!(ok.unwrap(), [1, 2]);
        let error = Answer::take(Returned(ffi::Val { tag: 1, ..ffi::Val::word(9) })).unwrap();
        assert_eq!(error.unwrap_err().rep(), 9);
    }

    #[test]
    fn options_and_results_are_told_apart_by_their_tags() {
        type Read = std::result::Result<Option<bytes::Bytes>, Resource<u8>>;
        let some = Read::take(Returned(ffi::Val { word: 1, ..ffi::Val::bytes(b"ab") })).unwrap();
        assert_eq!(some.unwrap().as_deref(), Some(&b"ab"[..]));
        assert!(Read::take(Returned(ffi::Val::EMPTY)).unwrap().unwrap().is_none());
        let error = Read::take(Returned(ffi::Val { tag: 1, ..ffi::Val::word(7) })).unwrap();
        assert_eq!(error.unwrap_err().rep(), 7);

        let text = ffi::Val { tag: 1, ..ffi::Val::bytes(b"why") };
        assert_eq!(
            <Option<String> as FromReturned>::take(Returned(text)).unwrap().as_deref(),
            Some("why")
        );
        let error = std::result::Result::<(), String>::take(Returned(text)).unwrap();
        assert_eq!(error, Err("why".to_owned()));
        assert_eq!(
            <Option<String> as FromReturned>::take(Returned(ffi::Val::EMPTY)).unwrap(),
            None
        );
    }

    #[test]
    fn a_failure_has_three_fields() {
        let items = [ffi::Val::word(7), ffi::Val::bytes(b"not_found"), ffi::Val::bytes(b"no m")];
        let value =
            |count| ffi::Val { items: items.as_ptr(), item_count: count, ..ffi::Val::EMPTY };
        let failure = Failure::take(Returned(value(3))).unwrap();
        assert_eq!((failure.code, failure.name.as_str()), (7, "not_found"));
        assert_eq!(failure.text, "no m");
        assert!(Failure::take(Returned(value(2))).is_err());
        assert_eq!(Vec::<String>::take(Returned(value(3))).unwrap(), ["", "not_found", "no m"]);
    }
}
