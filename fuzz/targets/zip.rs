//! ZIP archives, as NumPy's and PyTorch's files are.

#![no_main]

use support::bounded;

/// What deflate can make of a byte.
const EXPANSION: usize = 1032;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let entries = bounded(input.len(), || {
        data::zip::entries(input).unwrap_or_default()
    });
    // The bound knows a thousand bytes for each; that is for one entry, as each is dropped before the next is read.
    bounded(input.len() * EXPANSION / 256, || {
        for entry in entries.values() {
            let _ = entry.read();
        }
    });
});
