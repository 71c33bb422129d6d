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
        let planes = [red, green, blue];
        if self.saturation != 1.0 && self.hue != 0.0 {
            change(planes, |pixel| {
                turned(saturated(pixel, self.saturation), self.hue)
            });
        } else if self.hue != 0.0 {
            change(planes, |pixel| turned(pixel, self.hue));
        } else {
            change(planes, |pixel| saturated(pixel, self.saturation));
        }
    }
}

/// Changes each pixel of three planes. Nothing in the loop branches, so that the compiler works on several at a time.
fn change([red, green, blue]: [&mut [u8]; 3], colour: impl Fn([f32; 3]) -> [f32; 3]) {
    let pixels = red.iter_mut().zip(green).zip(blue);
    for ((red, green), blue) in pixels {
        let [r, g, b] = colour([f32::from(*red), f32::from(*green), f32::from(*blue)]);
        (*red, *green, *blue) = (round(r), round(g), round(b));
    }
}

/// Of a value from 0 to 255; halves up, as `f32::round`, which without SSE4.1 is a call.
fn round(value: f32) -> u8 {
    let whole = value as i32;
    (whole + i32::from(value - whole as f32 >= 0.5)) as u8
}

/// Further from grey of the same brightness, or closer to it.
#[inline]
fn saturated(pixel: [f32; 3], factor: f32) -> [f32; 3] {
    let [red, green, blue] = pixel;
    // The weights of ITU-R BT.601, as torchvision has them.
    let grey = 0.2989 * red + 0.587 * green + 0.114 * blue;
    let further = |value: f32| (grey + (value - grey) * factor).clamp(0.0, 255.0);
    [further(red), further(green), further(blue)]
}

/// The hue of HSV turned; the largest and the smallest of the three stay.
#[inline]
fn turned(pixel: [f32; 3], turn: f32) -> [f32; 3] {
    let [red, green, blue] = pixel;
    let most = red.max(green).max(blue);
    let range = most - red.min(green).min(blue);
    // Grey has no hue; divided by 1, it stays grey.
    let divisor = if range == 0.0 { 1.0 } else { range };
    // In sixths of the circle, from red.
    let (start, difference) = if most == red {
        (0.0, green - blue)
    } else if most == green {
        (2.0, blue - red)
    } else {
        (4.0, red - green)
    };
    let hue = start + difference / divisor + 6.0 * turn;
    // Each colour is at its maximum within a sixth of its own hue, at its minimum beyond two sixths, and linear between.
    let level = |sixths: f32| {
        let place = around(hue + sixths);
        most - range * place.min(4.0 - place).clamp(0.0, 1.0)
    };
    [level(5.0), level(3.0), level(1.0)]
}

/// `rem_euclid(6.0)` for -6 to 18, which is a call.
fn around(sixths: f32) -> f32 {
    let less = if sixths >= 12.0 {
        12.0
    } else if sixths >= 6.0 {
        6.0
    } else if sixths < 0.0 {
        -6.0
    } else {
        0.0
    };
    sixths - less
}
