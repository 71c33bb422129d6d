//! Saturation and hue of pixels with red, green and blue.

/// How colours change.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Colours {
    /// Differences from grey are multiplied by it.
    pub saturation: f32,
    /// Turned by this, as a fraction of the colour circle.
    pub hue: f32,
}

impl Default for Colours {
    fn default() -> Self {
        Self {
            saturation: 1.0,
            hue: 0.0,
        }
    }
}

impl Colours {
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// Changes pixels `[3, H, W]`.
    pub fn apply(&self, pixels: &mut [u8]) {
        if self.is_none() {
            return;
        }
        let (red, rest) = pixels.split_at_mut(pixels.len() / 3);
        let (green, blue) = rest.split_at_mut(rest.len() / 2);
        for ((red, green), blue) in red.iter_mut().zip(green).zip(blue) {
            let mut pixel = [*red, *green, *blue].map(f32::from);
            if self.saturation != 1.0 {
                pixel = saturated(pixel, self.saturation);
            }
            if self.hue != 0.0 {
                pixel = turned(pixel, self.hue);
            }
            [*red, *green, *blue] = pixel.map(|value| value.round() as u8); // a cast saturates
        }
    }
}

/// Further from grey of the same brightness, or closer to it.
fn saturated(pixel: [f32; 3], factor: f32) -> [f32; 3] {
    let [red, green, blue] = pixel;
    // The weights of ITU-R BT.601, as torchvision has them.
    let grey = 0.2989 * red + 0.587 * green + 0.114 * blue;
    pixel.map(|value| (grey + (value - grey) * factor).clamp(0.0, 255.0))
}

/// The hue of HSV turned; the largest and the smallest of the three stay.
fn turned(pixel: [f32; 3], turn: f32) -> [f32; 3] {
    let [red, green, blue] = pixel;
    let most = red.max(green).max(blue);
    let range = most - red.min(green).min(blue);
    if range == 0.0 {
        return pixel;
    }
    // In sixths of the circle, from red.
    let hue = if most == red {
        (green - blue) / range
    } else if most == green {
        2.0 + (blue - red) / range
    } else {
        4.0 + (red - green) / range
    };
    let hue = hue + 6.0 * turn;
    // Each colour is at its maximum within a sixth of its own hue, at its minimum beyond two sixths, and linear between.
    [5.0f32, 3.0, 1.0].map(|sixths| {
        let place = (hue + sixths).rem_euclid(6.0);
        most - range * place.min(4.0 - place).clamp(0.0, 1.0)
    })
}
