//! What the bytes of a guest are: text or binary, core module or component.

use crate::failure::Failure;
use crate::{ffi, precompiled};
use std::borrow::Cow;
use wasmparser::Parser;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Module,
    Component,
}

/// The binary form of a guest, and whether it was given as text.
#[derive(Debug)]
pub struct Guest<'a> {
    pub binary: Cow<'a, [u8]>,
    pub kind: Kind,
    pub is_text: bool,
}

pub fn read(bytes: &[u8]) -> Result<Guest<'_>, Failure> {
    if precompiled::is(bytes) {
        return Err(Failure::new(
            ffi::SECURITY,
            "expected WebAssembly, given code that was compiled ahead of time, which is native code and \
             not confined",
        ));
    }
    let is_text = starts_like_text(bytes);
    let binary = if is_text {
        wat::parse_bytes(bytes).map_err(|error| {
            let text = short_lines(&error.to_string());
            Failure::argument(format!("cannot read the WebAssembly text: {text}"))
        })?
    } else {
        Cow::Borrowed(bytes)
    };
    let kind = if Parser::is_component(&binary) {
        Kind::Component
    } else if Parser::is_core_wasm(&binary) {
        Kind::Module
    } else if binary.starts_with(b"\0asm") {
        return Err(Failure::argument(format!(
            "expected WebAssembly version 1 (a module) or 13 (a component), given {}",
            match binary.get(4..8) {
                Some(version) => hex(version),
                None => format!("a file that ends after {} bytes", binary.len()),
            }
        )));
    } else {
        return Err(Failure::argument(format!(
            "expected a WebAssembly binary (\\0asm) or text, given {}",
            sample(bytes)
        )));
    };
    Ok(Guest { binary, kind, is_text })
}

/// Cuts each line, for the text of a guest may be one.
fn short_lines(text: &str) -> String {
    const MOST: usize = 120;
    let cut = |line: &str| match line.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}...", &line[..end]),
        None => line.to_owned(),
    };
    text.lines().map(cut).collect::<Vec<_>>().join("\n")
}

/// Text starts with `(` after white space and comments.
fn starts_like_text(mut bytes: &[u8]) -> bool {
    bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    loop {
        bytes = bytes.trim_ascii_start();
        if bytes.starts_with(b";;") {
            match bytes.iter().position(|byte| *byte == b'\n') {
                Some(end) => bytes = &bytes[end..],
                None => return false,
            }
        } else if bytes.starts_with(b"(;") {
            match block_comment_size(bytes) {
                Some(size) => bytes = &bytes[size..],
                None => return false,
            }
        } else {
            return bytes.starts_with(b"(");
        }
    }
}

/// Block comments nest.
fn block_comment_size(bytes: &[u8]) -> Option<usize> {
    let (mut depth, mut at) = (0, 0);
    while let Some(pair) = bytes.get(at..at + 2) {
        match pair {
            b"(;" => (depth, at) = (depth + 1, at + 2),
            b";)" => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return Some(at);
        }
    }
    None
}

fn sample(bytes: &[u8]) -> String {
    if bytes.is_empty() {
        return "nothing (0 bytes)".to_owned();
    }
    let start = &bytes[..bytes.len().min(8)];
    format!("{} bytes that start with {} (`{}`)", bytes.len(), hex(start), start.escape_ascii())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(bytes: &[u8]) -> (Kind, bool) {
        let guest = read(bytes).unwrap_or_else(|failure| panic!("{}", failure.text));
        (guest.kind, guest.is_text)
    }

    #[test]
    fn text_and_binary_are_told_apart_by_content() {
        assert_eq!(kind(b"(module)"), (Kind::Module, true));
        assert_eq!(
            kind(b" ;; a (comment\n (; one (; in ;) another ;)\n(component)"),
            (Kind::Component, true)
        );
        assert_eq!(kind(&wat::parse_str("(module)").unwrap()), (Kind::Module, false));
        assert_eq!(kind(&wat::parse_str("(component)").unwrap()), (Kind::Component, false));
    }

    #[test]
    fn other_content_is_described() {
        let text = |bytes: &[u8]| read(bytes).unwrap_err().text;
        assert!(text(b"").ends_with("given nothing (0 bytes)"));
        assert!(text(b"\x7fELF\x02").contains("5 bytes that start with 7f 45 4c 46 02"));
        assert!(text(b"\0asm\x07\0\0\0").contains("given 07 00 00 00"));
        assert!(text(b"\0asm").ends_with("given a file that ends after 4 bytes"));
        assert!(text(&[b'('; 10_000]).lines().all(|line| line.len() < 200));
        assert!(text(b"(; never closed").contains("expected a WebAssembly binary"));
        assert!(text(b"(module (func $f").contains("cannot read the WebAssembly text"));
    }
}
