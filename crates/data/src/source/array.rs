//! Arrays of numbers, as IDX and NumPy files hold them, and the pictures or labels that they are.

use crate::listing::Pixels;

/// An array. Its number of bytes always matches its shape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Array {
    number: Number,
    big_endian: bool,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

/// A type of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Number {
    /// One byte: 0 or not 0.
    Bool,
    /// 8 bits, unsigned.
    U8,
    /// 8 bits, signed.
    I8,
    /// 16 bits, unsigned.
    U16,
    /// 16 bits, signed.
    I16,
    /// 32 bits, unsigned.
    U32,
    /// 32 bits, signed.
    I32,
    /// 64 bits, unsigned.
    U64,
    /// 64 bits, signed.
    I64,
    /// 32 bits, floating point.
    F32,
    /// 64 bits, floating point.
    F64,
}

impl Number {
    /// Bytes of a number.
    pub fn size(self) -> usize {
        match self {
            Self::Bool | Self::U8 | Self::I8 => 1,
            Self::U16 | Self::I16 => 2,
            Self::U32 | Self::I32 | Self::F32 => 4,
            Self::U64 | Self::I64 | Self::F64 => 8,
        }
    }
}

/// The larger whole numbers are not all exact in 64 bits of floating point.
const MOST_EXACT: f64 = (1u64 << 53) as f64;

/// Where the values of one picture are.
struct Layout {
    count: usize,
    /// Channels, rows, columns.
    sizes: [usize; 3],
    /// From one channel, row or column to the next.
    steps: [usize; 3],
    /// Whether the pictures are rows of an array of two dimensions.
    flat: bool,
}

impl Array {
    /// An array.
    ///
    /// # Errors
    /// A number of bytes that does not match the shape.
    pub fn new(
        number: Number,
        big_endian: bool,
        shape: Vec<usize>,
        bytes: Vec<u8>,
    ) -> Result<Self, String> {
        let needed = shape
            .iter()
            .try_fold(number.size(), |n, &size| n.checked_mul(size));
        if needed == Some(bytes.len()) {
            Ok(Self {
                number,
                big_endian,
                shape,
                bytes,
            })
        } else {
            let found = bytes.len();
            Err(format!(
                "an array of {shape:?} numbers of {} bytes can't have {found} bytes",
                number.size()
            ))
        }
    }

    /// The same numbers under their indices in reverse: `[y, x]` becomes `[x, y]`.
    pub fn reversed(&self) -> Self {
        let size = self.number.size();
        let shape: Vec<usize> = self.shape.iter().rev().copied().collect();
        // From one index of the result to the next, in numbers of this array.
        let mut steps = vec![1usize];
        for &length in &shape[..shape.len().saturating_sub(1)] {
            steps.push(steps[steps.len() - 1].saturating_mul(length));
        }
        let mut index = vec![0; shape.len()];
        let mut from = 0;
        let mut bytes = Vec::with_capacity(self.bytes.len());
        while bytes.len() < self.bytes.len() {
            bytes.extend_from_slice(&self.bytes[from * size..][..size]);
            for axis in (0..shape.len()).rev() {
                index[axis] += 1;
                from += steps[axis];
                if index[axis] < shape[axis] {
                    break;
                }
                from -= index[axis] * steps[axis];
                index[axis] = 0;
            }
        }
        Self {
            bytes,
            shape,
            ..*self
        }
    }

    /// The pictures, with what was assumed. `transposed` pictures are stored column by column.
    ///
    /// # Errors
    /// A shape or values that pictures can't have.
    pub fn pixels(self, transposed: bool) -> Result<(Pixels, Vec<String>), String> {
        let mut layout = Layout::of(&self.shape)?;
        let mut notes = Vec::new();
        let [channels, mut height, mut width] = layout.sizes;
        if layout.flat {
            notes.push(format!(
                "Rows of {} numbers were read as pictures of {height} x {width} pixels.",
                height * width
            ));
        }
        if transposed {
            (height, width) = (width, height);
            layout.sizes.swap(1, 2);
            layout.steps.swap(1, 2);
        }
        let values = layout.arrange(self.levels(&mut notes)?);
        if values.iter().max() == Some(&1) {
            notes.push(
                "All pixels are 0 or 1 of 255, which is nearly black: multiply them by 255 if 1 is meant to be white."
                    .to_string(),
            );
        }
        let pixels = Pixels {
            values,
            count: layout.count,
            channels,
            height,
            width,
        };
        Ok((pixels, notes))
    }

    /// The labels. Of rows with a single 1 among zeros ('one hot') they are the places of the 1; of other rows they are the
    /// first numbers if `first_column`, as QMNIST has them.
    ///
    /// # Errors
    /// A shape or values that labels can't have.
    pub fn labels(&self, first_column: bool) -> Result<Vec<i64>, String> {
        let columns = match self.shape[..] {
            [_] => 1,
            [_, columns] if columns > 0 => columns,
            _ => {
                return Err(format!(
                    "expected a label for each picture, found an array of shape {:?}{}",
                    self.shape,
                    if self.shape.len() > 2 {
                        ", which looks like pictures"
                    } else {
                        ""
                    }
                ));
            }
        };
        let mut values = self.values();
        let mut row = Vec::new();
        let mut labels = Vec::new();
        for index in 0..self.shape[0] {
            row.clear();
            row.extend(values.by_ref().take(columns));
            let hot = || {
                let mut ones = row.iter().enumerate().filter(|(_, value)| **value != 0.0);
                match (ones.next(), ones.next()) {
                    (Some((place, &1.0)), None) => Some(place as f64),
                    _ => None,
                }
            };
            let label = if columns == 1 || first_column {
                row[0]
            } else {
                hot().ok_or_else(|| {
                    format!(
                        "label {index} is a row of {columns} numbers; expected a number, or a single 1 among zeros"
                    )
                })?
            };
            if label.fract() != 0.0 || label.abs() > MOST_EXACT {
                return Err(format!("label {index} is {label}; expected a whole number"));
            }
            labels.push(label as i64);
        }
        Ok(labels)
    }

    /// The pixels as grey levels, in the array's order.
    fn levels(self, notes: &mut Vec<String>) -> Result<Vec<u8>, String> {
        match self.number {
            Number::U8 => return Ok(self.bytes),
            Number::Bool => {
                let white = |byte: u8| if byte == 0 { 0 } else { 255 };
                return Ok(self.bytes.into_iter().map(white).collect());
            }
            _ => {}
        }
        let mut low = f64::INFINITY;
        let mut high = f64::NEG_INFINITY;
        let mut whole = true;
        for value in self.values() {
            if !value.is_finite() {
                return Err("some pixels are not finite numbers".to_string());
            }
            low = low.min(value);
            high = high.max(value);
            whole &= value.fract() == 0.0;
        }
        if low < 0.0 || high > 255.0 {
            return Err(format!(
                "the pixels reach from {low} to {high}; expected 0 to 255, or fractions from 0 to 1. \
                 Save the pictures as they were before they were normalized"
            ));
        }
        let floating = matches!(self.number, Number::F32 | Number::F64);
        let scale = if floating && high <= 1.0 {
            notes.push("Pixels from 0 to 1 were multiplied by 255.".to_string());
            255.0
        } else {
            if !whole {
                notes.push("Pixels were rounded to whole grey levels from 0 to 255.".to_string());
            }
            1.0
        };
        let level = |value: f64| (value * scale).round() as u8;
        Ok(self.values().map(level).collect())
    }

    fn values(&self) -> impl Iterator<Item = f64> + '_ {
        let size = self.number.size();
        self.bytes.chunks_exact(size).map(move |bytes| {
            let mut word = [0; 8];
            word[..size].copy_from_slice(bytes);
            if self.big_endian {
                word[..size].reverse();
            }
            let [a, b, c, d, ..] = word;
            match self.number {
                Number::Bool => f64::from(a != 0),
                Number::U8 => f64::from(a),
                Number::I8 => f64::from(a as i8),
                Number::U16 => f64::from(u16::from_le_bytes([a, b])),
                Number::I16 => f64::from(i16::from_le_bytes([a, b])),
                Number::U32 => f64::from(u32::from_le_bytes([a, b, c, d])),
                Number::I32 => f64::from(i32::from_le_bytes([a, b, c, d])),
                Number::F32 => f64::from(f32::from_le_bytes([a, b, c, d])),
                Number::U64 => u64::from_le_bytes(word) as f64,
                Number::I64 => i64::from_le_bytes(word) as f64,
                Number::F64 => f64::from_le_bytes(word),
            }
        })
    }
}

impl Layout {
    fn of(shape: &[usize]) -> Result<Self, String> {
        if shape.contains(&0) {
            return Err(format!(
                "expected pictures, found an array of shape {shape:?}, which holds nothing"
            ));
        }
        let layout = |count, sizes, steps| Self {
            count,
            sizes,
            steps,
            flat: false,
        };
        match *shape {
            [count, pixels] if pixels > 1 && pixels.isqrt().pow(2) == pixels => {
                let side = pixels.isqrt();
                Ok(Self {
                    flat: true,
                    ..layout(count, [1, side, side], [pixels, side, 1])
                })
            }
            [count, h, w] => Ok(layout(count, [1, h, w], [h * w, w, 1])),
            [count, h, w, c @ (1 | 3)] => Ok(layout(count, [c, h, w], [1, w * c, c])),
            [count, c @ (1 | 3), h, w] => Ok(layout(count, [c, h, w], [h * w, w, 1])),
            _ => Err(format!(
                "expected pictures of shape [N, height, width], [N, height, width, 1 or 3] or [N, 1 or 3, height, width], \
                 found an array of shape {shape:?}{}",
                if shape.len() == 1 {
                    ", which looks like labels"
                } else {
                    ""
                }
            )),
        }
    }

    /// The values as `[N, C, H, W]`.
    fn arrange(&self, values: Vec<u8>) -> Vec<u8> {
        let [channels, height, width] = self.sizes;
        if self.steps[1..] == [width, 1] {
            return values;
        }
        let mut arranged = Vec::with_capacity(values.len());
        for picture in values.chunks_exact(channels * height * width) {
            for c in 0..channels {
                for y in 0..height {
                    let start = c * self.steps[0] + y * self.steps[1];
                    arranged.extend((0..width).map(|x| picture[start + x * self.steps[2]]));
                }
            }
        }
        arranged
    }
}

#[cfg(test)]
mod tests;
