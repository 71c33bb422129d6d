//! Pictures with labels that are text: what tables hold before the classes are known.

use std::collections::BTreeMap;

use super::labelled::{Classes, Parts, no_class};
use crate::listing::{Entry, Fault, LabelledBox, Labels, Listing, Problem};

/// A picture before the classes are known.
pub struct Draft {
    /// The picture; its labels do not count.
    pub entry: Entry,
    /// For problems with its labels.
    pub place: String,
    /// What it shows.
    pub labels: TextLabels,
}

/// What a picture shows, in words.
pub enum TextLabels {
    /// The table does not say.
    Missing,
    /// One thing.
    Class(String),
    /// Objects, each with its class.
    Objects(Vec<(LabelledBox, String)>),
}

impl Draft {
    /// Whether it is annotated with objects.
    pub fn has_objects(&self) -> bool {
        matches!(self.labels, TextLabels::Objects(_))
    }

    /// Its objects.
    pub fn objects(&self) -> &[(LabelledBox, String)] {
        match &self.labels {
            TextLabels::Objects(objects) => objects,
            TextLabels::Missing | TextLabels::Class(_) => &[],
        }
    }

    /// Its objects, to be changed.
    pub fn objects_mut(&mut self) -> &mut [(LabelledBox, String)] {
        match &mut self.labels {
            TextLabels::Objects(objects) => objects,
            TextLabels::Missing | TextLabels::Class(_) => &mut [],
        }
    }

    fn words(&self) -> impl Iterator<Item = &str> {
        let class = match &self.labels {
            TextLabels::Class(class) => Some(class.as_str()),
            TextLabels::Missing | TextLabels::Objects(_) => None,
        };
        let objects = self.objects().iter().map(|(_, class)| class.as_str());
        class.into_iter().chain(objects)
    }
}

/// Numbers the classes. `names` are the names of classes whose labels are numbers. Labels that name no class become
/// problems.
pub fn listing(
    drafts: Parts<Vec<Draft>>,
    names: &BTreeMap<i64, String>,
    notes: Vec<String>,
    mut problems: Vec<Problem>,
) -> Listing {
    let classes = Classes::named(drafts.iter().flatten().flat_map(Draft::words), names);
    let mut class = |label: &str, place: String| {
        let class = classes.index.get(label).copied();
        if class.is_none() {
            problems.push(no_class(place, label));
        }
        class
    };
    let mut unlabelled = Vec::new();
    let mut entry = |Draft {
                         entry,
                         place,
                         labels,
                     }: Draft| {
        let labels = match labels {
            TextLabels::Class(label) => Labels::Class(class(&label, place)?),
            TextLabels::Objects(objects) => {
                let objects = objects.into_iter().filter_map(|(found, label)| {
                    let class = class(&label, format!("{place}: {}", found.place))?;
                    Some(LabelledBox { class, ..found })
                });
                Labels::Boxes(objects.collect())
            }
            TextLabels::Missing => {
                unlabelled.push(Problem {
                    fault: Fault::BadLabel,
                    place,
                    what: "there is no label".to_string(),
                });
                return None;
            }
        };
        Some(Entry { labels, ..entry })
    };
    let parts = drafts.map(|drafts| drafts.into_iter().filter_map(&mut entry).collect());
    problems.extend(unlabelled);
    classes.listing(parts, notes, problems)
}
