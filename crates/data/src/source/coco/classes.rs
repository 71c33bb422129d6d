//! Which classes there are, and which of them the categories of another file are.

use std::collections::{HashMap, HashSet};

use super::entries::{Annotated, Numbers};
use crate::coco::file::{CocoCategory, CocoFile};
use crate::listing::{Class, Fault, Listing, Problem};

/// The training annotations' classes, by id.
pub struct Classes {
    pub list: Vec<Class>,
    /// The file they come from.
    file: String,
}

impl Classes {
    /// The classes of the training annotations. A class without objects stays, but not a mere heading of the others.
    pub fn of<'a>(
        train: &Annotated,
        mut others: impl Iterator<Item = &'a Annotated>,
        listing: &mut Listing,
    ) -> Self {
        let mut categories: Vec<&CocoCategory> = Vec::new();
        let mut ids = HashSet::new();
        for (index, category) in train.file.categories.iter().enumerate() {
            if ids.insert(category.id) {
                categories.push(category);
            } else {
                listing.problems.push(Problem {
                    fault: Fault::BadLabel,
                    place: format!("{}: categories[{index}] ({})", train.name, category.name()),
                    what: format!("another category has the id {} too", category.id),
                });
            }
        }
        if let Some(heading) = heading(&train.file) {
            let (id, name) = (heading.id, heading.name());
            let has_objects = |other: &Annotated| {
                let same = |category: &CocoCategory| category.id == id && category.name() == name;
                other.file.categories.iter().any(same) && used(&other.file).contains(&id)
            };
            if !others.any(has_objects) {
                categories.retain(|category| category.id != id);
                listing.notes.push(format!(
                    "The category '{name}' (id {id}) of {} is only the group of all others and has no objects: \
                     it is left out.",
                    train.name
                ));
            }
        }
        categories.sort_by_key(|category| category.id);
        let class = |category: &&CocoCategory| Class {
            name: category.name(),
            id: Some(category.id),
        };
        Self {
            list: categories.iter().map(class).collect(),
            file: train.name.clone(),
        }
    }

    /// The classes of the file they come from, by category id.
    pub fn own(&self) -> Numbers {
        let ids = self.list.iter().enumerate();
        ids.filter_map(|(number, class)| Some((class.id?, number)))
            .collect()
    }

    /// The classes of another file, by category id; they are matched by name. A category that has objects but no class is a
    /// problem.
    pub fn matched(&self, other: &Annotated, listing: &mut Listing) -> Numbers {
        let mut numbers = Numbers::new();
        let mut renumbered = false;
        let mut respelled = Vec::new();
        let mut objects: HashMap<i64, usize> = HashMap::new();
        for annotation in &other.file.annotations {
            *objects.entry(annotation.category_id).or_default() += 1;
        }
        for (index, category) in other.file.categories.iter().enumerate() {
            let name = category.name();
            let place = || format!("{}: categories[{index}] ({name})", other.name);
            let mut problem = |what: String| {
                listing.problems.push(Problem {
                    fault: Fault::BadLabel,
                    place: place(),
                    what,
                });
            };
            if numbers.contains_key(&category.id) {
                problem(format!("another category has the id {} too", category.id));
                continue;
            }
            if let Some(number) = self.number(category, &other.file) {
                let class = &self.list[number];
                renumbered |= class.id != Some(category.id);
                if class.name != name {
                    respelled.push(format!("'{name}' is taken for '{}'", class.name));
                }
                numbers.insert(category.id, number);
            } else if let Some(count) = objects.get(&category.id) {
                let objects = if *count == 1 {
                    "object is"
                } else {
                    "objects are"
                };
                problem(format!(
                    "{} has no category of that name, but {count} {objects} of it",
                    self.file
                ));
            }
        }
        if renumbered {
            listing.notes.push(format!(
                "{} and {} give different ids to the same categories: they are matched by name, and the ids of {} are used.",
                other.name, self.file, self.file
            ));
        }
        if !respelled.is_empty() {
            listing
                .notes
                .push(format!("{}: {}.", other.name, respelled.join(", ")));
        }
        numbers
    }

    /// The class that a category of another file stands for: of the same name, or of one that differs only in case and in
    /// spaces around it.
    fn number(&self, category: &CocoCategory, file: &CocoFile) -> Option<usize> {
        let name = category.name();
        let same = |class: &Class| class.name == name;
        // Two classes of one name are distinguished by their ids.
        let by_id = |class: &Class| same(class) && class.id == Some(category.id);
        let folded = fold(&name);
        let alike = |class: &Class| fold(&class.name) == folded;
        let unambiguous = file
            .categories
            .iter()
            .filter(|other| fold(&other.name()) == folded)
            .count()
            == 1;
        self.list
            .iter()
            .position(by_id)
            .or_else(|| self.only(same))
            .or_else(|| self.only(alike).filter(|_| unambiguous))
    }

    /// The only class for which this holds; `None` if there are several.
    fn only(&self, holds: impl Fn(&Class) -> bool) -> Option<usize> {
        let mut places = (0..self.list.len()).filter(|&number| holds(&self.list[number]));
        places.next().filter(|_| places.next().is_none())
    }
}

fn fold(name: &str) -> String {
    name.trim().to_lowercase()
}

/// Ids of the categories that annotations have.
fn used(file: &CocoFile) -> HashSet<i64> {
    file.annotations
        .iter()
        .map(|annotation| annotation.category_id)
        .collect()
}

/// A category without objects that all others name as their group, as Roboflow adds one.
fn heading(file: &CocoFile) -> Option<&CocoCategory> {
    let used = used(file);
    let groups = |heading: &CocoCategory| {
        let mut others = file
            .categories
            .iter()
            .filter(|category| category.id != heading.id)
            .peekable();
        others.peek().is_some()
            && others.all(|other| other.supercategory.0.as_deref() == heading.name.as_deref())
    };
    file.categories.iter().find(|category| {
        category.name.is_some() && !used.contains(&category.id) && groups(category)
    })
}
