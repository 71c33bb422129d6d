//! Files that are damaged: errors, never a panic.

use super::standard::stored;
use crate::Model;

/// Bytes of models changed, cut and doubled, then read and run where that is still possible.
#[test]
fn onnx_damaged_models() {
    let mut state = 1u64;
    let mut random = move |below: usize| {
        // Knuth's generator: any will do.
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below.max(1)
    };
    for case in stored() {
        for round in 0..20 {
            let mut bytes = case.model.clone();
            for _ in 0..=round % 4 {
                let at = random(bytes.len());
                match random(5) {
                    0 => bytes[at] = random(256) as u8,
                    1 => bytes[at] ^= 1 << random(8),
                    2 => bytes.truncate(at.max(1)),
                    3 => bytes.insert(at, random(256) as u8),
                    _ => drop(bytes.remove(at)),
                }
                if bytes.is_empty() {
                    bytes.push(0);
                }
            }
            case.run_with(&bytes);
        }
    }
}

#[test]
fn onnx_rubbish_is_refused() {
    for bytes in [&b""[..], b"PK\x03\x04", b"\x08\x07", &[0xff; 64]] {
        let error = Model::read(bytes).unwrap_err().to_string();
        assert!(error.contains("not an ONNX file"), "{error}");
    }
}
