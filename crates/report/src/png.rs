//! Gray images as PNG data URIs: small, and shown by every browser without a network.

/// Images wider or higher than this are shrunk: a gallery shows them small, and a hundred
/// photographs at full size would make a page of many megabytes.
const LONGEST_SIDE: usize = 160;

/// `pixels` (gray, row after row) as `data:image/png;base64,...`; `None` when they are not
/// `width x height`, or none.
pub fn data_uri(width: usize, height: usize, pixels: &[u8]) -> Option<String> {
    if width == 0 || height == 0 || width.checked_mul(height)? != pixels.len() {
        return None;
    }
    let step = width.max(height).div_ceil(LONGEST_SIDE);
    let (width, height, pixels) = match step {
        1 => (width, height, pixels.to_vec()),
        _ => shrink(width, height, pixels, step),
    };
    let file = encode(width, height, &pixels)?;
    Some(format!("data:image/png;base64,{}", base64(&file)))
}

/// The mean of each `step x step` block; blocks at the right and bottom may be smaller.
fn shrink(width: usize, height: usize, pixels: &[u8], step: usize) -> (usize, usize, Vec<u8>) {
    let (columns, rows) = (width.div_ceil(step), height.div_ceil(step));
    let mut small = Vec::with_capacity(columns * rows);
    for row in 0..rows {
        for column in 0..columns {
            let (mut sum, mut count) = (0_usize, 0_usize);
            for y in row * step..height.min((row + 1) * step) {
                for x in column * step..width.min((column + 1) * step) {
                    sum += usize::from(pixels[y * width + x]);
                    count += 1;
                }
            }
            small.push((sum / count.max(1)) as u8);
        }
    }
    (columns, rows, small)
}

fn encode(width: usize, height: usize, pixels: &[u8]) -> Option<Vec<u8>> {
    let mut file = Vec::new();
    let side = |length: usize| u32::try_from(length).ok();
    let mut encoder = png::Encoder::new(&mut file, side(width)?, side(height)?);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_compression(png::Compression::High);
    // Digits are mostly runs of black, which compress best without a filter.
    encoder.set_filter(png::Filter::NoFilter);
    let mut writer = encoder.write_header().ok()?;
    writer.write_image_data(pixels).ok()?;
    writer.finish().ok()?;
    Some(file)
}

/// RFC 4648, section 4, with padding.
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |place: usize| u32::from(chunk.get(place).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..4 {
            let six = (bits >> (18 - 6 * place)) & 63;
            match place <= chunk.len() {
                true => text.push(char::from(ALPHABET[six as usize])),
                false => text.push('='),
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    #[test]
    fn base64_as_in_rfc_4648() {
        for (bytes, text) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64(bytes.as_bytes()), text);
        }
    }

    #[test]
    fn chunks_carry_the_pixels() {
        let file = encode(3, 2, &[0, 1, 2, 253, 254, 255]).unwrap();
        assert_eq!(&file[..16], b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR");
        assert_eq!(&file[16..24], &[0, 0, 0, 3, 0, 0, 0, 2]);
        // The end of every PNG, from the specification.
        assert!(file.ends_with(b"\0\0\0\0IEND\xae\x42\x60\x82"));
        let data = &file[41..file.len() - 16];
        let mut rows = Vec::new();
        flate2::read::ZlibDecoder::new(data)
            .read_to_end(&mut rows)
            .unwrap();
        assert_eq!(rows, [0, 0, 1, 2, 0, 253, 254, 255]);
    }

    #[test]
    fn odd_sizes() {
        assert!(data_uri(0, 5, &[]).is_none(), "empty");
        assert!(data_uri(2, 2, &[0; 3]).is_none(), "too short");
        assert!(data_uri(usize::MAX, 2, &[0; 3]).is_none(), "overflow");
        assert!(data_uri(1, 1, &[7]).is_some());
        let photograph = data_uri(1000, 500, &vec![128; 500_000]).unwrap();
        assert!(photograph.len() < 2_000, "{}", photograph.len());
        let (width, height, small) = shrink(3, 1, &[10, 20, 7], 2);
        assert_eq!((width, height, small), (2, 1, vec![15, 7]));
    }
}
