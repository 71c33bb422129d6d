//! Which columns hold the pictures, and which their labels or objects.

use super::columns::Column;

/// For messages about missing columns.
pub const EXPECTED: &str = "expected a column `image` of image files with a column `label`, or with `objects` that have `bbox` and `category`";

// Columns' names; the first that is there is taken.
const IMAGES: [&str; 8] = [
    "image", "img", "picture", "photo", "images", "jpg", "png", "webp",
];
const LABELS: [&str; 8] = [
    "label",
    "labels",
    "fine_label",
    "class",
    "category",
    "target",
    "label_name",
    "cls",
];
const BOXES: [&str; 3] = ["bbox", "bboxes", "boxes"];
const CATEGORIES: [&str; 9] = [
    "category",
    "category_id",
    "categories",
    "label",
    "labels",
    "class",
    "class_id",
    "category_ids",
    "class_label",
];

/// The columns that are read.
pub struct Roles {
    /// The bytes of an image file.
    pub bytes: Column,
    /// The file's name.
    pub path: Option<Column>,
    pub label: Column,
    /// For objects, whose classes are the labels.
    pub boxes: Option<Column>,
    pub area: Option<Column>,
    pub crowd: Option<Column>,
    /// Height and width.
    pub size: Option<[Column; 2]>,
    pub id: Option<Column>,
}

/// Which columns are which; `None` if there are no pictures, or no labels.
pub fn roles(columns: &[Column]) -> Option<Roles> {
    let at = |path: &[&str], lists: usize| {
        let mut all = columns.iter();
        all.find(|column| column.path == path && column.lists.len() == lists)
            .cloned()
    };
    let name = IMAGES.iter().find(|name| at(&[name, "bytes"], 0).is_some());
    let (bytes, path) = match name {
        Some(name) => (at(&[name, "bytes"], 0)?, at(&[name, "path"], 0)),
        None => (IMAGES.iter().find_map(|name| at(&[name], 0))?, None),
    };
    let boxes = columns.iter().find(|column| {
        column.lists.len() == 2
            && column
                .path
                .last()
                .is_some_and(|name| BOXES.contains(&name.as_str()))
    });
    let beside = |name: &str| {
        let path = [&boxes?.path[..boxes?.path.len() - 1], &[name.to_string()]].concat();
        columns
            .iter()
            .find(|column| column.path == path && column.lists.len() == 1)
            .cloned()
    };
    let objects = boxes.and_then(|_| CATEGORIES.iter().find_map(|name| beside(name)));
    let label = objects
        .clone()
        .or_else(|| LABELS.iter().find_map(|name| at(&[name], 0)))?;
    let size = at(&["height"], 0).zip(at(&["width"], 0));
    Some(Roles {
        bytes,
        path,
        label,
        boxes: boxes.filter(|_| objects.is_some()).cloned(),
        area: beside("area"),
        crowd: beside("iscrowd"),
        size: size.map(<[Column; 2]>::from),
        id: at(&["image_id"], 0),
    })
}
