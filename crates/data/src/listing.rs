//! What a source holds as its files describe it, before any picture is decoded.
//!
//! Each format has a reader in `source/` that fills a [`Listing`]; what follows (decoding, checking boxes, splitting, caching)
//! is the same for all of them.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Pictures with their labels, by part of the data set.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// The classes, in the order of the network's outputs.
    pub classes: Vec<Class>,
    /// For training.
    pub train: Vec<Entry>,
    /// The source's own validation split, where it has one.
    pub validation: Option<Vec<Entry>>,
    /// The source's own test split, where it has one.
    pub test: Option<Vec<Entry>>,
    /// What was assumed, and what was left out on purpose: one sentence each, for people.
    pub notes: Vec<String>,
    /// What is wrong. The entries hold what is left when these are left out.
    pub problems: Vec<Problem>,
}

/// A class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Class {
    /// Its name; where the source has none, its number.
    pub name: String,
    /// What COCO files call it.
    pub id: Option<i64>,
}

impl Class {
    /// A class without an id of its own.
    pub fn named(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            id: None,
        }
    }
}

/// One picture with its labels.
#[derive(Clone, Debug)]
pub struct Entry {
    /// For messages and predictions: the path within the source, or such as `row 17`.
    pub name: String,
    /// What COCO files call it.
    pub id: Option<i64>,
    /// Where its pixels are.
    pub picture: Picture,
    /// `[height, width]` as the annotations state them.
    pub stated: Option<[usize; 2]>,
    /// What it shows.
    pub labels: Labels,
}

/// Where a picture's pixels are.
#[derive(Clone, Debug)]
pub enum Picture {
    /// A file of any format that [`crate::image`] reads.
    File(PathBuf),
    /// The bytes of such a file.
    Bytes(Arc<[u8]>),
    /// One of many decoded pictures of one size.
    Pixels {
        /// All of them.
        all: Arc<Pixels>,
        /// Which.
        index: usize,
    },
}

/// Decoded pictures of one size.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pixels {
    /// `[N, C, H, W]`.
    pub values: Vec<u8>,
    /// N.
    pub count: usize,
    /// C: 1 (grey) or 3 (red, green, blue).
    pub channels: usize,
    /// H.
    pub height: usize,
    /// W.
    pub width: usize,
}

/// What a picture shows.
#[derive(Clone, Debug, PartialEq)]
pub enum Labels {
    /// One thing, somewhere: an index into the classes.
    Class(usize),
    /// Objects with boxes; none is fine.
    Boxes(Vec<LabelledBox>),
}

/// An annotated object.
#[derive(Clone, Debug, PartialEq)]
pub struct LabelledBox {
    /// Corners `[x1, y1, x2, y2]`, right and bottom excluded, on the upright picture. Not checked against its size yet.
    pub corners: [f64; 4],
    /// What the corners are counted in.
    pub unit: Unit,
    /// An index into the classes.
    pub class: usize,
    /// Square pixels, where the source states them.
    pub area: Option<f64>,
    /// Whether it stands for a group.
    pub crowd: bool,
    /// Its place in the source, for messages: `annotations[79]`, `line 3`.
    pub place: String,
}

/// What corners are counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Pixels.
    Pixels,
    /// Fractions of the picture's width and height.
    Fractions,
}

/// Something wrong with one entry of a source. `data.on-error = "skip"` leaves it out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// What kind of thing is wrong.
    pub fault: Fault,
    /// Where: `train.json: annotations[79] (0000.png)`.
    pub place: String,
    /// What, in a few words: `the box reaches beyond the picture of 64 x 64 pixels`.
    pub what: String,
}

/// Kinds of problems, which are counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// A picture that is not there.
    MissingPicture,
    /// A picture that can't be read, or is cut off.
    DamagedPicture,
    /// A picture of another size than stated.
    OtherSize,
    /// A box without an area, or wholly outside the picture.
    BadBox,
    /// A box that reaches beyond the picture; skipping cuts it off there.
    CutBox,
    /// A label that names no class, or an annotation that makes no sense otherwise.
    BadLabel,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MissingPicture => "missing pictures",
            Self::DamagedPicture => "damaged pictures",
            Self::OtherSize => "pictures of another size than stated",
            Self::BadBox => "bad boxes",
            Self::CutBox => "boxes beyond the edge",
            Self::BadLabel => "bad labels",
        })
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.what)
    }
}
