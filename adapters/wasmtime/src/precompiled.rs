//! A guest that was compiled ahead of time, as a file: magic, sizes of the guest and of its code,
//! SHA-256 of both, the guest as WebAssembly, the code in Wasmtime's own form, which names its version
//! and configuration. The checksum finds a broken file, not a forged one: the code becomes machine code
//! of this process. The guest is included for facts that the code does not contain, and for setups
//! that need code of their own.

use crate::failure::Failure;
use sha2::{Digest, Sha256};
use wasmtime::Engine;

const MAGIC: &[u8; 8] = b"WASINNP\x01";
const HEADER_SIZE: usize = 8 + 8 + 8 + 32;

/// Whether the bytes begin like such a file, or like one of Wasmtime's own.
pub fn is(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC) || Engine::detect_precompiled(bytes).is_some()
}

pub fn write(wasm: &[u8], code: &[u8]) -> Vec<u8> {
    let size = |bytes: &[u8]| (bytes.len() as u64).to_le_bytes();
    let header = [&MAGIC[..], &size(wasm)[..], &size(code)[..], &checksum(wasm, code)[..]].concat();
    [&header[..], wasm, code].concat()
}

/// The guest and its code.
pub fn read(bytes: &[u8]) -> Result<(&[u8], &[u8]), Failure> {
    let refuse = |given: String| {
        Err(Failure::argument(format!(
            "expected a guest as wasinn compiles it ahead of time, given {given}"
        )))
    };
    if !bytes.starts_with(MAGIC) {
        return refuse("code that Wasmtime compiled, whose configuration is another".to_owned());
    }
    let Some((header, content)) = bytes.split_at_checked(HEADER_SIZE) else {
        return refuse(format!("a file that ends after {} bytes", bytes.len()));
    };
    let size = |at: usize| u64::from_le_bytes(header[at..at + 8].try_into().expect("8 bytes"));
    let (wasm_size, code_size) = (size(8), size(16));
    if wasm_size.checked_add(code_size) != Some(content.len() as u64) {
        return refuse(format!(
            "a file with {} bytes of content, of {wasm_size} and {code_size}",
            content.len()
        ));
    }
    let (wasm, code) = content.split_at(wasm_size as usize);
    if header[24..] != checksum(wasm, code)[..] {
        return refuse("a file that was changed: its checksum is another".to_owned());
    }
    Ok((wasm, code))
}

fn checksum(wasm: &[u8], code: &[u8]) -> [u8; 32] {
    Sha256::new().chain_update(wasm).chain_update(code).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(bytes: &[u8]) -> String {
        read(bytes).map(|_| "read".to_owned()).unwrap_or_else(|failure| failure.text)
    }

    #[test]
    fn every_truncation_and_every_flipped_byte_is_refused() {
        let whole = write(b"a guest", b"and its code");
        assert!(is(&whole));
        assert_eq!(read(&whole).ok(), Some((&b"a guest"[..], &b"and its code"[..])));
        for size in MAGIC.len()..whole.len() {
            assert!(refusal(&whole[..size]).contains("given a file"), "cut at {size}");
        }
        for at in MAGIC.len()..whole.len() {
            let mut broken = whole.clone();
            broken[at] ^= 0x10;
            assert!(refusal(&broken).contains("given a file"), "flipped at {at}");
        }
    }

    #[test]
    fn code_of_wasmtime_itself_is_told() {
        let wasm = wat::parse_str("(module)").unwrap();
        let module = wasmtime::Module::new(&Engine::default(), wasm).unwrap();
        let code = module.serialize().unwrap();
        assert!(is(&code) && refusal(&code).contains("that Wasmtime compiled"));
    }
}
