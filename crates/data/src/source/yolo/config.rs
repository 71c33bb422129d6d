//! `data.yaml`: the classes, and where the parts of the data set are.

#[cfg(test)]
mod tests;

use super::yaml::{self, Node};
use crate::source::paths::Part;

/// What `data.yaml` says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// Class names by number.
    pub classes: Vec<String>,
    /// The folder that the parts' paths start from.
    pub path: Option<String>,
    /// Folders and lists of pictures, by part.
    pub parts: Vec<(Part, Vec<String>)>,
    /// Numbers that follow each box and describe key points.
    pub key_points: usize,
    /// What was assumed.
    pub notes: Vec<String>,
}

/// No set has more; it bounds what `nc` and class numbers can ask for.
pub const MOST_CLASSES: usize = 100_000;

/// Understands a file's text.
///
/// # Errors
/// What is wrong.
pub fn parse(text: &str) -> Result<Config, String> {
    let root = yaml::parse(text)?;
    if !matches!(root, Node::Map(_)) {
        return Err("expected keys such as `train`, `val` and `names`".to_string());
    }
    let mut config = Config {
        path: root.get("path").and_then(Node::text).map(str::to_string),
        key_points: key_points(root.get("kpt_shape"))?,
        ..Config::default()
    };
    let count = match root.get("nc") {
        None | Some(Node::Null) => None,
        Some(node) => {
            let count = node.text().and_then(|text| text.parse().ok());
            Some(
                count
                    .filter(|count| (1..=MOST_CLASSES).contains(count))
                    .ok_or("nc: expected the number of classes")?,
            )
        }
    };
    config.classes = match (root.get("names"), count) {
        (None | Some(Node::Null), None) => {
            return Err("`names`, the list of class names, is missing".to_string());
        }
        (None | Some(Node::Null), Some(count)) => {
            config
                .notes
                .push("Classes go by their numbers: data.yaml does not name them.".to_string());
            (0..count).map(|class| class.to_string()).collect()
        }
        (Some(node), _) => names(node)?,
    };
    let found = config.classes.len();
    if let Some(count) = count.filter(|count| *count != found) {
        return Err(format!("nc is {count}, but `names` lists {found} classes"));
    }
    for (part, keys) in [
        (Part::Train, &["train"][..]),
        (Part::Validation, &["val", "valid", "validation"]),
        (Part::Test, &["test"]),
    ] {
        let Some((key, node)) = keys.iter().find_map(|key| Some((key, root.get(key)?))) else {
            continue;
        };
        let places = match node {
            Node::Null => continue,
            Node::Text(_) => node.text().map(|place| vec![place.to_string()]),
            Node::List(items) => items
                .iter()
                .map(|item| item.text().map(str::to_string))
                .collect(),
            Node::Map(_) => None,
        };
        match places {
            None => {
                return Err(format!(
                    "{key}: expected a folder, a .txt file that lists pictures, or a list of these"
                ));
            }
            Some(places) if places.is_empty() => {}
            Some(places) => config.parts.push((part, places)),
        }
    }
    Ok(config)
}

/// The class names, from a list or from numbers with names.
fn names(node: &Node) -> Result<Vec<String>, String> {
    let name = |class: usize, node: &Node| {
        let text = node.text().map(str::to_string);
        text.ok_or_else(|| format!("names: class {class} has no name"))
    };
    let names: Vec<String> = match node {
        Node::List(items) => items
            .iter()
            .enumerate()
            .map(|(class, item)| name(class, item))
            .collect::<Result<_, _>>()?,
        Node::Map(pairs) => {
            let mut numbered = Vec::new();
            for (key, node) in pairs {
                let number: usize = key
                    .trim()
                    .parse()
                    .map_err(|_| format!("names: `{key}` is not the number of a class"))?;
                numbered.push((number, name(number, node)?));
            }
            numbered.sort();
            if let Some(place) = numbered
                .iter()
                .enumerate()
                .position(|(place, (number, _))| place != *number)
            {
                return Err(format!(
                    "names: the classes are numbered from 0 without gaps, but class {place} is missing or listed twice"
                ));
            }
            numbered.into_iter().map(|(_, name)| name).collect()
        }
        _ => return Err("names: expected a list of names, or numbers with names".to_string()),
    };
    if names.is_empty() || names.len() > MOST_CLASSES {
        return Err(format!(
            "names: expected 1 to {MOST_CLASSES} names, found {}",
            names.len()
        ));
    }
    Ok(names)
}

/// `kpt_shape: [17, 3]`: 17 points of 3 numbers.
fn key_points(node: Option<&Node>) -> Result<usize, String> {
    const MOST: usize = 10_000;
    match node {
        None | Some(Node::Null) => Ok(0),
        Some(Node::List(items)) if items.len() == 2 => {
            let number = |node: &Node| {
                node.text()?
                    .parse::<usize>()
                    .ok()
                    .filter(|number| *number <= MOST)
            };
            match (number(&items[0]), number(&items[1])) {
                (Some(points), Some(each)) => Ok(points * each),
                _ => Err("kpt_shape: expected two small whole numbers".to_string()),
            }
        }
        Some(_) => Err("kpt_shape: expected two numbers, such as [17, 3]".to_string()),
    }
}
