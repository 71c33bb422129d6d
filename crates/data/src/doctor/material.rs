//! What all findings are made from: the entries of a listing and what was seen of each.

use super::checkup::{Example, Shown};
use super::facts::{Facts, Seen};
use crate::listing::{Class, Entry, Labels};
use crate::source::paths::Part;

/// Most examples of a finding.
pub(super) const EXAMPLES: usize = 20;
/// Most pictures of an example.
const OF_EXAMPLE: usize = 4;

/// All entries with what was seen of them.
pub(super) struct Material {
    pub classes: Vec<Class>,
    pub entries: Vec<Entry>,
    /// Of each entry.
    pub parts: Vec<Part>,
    /// Of each entry.
    pub seen: Vec<Seen>,
}

impl Material {
    /// The pictures that could be decoded, with their numbers.
    pub fn facts(&self) -> impl Iterator<Item = (usize, &Facts)> {
        let all = self.seen.iter().enumerate();
        all.filter_map(|(index, seen)| Some((index, seen.as_ref().ok()?)))
    }

    /// The classes that a picture shows, sorted.
    pub fn shows(&self, index: usize) -> Vec<usize> {
        match &self.entries[index].labels {
            Labels::Class(class) => vec![*class],
            Labels::Boxes(boxes) => {
                let mut classes: Vec<usize> = boxes.iter().map(|it| it.class).collect();
                classes.sort_unstable();
                classes
            }
        }
    }

    pub fn class_name(&self, class: usize) -> String {
        let class = self.classes.get(class);
        class.map_or_else(|| "?".to_string(), |class| class.name.clone())
    }

    pub fn shown(&self, index: usize, crop: Option<usize>) -> Shown {
        let entry = &self.entries[index];
        let class = match (&entry.labels, crop) {
            (Labels::Class(class), _) => Some(*class),
            (Labels::Boxes(boxes), Some(crop)) => boxes.get(crop).map(|it| it.class),
            (Labels::Boxes(_), None) => None,
        };
        Shown {
            name: entry.name.clone(),
            part: part_name(self.parts[index]),
            class: class.map(|class| self.class_name(class)),
            crop,
            index,
        }
    }

    /// The first few of some pictures, each an example.
    pub fn examples(&self, pictures: &[usize], what: impl Fn(usize) -> String) -> Vec<Example> {
        let first = pictures.iter().take(EXAMPLES);
        let example = |&index: &usize| Example {
            pictures: vec![self.shown(index, None)],
            what: what(index),
        };
        first.map(example).collect()
    }

    /// The first few of some groups, each an example.
    pub fn groups(&self, groups: &[&[usize]], what: impl Fn(&[usize]) -> String) -> Vec<Example> {
        let example = |group: &&[usize]| {
            let first = group.iter().take(OF_EXAMPLE);
            let more = match group.len().saturating_sub(OF_EXAMPLE) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            Example {
                pictures: first.map(|index| self.shown(*index, None)).collect(),
                what: what(group) + &more,
            }
        };
        groups.iter().take(EXAMPLES).map(example).collect()
    }

    /// Whether pictures are of several parts of the data set.
    pub fn across(&self, group: &[usize]) -> bool {
        group
            .iter()
            .any(|index| self.parts[*index] != self.parts[group[0]])
    }
}

/// Its name in JSON and in lists.
pub(super) fn part_name(part: Part) -> &'static str {
    match part {
        Part::Train => "train",
        Part::Validation => "validation",
        Part::Test => "test",
    }
}
