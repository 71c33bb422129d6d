//! Random changes of training images: first pixels are moved, in one resampling, then their values are changed. [`mosaic`]
//! comes before that.
//!
//! 'The result' is the changed image, 'the source' the image as it was; both have the same size. Places are in
//! continuous pixels: the centre of the first pixel is (0.5, 0.5).

mod colour;
mod elastic;
mod mosaic;
mod shades;
#[cfg(test)]
mod tests;
mod warp;

use std::borrow::Cow;

use kernels::boxes::Xyxy;

use crate::random::{Key, Purpose, Stream};
use colour::Colours;
use elastic::Field;
pub use mosaic::mosaic;
use recipe::Augment;
use shades::Shades;
pub use shades::noise;
use warp::Warp;

/// An object is dropped when less than this share of its box is left in the image, or uncovered.
pub const LEAST_VISIBLE: f32 = 0.25;
/// It is also dropped when a side of its box is shorter than this, in pixels.
pub const LEAST_SIDE: f32 = 1.0;

/// The random change of one image.
///
/// ```
/// use data::augment::Change;
/// use data::random::{Key, Purpose};
/// use recipe::Augment;
///
/// let augment = Augment { flip: 1.0, ..Augment::default() };
/// let key = Key { seed: 0, purpose: Purpose::Augment, epoch: 1, index: 7 };
/// let change = Change::draw(&augment, [1, 2, 3], key);
/// let pixels = change.moved(vec![1, 2, 3, 4, 5, 6].into());
/// assert_eq!(*pixels, [3, 2, 1, 6, 5, 4]);
/// assert_eq!(change.bounds([0., 0., 1., 2.].into()), Some([2., 0., 3., 2.].into()));
/// ```
#[derive(Clone, Debug)]
pub struct Change {
    /// `[C, H, W]`
    shape: [usize; 3],
    warp: Warp,
    shades: Shades,
    /// The stream's position after all of the above.
    stream: Stream,
}

impl Change {
    /// Draws a change for an image `[C, H, W]`. The same key gives the same change in any batch.
    pub fn draw(augment: &Augment, shape: [usize; 3], key: Key) -> Self {
        let size = [shape[1], shape[2]];
        let mut stream = key.stream();
        // Every number is drawn whether its option is on or not, and new ones come after the old: turning one option
        // on leaves the others' draws as they were.
        let [turn, zoom, shift_x, shift_y, slant] =
            std::array::from_fn(|_| stream.uniform(-1.0, 1.0));
        let flip = stream.unit() < augment.flip;
        let mut shades = Shades::draw(augment, size, &mut stream);
        // These take as many numbers as there are pixels: the very last.
        let field = (augment.elastic > 0.0).then(|| Field::draw(augment, size, &mut stream));
        let photograph = Photograph::draw(augment, size, key);
        shades.colours = photograph.colours;
        let shift = augment.shift as f64;
        let warp = Warp::new(
            size,
            warp::Moves {
                angle: turn * augment.rotate.to_radians(),
                scale: 1.0 + zoom * augment.scale,
                slant: (slant * augment.shear.to_radians()).tan(),
                flip,
                flip_vertical: photograph.flip_vertical,
                // Whole pixels: a fraction of one would smear the ink and widen its box.
                shift: [shift_x, shift_y].map(|draw| (draw * shift).round()),
                crop: photograph.crop,
            },
            field,
        );
        Self {
            shape,
            warp,
            shades,
            stream,
        }
    }

    /// The moved pixels `[C, H, W]`; outside of the source everything is black.
    pub fn moved<'a>(&self, pixels: Cow<'a, [u8]>) -> Cow<'a, [u8]> {
        if self.warp.is_identity() {
            return pixels;
        }
        let mut moved = vec![0; pixels.len()];
        self.warp.resample(&pixels, &mut moved);
        Cow::Owned(moved)
    }

    /// Changes the values of moved pixels `[C, H, W]`: contrast, brightness, inversion, noise, a covered
    /// rectangle.
    pub fn shade(&self, pixels: &mut [u8]) {
        let mut stream = self.stream.clone();
        self.shades.apply(pixels, self.shape, &mut stream);
    }

    /// Whether [`Change::shade`] changes anything.
    pub fn shades(&self) -> bool {
        !self.shades.is_none()
    }

    /// The box in the result for the box `bounds` of the source: the smallest box around its moved content, cut off at the
    /// image's edges. `None` when [too little](LEAST_VISIBLE) of it is visible.
    pub fn bounds(&self, bounds: Xyxy) -> Option<Xyxy> {
        self.seen(self.warp.hull(bounds))
    }

    /// The part of a box of the result that lies in the image, unless too little of it is visible.
    pub fn seen(&self, hull: Xyxy) -> Option<Xyxy> {
        let [_, height, width] = self.shape;
        let inside = hull.clip([height, width]);
        let visible = inside.area() - self.shades.covered(inside);
        (visible >= LEAST_VISIBLE * hull.area() && inside.has_sides(LEAST_SIDE)).then_some(inside)
    }
}

/// Changes that were added later. They have a stream of their own, so that old recipes give the same images as before.
struct Photograph {
    flip_vertical: bool,
    crop: Option<[usize; 4]>,
    colours: Colours,
}

impl Photograph {
    /// Draws for an image of `[height, width]`, always the same number of draws.
    fn draw(augment: &Augment, size: [usize; 2], key: Key) -> Self {
        let mut stream = Key {
            purpose: Purpose::Photograph,
            ..key
        }
        .stream();
        let [least, most] = augment.crop_area;
        let [narrowest, widest] = augment.crop_ratio.map(f64::ln);
        let is_cropped = stream.unit() < augment.crop;
        let share = stream.uniform(least, most);
        let ratio = stream.uniform(narrowest, widest).exp();
        let places = [stream.unit(), stream.unit()];
        let [x1, y1, x2, y2] = shades::rectangle(size, share, 1.0 / ratio, places);
        // At least one pixel, unless the image has none.
        let [y1, x1] = [
            y1.min(size[0].saturating_sub(1)),
            x1.min(size[1].saturating_sub(1)),
        ];
        let [y2, x2] = [y2.max(y1 + 1).min(size[0]), x2.max(x1 + 1).min(size[1])];
        let flip_vertical = stream.unit() < augment.flip_vertical;
        let saturation = 1.0 + stream.uniform(-1.0, 1.0) * augment.saturation;
        let hue = stream.uniform(-1.0, 1.0) * augment.hue;
        Self {
            flip_vertical,
            // An empty rectangle can't be enlarged.
            crop: (is_cropped && x1 < x2 && y1 < y2).then_some([x1, y1, x2, y2]),
            colours: Colours {
                saturation: saturation as f32,
                hue: hue as f32,
            },
        }
    }
}
