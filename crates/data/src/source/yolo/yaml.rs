//! A tree of a YAML file, of bounded depth and size.
//!
//! It is built from the parser's events, because yaml-rust2's own loader recurses without a limit and copies what an alias
//! refers to, so that a few lines could fill the memory. Scalars stay text: a class may be called `no` or `1.0`.

use yaml_rust2::parser::{Event, Parser};
use yaml_rust2::scanner::TScalarStyle;

/// Folders of data sets need three.
const DEPTH: usize = 16;

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    /// Nothing, `~` or `null`.
    Null,
    /// Text or a number, as written.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// Keys with values, in the order of the file.
    Map(Vec<(String, Node)>),
}

impl Node {
    /// The value of a key; of a key that is there twice, the last.
    pub fn get(&self, key: &str) -> Option<&Self> {
        let Self::Map(pairs) = self else { return None };
        pairs
            .iter()
            .rev()
            .find(|(name, _)| name == key)
            .map(|(_, value)| value)
    }

    /// Text that is not empty.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) if !text.trim().is_empty() => Some(text.trim()),
            _ => None,
        }
    }
}

/// What is being read: a list, or a map with the key whose value comes next.
enum Open {
    List(Vec<Node>),
    Map(Vec<(String, Node)>, Option<String>),
}

/// Reads the first document of a file.
///
/// # Errors
/// What is wrong, with its line.
pub fn parse(text: &str) -> Result<Node, String> {
    let mut parser = Parser::new_from_str(text.trim_start_matches('\u{feff}'));
    let mut open: Vec<Open> = Vec::new();
    loop {
        let next = parser.next_token();
        let (event, mark) =
            next.map_err(|error| format!("line {}: {}", error.marker().line(), error.info()))?;
        let line = mark.line();
        let node = match event {
            Event::StreamStart | Event::DocumentStart | Event::Nothing => continue,
            Event::StreamEnd | Event::DocumentEnd => return Ok(Node::Null),
            Event::Alias(_) => {
                return Err(format!(
                    "line {line}: aliases (*name) are not supported; write the value itself"
                ));
            }
            Event::Scalar(text, style, ..) => {
                let null = matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL");
                if style == TScalarStyle::Plain && null {
                    Node::Null
                } else {
                    Node::Text(text)
                }
            }
            Event::SequenceStart(..) | Event::MappingStart(..) if open.len() == DEPTH => {
                return Err(format!(
                    "line {line}: lists and keys are nested more than {DEPTH} deep"
                ));
            }
            Event::SequenceStart(..) => {
                open.push(Open::List(Vec::new()));
                continue;
            }
            Event::MappingStart(..) => {
                open.push(Open::Map(Vec::new(), None));
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => match open.pop() {
                Some(Open::List(items)) => Node::List(items),
                Some(Open::Map(pairs, _)) => Node::Map(pairs),
                None => return Err(format!("line {line}: a list or map ends that never began")),
            },
        };
        match open.last_mut() {
            None => return Ok(node),
            Some(Open::List(items)) => items.push(node),
            Some(Open::Map(pairs, key)) => match (key.take(), node) {
                (Some(key), value) => pairs.push((key, value)),
                (None, Node::Text(text)) => *key = Some(text),
                (None, Node::Null) => *key = Some(String::new()),
                (None, _) => return Err(format!("line {line}: a list or map can't be a key")),
            },
        }
    }
}
