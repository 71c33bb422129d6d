//! The doctor's findings: plain values, for people and as JSON.

use serde::Serialize;

use super::facts::Mode;
use crate::listing::Fault;

/// What was found in a data set.
#[derive(Clone, Debug, Serialize)]
pub struct Checkup {
    /// The source, as it was named.
    pub source: String,
    /// Pictures with labels, including those that can't be read.
    pub pictures: usize,
    /// Pictures that can't be decoded or don't have the stated size.
    pub unusable: usize,
    /// Annotated boxes; none in a set whose pictures have one class each.
    pub boxes: Option<usize>,
    /// Pictures and bytes of each part.
    pub parts: Vec<PartSummary>,
    /// Each class.
    pub classes: Vec<ClassSummary>,
    /// The most frequent sizes, the most frequent first.
    pub sizes: Vec<SizeSummary>,
    /// How many sizes there are.
    pub distinct_sizes: usize,
    /// How pixels are stored.
    pub modes: Vec<ModeSummary>,
    /// `[height, width]` of the network's input, as far as known before training.
    pub input: Option<[usize; 2]>,
    /// How far to trust likely label errors; none where no model could be fitted.
    pub quick_model: Option<QuickModel>,
    /// Findings that must be fixed.
    pub must_fix: usize,
    /// What was found; what must be fixed comes first.
    pub findings: Vec<Finding>,
    /// What the reader of the source assumed.
    pub notes: Vec<String>,
}

/// A part of the data set.
#[derive(Clone, Debug, Serialize)]
pub struct PartSummary {
    /// `train`, `validation` or `test`.
    pub part: &'static str,
    /// Its pictures.
    pub pictures: usize,
    /// Bytes of their files; 0 where they are not files.
    pub bytes: u64,
}

/// A class.
#[derive(Clone, Debug, Serialize)]
pub struct ClassSummary {
    /// Its name.
    pub class: String,
    /// Pictures of it (boxes, where there are boxes) for training.
    pub train: usize,
    /// For validation.
    pub validation: usize,
    /// For the test.
    pub test: usize,
}

/// Pictures of one size.
#[derive(Clone, Debug, Serialize)]
pub struct SizeSummary {
    /// Pixels.
    pub width: usize,
    /// Pixels.
    pub height: usize,
    /// How many pictures have it.
    pub pictures: usize,
}

/// Pictures that are stored in one way.
#[derive(Clone, Debug, Serialize)]
pub struct ModeSummary {
    /// How pixels are stored.
    pub mode: Mode,
    /// How many pictures.
    pub pictures: usize,
}

/// The model that looks for label errors.
#[derive(Clone, Debug, Serialize)]
pub struct QuickModel {
    /// Share of labels that it predicts from pictures of other folds.
    pub accuracy: f64,
    /// Share of the most frequent class.
    pub chance: f64,
    /// Pictures, or boxes cut out, that it has seen.
    pub pictures: usize,
    /// Whether it is good enough for its doubts to be listed.
    pub trusted: bool,
}

/// Something to fix, or to look at.
#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    /// What kind of thing it is.
    pub kind: Kind,
    /// Whether it must be fixed.
    pub severity: Severity,
    /// A few words for people.
    pub title: &'static str,
    /// How many there are, counted as the kind says.
    pub count: usize,
    /// Numbers that say more; may be empty.
    pub detail: String,
    /// Why it matters, and what to do.
    pub advice: &'static str,
    /// The first few.
    pub examples: Vec<Example>,
}

impl Finding {
    pub(super) fn new(kind: Kind, count: usize, examples: Vec<Example>) -> Self {
        let (severity, title, advice) = kind.words();
        Self {
            kind,
            severity,
            title,
            count,
            detail: String::new(),
            advice,
            examples,
        }
    }

    pub(super) fn with_detail(mut self, detail: String) -> Self {
        self.detail = detail;
        self
    }
}

/// One case of a finding.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Example {
    /// The pictures it is about; none where a file names no picture.
    pub pictures: Vec<Shown>,
    /// What is wrong or odd about it.
    pub what: String,
}

/// A picture of an example.
#[derive(Clone, Debug, Serialize)]
pub struct Shown {
    /// Its name in the source.
    pub name: String,
    /// `train`, `validation` or `test`.
    pub part: &'static str,
    /// Its class, or its box's class.
    pub class: Option<String>,
    /// The number of its box.
    #[serde(rename = "box")]
    pub crop: Option<usize>,
    /// Where it is among all pictures.
    #[serde(skip)]
    pub(super) index: usize,
}

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Training stops at it, or its figures would be wrong.
    MustFix,
    /// It may be intended.
    Look,
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident: $severity:ident, $title:literal, $advice:literal;)*) => {
        /// Kinds of findings. They count pictures, unless said otherwise.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum Kind {
            $($(#[$doc])* $kind,)*
        }

        impl Kind {
            fn words(self) -> (Severity, &'static str, &'static str) {
                match self {
                    $(Self::$kind => (Severity::$severity, $title, $advice),)*
                }
            }
        }
    };
}

kinds! {
    /// No such file.
    MissingPictures: MustFix, "missing pictures",
        "The annotations name pictures that are not there. Add the files or remove the entries.";
    /// Files that can't be decoded.
    DamagedPictures: MustFix, "damaged pictures",
        "These files can't be decoded. Copy or download them again, or remove them.";
    /// Pictures of another size than annotated.
    OtherSizes: MustFix, "pictures of another size than stated",
        "The annotations state another width and height: the boxes may belong to another version of the picture.";
    /// Boxes without an area, or outside their picture.
    BadBoxes: MustFix, "boxes without an area on the picture",
        "A detector can't learn from these boxes. Often x2 and y2 are a width and a height, or fractions are read as pixels.";
    /// Boxes that reach beyond their picture.
    BoxesBeyondEdge: MustFix, "boxes beyond the edge",
        "data.on-error = \"skip\" and --fix cut these boxes off at the edge.";
    /// Labels that name no class, and the like.
    BadLabels: MustFix, "bad labels",
        "These labels name no class, or contradict each other.";
    /// Groups of exact duplicates in several parts of the data set.
    SamePictureAcrossSplit: MustFix, "same picture on both sides of a split",
        "A network has seen these test or validation pictures in training, so its figures are too good. --fix drops the \
         training copies.";
    /// Groups of exact duplicates with different classes.
    ConflictingDuplicates: MustFix, "same picture with different classes",
        "At most one of the labels is right. --fix drops all copies, because it can't know which.";
    /// Boxes that hardly cover a pixel of the network's input, counted.
    TinyBoxes: Look, "tiny boxes",
        "A side of these boxes is shorter than 4 pixels of the network's input. Use a larger data.image.size, or remove them.";
    /// Boxes on top of a box of the same class, counted.
    DoubledBoxes: Look, "doubled boxes",
        "Two boxes of one class are in the same place (IoU above 0.95): one object was probably annotated twice.";
    /// Pictures without any box.
    NoObjects: Look, "pictures without objects",
        "They teach a detector what background looks like. Check that their annotations are not missing.";
    /// Copies of pictures within a part, counted without the first.
    ExactDuplicates: Look, "copies of pictures",
        "Copies count twice in training. If the source has no test split, they can end up on both sides of the split that is \
         drawn.";
    /// Groups of pictures that look the same, in several parts.
    NearDuplicatesAcrossSplit: Look, "near duplicates across a split",
        "If they show the same thing, a network has practically seen these test or validation pictures in training.";
    /// Groups of pictures that look the same, within a part.
    NearDuplicates: Look, "near duplicates",
        "For example pictures of one burst, or one picture compressed twice. Keep each group in one part of the data set.";
    /// Labels that a quick model finds unlikely.
    LikelyLabelErrors: Look, "likely label errors",
        "A quick model that has not seen these labels predicts another class. Look at each; many may be right.";
    /// Classes without a training picture, counted.
    EmptyClasses: Look, "classes without training pictures",
        "A network can't learn them.";
    /// Classes with few training pictures, counted.
    SmallClasses: Look, "classes with fewer than 10 training pictures",
        "A network learns little from so few, and the figures of such a class are uncertain.";
    /// Classes of very different sizes; counts the classes below a tenth of the largest.
    ClassImbalance: Look, "class imbalance",
        "The largest class has more than 10 times the pictures of the smallest. Look at F1 and at the figures per class, not \
         at accuracy alone.";
    /// Sizes, counted.
    SeveralSizes: Look, "several sizes",
        "All are brought to one size; data.image.size and data.image.fit say how.";
    /// One side is more than four times the other.
    ExtremeShapes: Look, "extreme aspect ratios",
        "One side is more than 4 times the other: little is left of such a picture in a square input.";
    /// Ways to store pixels, counted.
    MixedColours: Look, "mixed colour modes",
        "If mostly the pictures of some classes are grey, a network learns that instead. data.image.colour = \"grey\" makes all \
         of them grey.";
    /// Turned upright as their EXIF note says.
    ExifTurned: Look, "pictures turned by their EXIF note",
        "They are turned upright here. Check that the boxes were drawn on the upright picture.";
    /// Pictures with transparent pixels.
    Transparent: Look, "transparent pictures",
        "Transparent pixels become data.image.background.";
    /// Nothing to see.
    BlankPictures: Look, "blank pictures",
        "They have one colour everywhere.";
}

impl Kind {
    pub(super) fn of(fault: Fault) -> Self {
        match fault {
            Fault::MissingPicture => Self::MissingPictures,
            Fault::DamagedPicture => Self::DamagedPictures,
            Fault::OtherSize => Self::OtherSizes,
            Fault::BadBox => Self::BadBoxes,
            Fault::CutBox => Self::BoxesBeyondEdge,
            Fault::BadLabel => Self::BadLabels,
        }
    }
}
