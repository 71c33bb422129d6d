//! What the columns of a table hold.

use super::table::{Row, Table, shown};
use crate::error::DataError;
use crate::source::paths::is_picture;

/// What a row stands for, and in which columns it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Form {
    /// Whether the first row names the columns.
    pub header: bool,
    /// The class.
    pub label: Option<usize>,
    /// The part of the data set.
    pub split: Option<usize>,
    /// The picture.
    pub picture: Picture,
}

/// Where a row has its picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Picture {
    /// One grey level per column, or all of them in one column, separated by spaces.
    Pixels(Vec<usize>),
    /// A path.
    Path {
        /// Its column.
        column: usize,
        /// The columns of one object's box.
        corners: Option<Corners>,
        /// The columns of the picture's height and width.
        size: Option<[usize; 2]>,
    },
}

/// The columns of a box.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Corners {
    /// Left, top, right, bottom.
    Ends([usize; 4]),
    /// Left, top, width, height.
    Sizes([usize; 4]),
}

// Columns' names without anything but letters and digits, in lower case; the first that is there is taken.
const PATHS: [&str; 16] = [
    "imagepath",
    "filepath",
    "path",
    "imgpath",
    "imagefile",
    "filename",
    "imagefilename",
    "imagename",
    "imgname",
    "file",
    "image",
    "images",
    "img",
    "picture",
    "imageid",
    "id",
];
const LABELS: [&str; 14] = [
    "label",
    "labels",
    "class",
    "classname",
    "category",
    "categoryname",
    "labelname",
    "target",
    "species",
    "breed",
    "tag",
    "classid",
    "labelid",
    "categoryid",
];
const SPLITS: [&str; 7] = [
    "split",
    "set",
    "subset",
    "usage",
    "partition",
    "datasplit",
    "phase",
];
const ENDS: [&[&str]; 4] = [
    &["xmin", "x1", "left", "bboxxmin", "bboxx1"],
    &["ymin", "y1", "top", "bboxymin", "bboxy1"],
    &["xmax", "x2", "right", "bboxxmax", "bboxx2"],
    &["ymax", "y2", "bottom", "bboxymax", "bboxy2"],
];
const SIZES: [&[&str]; 4] = [
    &["bboxx", "boxx", "x"],
    &["bboxy", "boxy", "y"],
    &["bboxwidth", "boxwidth", "bboxw", "w", "width"],
    &["bboxheight", "boxheight", "bboxh", "h", "height"],
];
const PICTURE_SIZES: [&[&str]; 2] = [
    &["imageheight", "imgheight", "imgh", "height"],
    &["imagewidth", "imgwidth", "imgw", "width"],
];
/// Columns of row numbers.
const NUMBERS: [&str; 5] = ["", "index", "unnamed0", "rownum", "id"];

const EXPECTED: &str = "expected a column of labels and one of paths (such as `image,label`, with `xmin,ymin,xmax,ymax` for \
                        boxes), or a label and the pixels of a square picture (`label,pixel0,pixel1,...`)";

/// The form of a table. `is_file` says whether there is a picture of this path.
///
/// # Errors
/// Columns that are not understood.
pub fn of(table: &Table, is_file: impl Fn(&str) -> bool) -> Result<Form, DataError> {
    let Some(first) = table.rows().next() else {
        return Err(DataError::file(&table.path, "the table is empty"));
    };
    let names: Vec<String> = first.texts().iter().map(|name| plain(name)).collect();
    // Rows without a header first: the numbers of a box could be columns of pixels.
    without_header(&first, &names, is_file)
        .or_else(|| with_header(&names))
        .ok_or_else(|| {
            let columns: Vec<String> = first
                .texts()
                .iter()
                .take(8)
                .map(|name| shown(name))
                .collect();
            let what = format!("{EXPECTED}, found the columns {}", columns.join(", "));
            DataError::file(&table.path, what)
        })
}

fn plain(name: &str) -> String {
    let letters = name.chars().filter(|c| c.is_alphanumeric());
    letters.collect::<String>().to_lowercase()
}

fn with_header(names: &[String]) -> Option<Form> {
    let one = |candidates: &[&str]| {
        let all = candidates.iter();
        all.filter_map(|name| names.iter().position(|other| other == name))
            .next()
    };
    let all4 = |candidates: [&[&str]; 4]| match candidates.map(one) {
        [Some(a), Some(b), Some(c), Some(d)] => Some([a, b, c, d]),
        _ => None,
    };
    let split = one(&SPLITS);
    let label = one(&LABELS);
    let corners = all4(ENDS)
        .map(Corners::Ends)
        .or_else(|| all4(SIZES).map(Corners::Sizes));
    let pixels: Vec<usize> = match names.iter().position(|name| name == "pixels") {
        Some(column) => vec![column],
        None => (0..names.len())
            .filter(|&column| is_pixel(&names[column]))
            .collect(),
    };
    // The only column without another meaning is the label, whatever its name.
    let other = |used: &[usize]| {
        let unused = |column: &usize| {
            !used.contains(column)
                && Some(*column) != split
                && !NUMBERS.contains(&names[*column].as_str())
        };
        let mut others = (0..names.len()).filter(unused);
        others.next().filter(|_| others.next().is_none())
    };
    if corners.is_none()
        && (is_square(pixels.len()) || (pixels.len() == 1 && names[pixels[0]] == "pixels"))
    {
        return Some(Form {
            header: true,
            label: label.or_else(|| other(&pixels)),
            split,
            picture: Picture::Pixels(pixels),
        });
    }
    let column = one(&PATHS)?;
    let taken = match corners {
        Some(Corners::Ends(columns) | Corners::Sizes(columns)) => columns.to_vec(),
        None => Vec::new(),
    };
    let size = match PICTURE_SIZES.map(one) {
        [Some(height), Some(width)] if !taken.contains(&height) && !taken.contains(&width) => {
            Some([height, width])
        }
        _ => None,
    };
    let used: Vec<usize> = [vec![column], taken, size.map(Vec::from).unwrap_or_default()].concat();
    Some(Form {
        header: true,
        label: label
            .filter(|label| *label != column)
            .or_else(|| other(&used)),
        split,
        picture: Picture::Path {
            column,
            corners,
            size,
        },
    })
}

fn without_header(first: &Row, names: &[String], is_file: impl Fn(&str) -> bool) -> Option<Form> {
    let form = |label, picture| {
        Some(Form {
            header: false,
            label: Some(label),
            split: None,
            picture,
        })
    };
    let number = |column: usize| first.text(column).parse::<f64>().is_ok();
    let count = first.len();
    if count > 1 && is_square(count - 1) && (0..count).all(number) {
        return form(0, Picture::Pixels((1..count).collect()));
    }
    let path = first.text(0);
    let is_header = PATHS.contains(&names[0].as_str());
    if count == 2 && !is_header && (is_picture(&path) || is_file(&path)) {
        let picture = Picture::Path {
            column: 0,
            corners: None,
            size: None,
        };
        return form(1, picture);
    }
    // Keras's RetinaNet writes `path,x1,y1,x2,y2,class`, and empty fields for pictures without objects.
    let plausible = |column: usize| number(column) || first.text(column).is_empty();
    if count == 6 && (is_picture(&path) || is_file(&path)) && (1..5).all(plausible) {
        let picture = Picture::Path {
            column: 0,
            corners: Some(Corners::Ends([1, 2, 3, 4])),
            size: None,
        };
        return form(5, picture);
    }
    None
}

/// `pixel0`, `px12`, `28x28`, `783`.
fn is_pixel(name: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let prefixes = ["pixel", "pix", "px", "p", "x", ""];
    prefixes
        .iter()
        .any(|prefix| name.strip_prefix(prefix).is_some_and(digits))
        || name
            .split_once('x')
            .is_some_and(|(row, column)| digits(row) && digits(column))
}

/// Whether this many pixels make a square picture.
pub fn is_square(pixels: usize) -> bool {
    pixels >= 4 && pixels.isqrt().pow(2) == pixels
}
