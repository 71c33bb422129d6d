//! The summary of a network: shapes, parameters and multiply-adds by layer, shown as a table.

use std::fmt;

/// The shape of one image between two layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// `[C, H, W]`.
    Map {
        /// Channels.
        channels: usize,
        /// Rows.
        height: usize,
        /// Columns.
        width: usize,
    },
    /// `[F]`.
    Features(usize),
}

impl Shape {
    /// Values per image.
    pub fn elements(&self) -> usize {
        match *self {
            Self::Map {
                channels,
                height,
                width,
            } => channels.saturating_mul(height).saturating_mul(width),
            Self::Features(features) => features,
        }
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Map {
                channels,
                height,
                width,
            } => formatter.pad(&format!("{channels} x {height} x {width}")),
            Self::Features(features) => formatter.pad(&features.to_string()),
        }
    }
}

/// One layer's line of a [`Summary`].
#[derive(Clone, Debug, PartialEq)]
pub struct LayerSummary {
    /// Such as `conv 32, 3x3, padding 1`.
    pub name: String,
    /// The shape of one image after it.
    pub output: Shape,
    /// Trained numbers; running means and variances do not count.
    pub parameters: u64,
    /// Multiplications each followed by an addition, per image.
    pub multiply_adds: u64,
    /// Numbers per training image that the backward pass reads again; 0 where they need not be kept.
    pub activations: u64,
    /// Pixels of the image that one output sees, `[rows, columns]`; `None` if it sees the whole image.
    pub receptive_field: Option<[usize; 2]>,
    /// Pixels of the image from one cell of its output to the next, `[rows, columns]`.
    pub stride: [usize; 2],
}

/// A network's layers with their totals. Displayed as a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// One image.
    pub input: Shape,
    /// In order.
    pub layers: Vec<LayerSummary>,
    /// Pixels of the image from one cell of the last map to the next, `[rows, columns]`.
    pub stride: [usize; 2],
    /// Trained numbers of all layers.
    pub parameters: u64,
    /// Multiply-adds of all layers, per image and without the backward pass.
    pub multiply_adds: u64,
}

impl Summary {
    /// The output of the last layer.
    pub fn output(&self) -> Shape {
        self.layers.last().map_or(self.input, |layer| layer.output)
    }

    pub(super) fn push(&mut self, layer: LayerSummary) {
        self.parameters = self.parameters.saturating_add(layer.parameters);
        self.multiply_adds = self.multiply_adds.saturating_add(layer.multiply_adds);
        self.layers.push(layer);
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let total = "total".len();
        let names = self.layers.iter().map(|layer| layer.name.chars().count());
        let wide = names.max().unwrap_or_default().max(total);
        let header = ["layer", "output", "parameters", "multiply-adds", "sees"];
        writeln!(
            formatter,
            "{:<wide$}  {:>14}  {:>12}  {:>14}  {:>9}",
            header[0], header[1], header[2], header[3], header[4]
        )?;
        for layer in &self.layers {
            let sees = match layer.receptive_field {
                Some([rows, columns]) => format!("{rows}x{columns}"),
                None => "all".to_string(),
            };
            writeln!(
                formatter,
                "{:<wide$}  {:>14}  {:>12}  {:>14}  {sees:>9}",
                layer.name,
                layer.output,
                count(layer.parameters),
                count(layer.multiply_adds),
            )?;
        }
        write!(
            formatter,
            "{:<wide$}  {:>14}  {:>12}  {:>14}",
            "total",
            self.output(),
            count(self.parameters),
            count(self.multiply_adds)
        )
    }
}

/// Digits in groups of three, from the right.
///
/// ```
/// assert_eq!(recipe::grouped("1234567", ","), "1,234,567");
/// ```
pub fn grouped(digits: &str, separator: &str) -> String {
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (place, digit) in digits.char_indices() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push_str(separator);
        }
        text.push(digit);
    }
    text
}

fn count(number: u64) -> String {
    grouped(&number.to_string(), ",")
}
