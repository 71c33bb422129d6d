//! The recipes that are part of the program, whose files are in `recipes/`.

/// A recipe that is part of the program.
#[derive(Clone, Copy, Debug)]
pub struct BuiltIn {
    /// Its name.
    pub name: &'static str,
    /// Its TOML.
    pub text: &'static str,
}

impl BuiltIn {
    /// A description in one line: the first comment of the file.
    pub fn about(&self) -> &'static str {
        about(self.text)
    }
}

/// What a recipe's text says of itself in one line: the first comment, if it begins with one.
pub fn about(text: &str) -> &str {
    let first = text.lines().next().unwrap_or_default();
    let comment = first.starts_with('#').then_some(first);
    comment.unwrap_or_default().trim_start_matches('#').trim()
}

macro_rules! recipes {
    ($($name:literal)*) => {
        const RECIPES: &[BuiltIn] = &[$(BuiltIn {
            name: $name,
            text: include_str!(concat!("../recipes/", $name, ".toml")),
        }),*];
    };
}

recipes! {
    "lab-cnn" "lab-faster-rcnn" "fast-cnn" "fast-faster-rcnn"
    "scenes-faster-rcnn" "scenes-fpn" "small-resnet" "resnet-18"
    "resnet-50-fpn" "mobilenet-fpn"
}

/// The built-in recipe called `name`.
pub fn built_in(name: &str) -> Option<&'static BuiltIn> {
    RECIPES.iter().find(|recipe| recipe.name == name)
}

/// All names, in the order in which they are listed.
pub fn names() -> Vec<&'static str> {
    RECIPES.iter().map(|recipe| recipe.name).collect()
}
