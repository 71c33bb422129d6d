//! BLAKE3 checksums, to see whether two networks, files or data sets are the same.

/// The checksum of some bytes as records hold it: `blake3:` and 64 hexadecimal digits.
///
/// ```
/// let digest = measure::digest::blake3([&b"ab"[..], b"c"]);
/// assert!(digest.starts_with("blake3:6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85"));
/// ```
pub fn blake3<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> String {
    let mut hash = Blake3::default();
    parts.into_iter().for_each(|part| hash.add(part));
    hash.end()
}

/// A digest of bytes that come one after the other.
#[derive(Debug, Default)]
pub struct Blake3(::blake3::Hasher);

impl Blake3 {
    /// More bytes.
    pub fn add(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The digest, as [`blake3()`] gives it.
    pub fn end(self) -> String {
        format!("blake3:{}", self.0.finalize().to_hex())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From `test_vectors.json` of the BLAKE3 team (github.com/BLAKE3-team/BLAKE3): its input of n bytes counts 0, 1, ...,
    /// 250, 0, 1, ...
    #[test]
    fn digests_are_those_of_other_programs() {
        for (length, expected) in [
            (
                0,
                "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262",
            ),
            (
                1,
                "2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213",
            ),
            (
                1024,
                "42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d121c855af7",
            ),
        ] {
            let bytes: Vec<u8> = (0..251).cycle().take(length).collect();
            let whole = blake3([&bytes[..]]);
            assert_eq!(whole, format!("blake3:{expected}"), "{length} bytes");
            assert_eq!(blake3(bytes.chunks(100)), whole, "{length} bytes in parts");
        }
    }
}
