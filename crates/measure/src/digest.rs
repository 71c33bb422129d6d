//! SHA-256, to tell whether two files or data sets are the same.

/// The digest of some bytes as records hold it: `sha256:` and 64 hexadecimal digits.
///
/// ```
/// let digest = measure::digest::sha256([&b"ab"[..], b"c"]);
/// assert!(digest.starts_with("sha256:ba7816bf8f01cfea414140de5dae2223b00361a3"));
/// ```
pub fn sha256<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> String {
    let mut hash = Sha256::default();
    parts.into_iter().for_each(|part| hash.add(part));
    let digits = hash.end().map(|word| format!("{word:08x}"));
    format!("sha256:{}", digits.concat())
}

/// SHA-256 of FIPS 180-4 (NIST, 2015), section 6.2: bytes in, eight words out.
struct Sha256 {
    state: [u32; 8],
    /// Bytes that do not fill a block yet.
    rest: Vec<u8>,
    bytes: u64,
}

impl Default for Sha256 {
    fn default() -> Self {
        Self {
            // Section 5.3.3.
            state: [
                0x6a09_e667,
                0xbb67_ae85,
                0x3c6e_f372,
                0xa54f_f53a,
                0x510e_527f,
                0x9b05_688c,
                0x1f83_d9ab,
                0x5be0_cd19,
            ],
            rest: Vec::with_capacity(64),
            bytes: 0,
        }
    }
}

impl Sha256 {
    fn add(&mut self, mut bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        if !self.rest.is_empty() {
            let missing = (64 - self.rest.len()).min(bytes.len());
            let (start, others) = bytes.split_at(missing);
            self.rest.extend(start);
            bytes = others;
            if self.rest.len() < 64 {
                return;
            }
            let whole = std::mem::take(&mut self.rest);
            self.blocks(&whole);
        }
        let (blocks, rest) = bytes.split_at(bytes.len() / 64 * 64);
        self.blocks(blocks);
        self.rest.extend(rest);
    }

    /// Padding: a one, zeros, and the length in bits (section 5.1.1).
    fn end(mut self) -> [u32; 8] {
        let bits = (8 * self.bytes).to_be_bytes();
        let zeros = (55 + 64 - self.rest.len()) % 64;
        self.add(&[&[0x80][..], &[0; 64][..zeros], &bits].concat());
        self.state
    }

    fn blocks(&mut self, blocks: &[u8]) {
        for block in blocks.chunks_exact(64) {
            let mut words = [0_u32; 64];
            for (word, bytes) in words.iter_mut().zip(block.chunks_exact(4)) {
                *word = bytes
                    .iter()
                    .fold(0, |word, &byte| word << 8 | u32::from(byte));
            }
            for at in 16..64 {
                let [a, b] = [words[at - 15], words[at - 2]];
                let small = a.rotate_right(7) ^ a.rotate_right(18) ^ (a >> 3);
                let large = b.rotate_right(17) ^ b.rotate_right(19) ^ (b >> 10);
                words[at] = words[at - 16]
                    .wrapping_add(small)
                    .wrapping_add(words[at - 7])
                    .wrapping_add(large);
            }
            let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = self.state;
            for (word, constant) in words.iter().zip(CONSTANTS) {
                let sum = e.rotate_right(6) ^ e.rotate_right(11) ^ e.rotate_right(25);
                let first = h
                    .wrapping_add(sum)
                    .wrapping_add((e & f) ^ (!e & g))
                    .wrapping_add(constant)
                    .wrapping_add(*word);
                let sum = a.rotate_right(2) ^ a.rotate_right(13) ^ a.rotate_right(22);
                let second = sum.wrapping_add((a & b) ^ (a & c) ^ (b & c));
                (h, g, f, e) = (g, f, e, d.wrapping_add(first));
                (d, c, b, a) = (c, b, a, first.wrapping_add(second));
            }
            for (word, new) in self.state.iter_mut().zip([a, b, c, d, e, f, g, h]) {
                *word = word.wrapping_add(new);
            }
        }
    }
}

/// Section 4.2.2: of the cube roots of the first 64 primes.
#[rustfmt::skip]
const CONSTANTS: [u32; 64] = [
    0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5, 0x3956_c25b, 0x59f1_11f1, 0x923f_82a4, 0xab1c_5ed5,
    0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3, 0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7, 0xc19b_f174,
    0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc, 0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da,
    0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7, 0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967,
    0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13, 0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85,
    0xa2bf_e8a1, 0xa81a_664b, 0xc24b_8b70, 0xc76c_51a3, 0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070,
    0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5, 0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3,
    0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208, 0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7, 0xc671_78f2,
];

#[cfg(test)]
mod tests {
    use super::*;

    /// From NIST's examples for SHA-256, and sha256sum of GNU coreutils for lengths around a block.
    #[test]
    fn digests_are_those_of_other_programs() {
        let million = vec![b'a'; 1_000_000];
        for (name, bytes, expected) in [
            (
                "nothing",
                &b""[..],
                "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            ),
            (
                "abc",
                b"abc",
                "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            ),
            (
                "56 bytes",
                b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
            ),
            (
                "a million",
                &million,
                "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
            ),
        ] {
            assert_eq!(sha256([bytes]), format!("sha256:{expected}"), "{name}");
        }
    }

    #[test]
    fn parts_do_not_matter() {
        let bytes: Vec<u8> = (0..=255).cycle().take(1000).collect();
        let whole = sha256([&bytes[..]]);
        for size in [1, 3, 55, 56, 63, 64, 65, 127, 500] {
            assert_eq!(sha256(bytes.chunks(size)), whole, "parts of {size}");
        }
    }
}
