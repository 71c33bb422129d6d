//! Laying a transparent image over a background, and whether an image has colours.

use std::borrow::Cow;

use image::{DynamicImage, ImageBuffer, Luma, LumaA, Rgb, Rgba};

/// An image whose grey levels differ by less shows nothing.
pub(super) const LEAST_CONTRAST: u8 = 12;
/// Differences between red, green and blue up to this are not a colour: JPEG makes them in grey pictures.
const LEAST_COLOUR: u8 = 16;

/// The image over a background of this grey level, without transparency.
pub fn opaque(image: &DynamicImage, background: u8) -> Cow<'_, DynamicImage> {
    if image.color().has_alpha() {
        Cow::Owned(mixed(image, background))
    } else {
        Cow::Borrowed(image)
    }
}

/// An image with an alpha channel over a background.
fn mixed(image: &DynamicImage, background: u8) -> DynamicImage {
    let low = u64::from(background);
    let high = 257 * low;
    // A mean weighted by alpha, of which `full` is the most, rounded.
    let mix = |level: u64, alpha: u64, under: u64, full: u64| {
        (level * alpha + under * (full - alpha) + full / 2) / full
    };
    let mix_8 = |level: u8, alpha: u8| mix(level.into(), alpha.into(), low, 255) as u8;
    let mix_16 = |level: u16, alpha: u16| mix(level.into(), alpha.into(), high, 65_535) as u16;
    match image {
        DynamicImage::ImageLumaA8(image) => {
            ImageBuffer::from_fn(image.width(), image.height(), |x, y| {
                let LumaA([level, alpha]) = *image.get_pixel(x, y);
                Luma([mix_8(level, alpha)])
            })
            .into()
        }
        DynamicImage::ImageLumaA16(image) => {
            ImageBuffer::from_fn(image.width(), image.height(), |x, y| {
                let LumaA([level, alpha]) = *image.get_pixel(x, y);
                Luma([mix_16(level, alpha)])
            })
            .into()
        }
        DynamicImage::ImageRgba8(image) => {
            ImageBuffer::from_fn(image.width(), image.height(), |x, y| {
                let Rgba([red, green, blue, alpha]) = *image.get_pixel(x, y);
                Rgb([red, green, blue].map(|level| mix_8(level, alpha)))
            })
            .into()
        }
        image => {
            let image = match image {
                DynamicImage::ImageRgba16(image) => Cow::Borrowed(image),
                image => Cow::Owned(image.to_rgba16()),
            };
            ImageBuffer::from_fn(image.width(), image.height(), |x, y| {
                let Rgba([red, green, blue, alpha]) = *image.get_pixel(x, y);
                Rgb([red, green, blue].map(|level| mix_16(level, alpha)))
            })
            .into()
        }
    }
}

/// The image over white, or over black where it would show nothing on white: chalk drawn on nothing.
pub fn opaque_for_ink(image: &DynamicImage) -> Cow<'_, DynamicImage> {
    if !image.color().has_alpha() {
        return Cow::Borrowed(image);
    }
    let on_white = opaque(image, 255);
    let grey = on_white.to_luma8();
    let levels = || grey.iter().copied();
    let contrast = levels().max().unwrap_or(0) - levels().min().unwrap_or(0);
    if contrast < LEAST_CONTRAST {
        opaque(image, 0)
    } else {
        on_white
    }
}

/// Whether any visible pixel has a colour. Many files store grey pictures as red, green and blue.
pub fn has_colour(image: &DynamicImage) -> bool {
    let is_coloured = |pixel: [u8; 3]| {
        let [red, green, blue] = pixel;
        red.max(green).max(blue) - red.min(green).min(blue) > LEAST_COLOUR
    };
    match image {
        image if !image.color().has_color() => false,
        DynamicImage::ImageRgb8(image) => image.pixels().any(|pixel| is_coloured(pixel.0)),
        image if image.color().has_alpha() => image.to_rgba8().pixels().any(|pixel| {
            let Rgba([red, green, blue, alpha]) = *pixel;
            alpha > 0 && is_coloured([red, green, blue])
        }),
        image => image.to_rgb8().pixels().any(|pixel| is_coloured(pixel.0)),
    }
}
