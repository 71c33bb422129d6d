//! Parts of pictures, and pictures as PNG files.

use std::io::Cursor;
use std::path::Path;

use image::{DynamicImage, ImageFormat};

use super::ImageError;

/// The part of an image within `[x1, y1, x2, y2]`: every pixel that the box touches, and at least one.
pub fn cut(image: &DynamicImage, bounds: [f32; 4]) -> DynamicImage {
    let size = [image.width(), image.height()];
    // NaN becomes 0.
    let [left, top] = [0, 1].map(|axis| {
        let last = size[axis].saturating_sub(1);
        (bounds[axis].floor() as u32).min(last)
    });
    let [right, bottom] = [2, 3].map(|edge| (bounds[edge].ceil() as u32).min(size[edge % 2]));
    let width = right.saturating_sub(left).max(1);
    let height = bottom.saturating_sub(top).max(1);
    image.crop_imm(left, top, width, height)
}

/// The bytes of a PNG file; `path` is for messages.
///
/// # Errors
/// An image that PNG files can't hold, such as one without pixels.
pub fn png(path: &Path, image: &DynamicImage) -> Result<Vec<u8>, ImageError> {
    let mut bytes = Vec::new();
    let mut write = |image: &DynamicImage| {
        let mut target = Cursor::new(&mut bytes);
        image.write_to(&mut target, ImageFormat::Png)
    };
    // PNG has no fractional levels.
    let written = match image {
        DynamicImage::ImageRgb32F(_) => write(&image.to_rgb16().into()),
        DynamicImage::ImageRgba32F(_) => write(&image.to_rgba16().into()),
        image => write(image),
    };
    match written {
        Ok(()) => Ok(bytes),
        Err(source) => Err(ImageError::Encode {
            path: path.to_path_buf(),
            source,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{GrayImage, Luma, Rgb, Rgb32FImage};

    /// Each pixel says where it is.
    fn image() -> DynamicImage {
        GrayImage::from_fn(20, 10, |x, y| Luma([(10 * x + y) as u8])).into()
    }

    #[test]
    fn a_box_is_cut_out_with_every_pixel_that_it_touches() {
        for (name, bounds, expected) in [
            ("whole pixels", [2.0, 3.0, 5.0, 7.0], [2, 3, 3, 4]),
            ("parts of pixels", [2.9, 3.9, 5.1, 7.1], [2, 3, 4, 5]),
            ("all", [0.0, 0.0, 20.0, 10.0], [0, 0, 20, 10]),
            ("beyond the edges", [-5.0, -5.0, 99.0, 99.0], [0, 0, 20, 10]),
            ("no area", [4.0, 4.0, 4.0, 4.0], [4, 4, 1, 1]),
            (
                "at the last corner",
                [20.0, 10.0, 20.0, 10.0],
                [19, 9, 1, 1],
            ),
            ("not a number", [f32::NAN; 4], [0, 0, 1, 1]),
        ] {
            let part = cut(&image(), bounds);
            let [x, y, width, height] = expected;
            assert_eq!([part.width(), part.height()], [width, height], "{name}");
            let first = part.to_luma8().get_pixel(0, 0).0[0];
            assert_eq!(u32::from(first), 10 * x + y, "{name}");
        }
    }

    #[test]
    fn every_kind_of_picture_can_be_written() {
        let path = Path::new("a.png");
        let real = Rgb32FImage::from_pixel(3, 2, Rgb([0.0, 0.5, 1.0]));
        for image in [
            image(),
            image().to_luma16().into(),
            image().to_rgba8().into(),
            real.into(),
        ] {
            let bytes = png(path, &image).unwrap();
            let back = super::super::decode(path, &bytes, 1000).unwrap().image;
            assert_eq!(back.to_rgb16(), image.to_rgb16());
        }
        let text = png(path, &GrayImage::new(0, 0).into()).unwrap_err();
        assert!(text.to_string().contains("a.png"), "{text}");
    }
}
