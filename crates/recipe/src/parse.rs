//! Reading a recipe: text, then `--set key=value`, then types, then ranges.

use super::builtin;
use super::data::SCENES;
use super::error::{RecipeError, WrongLine, closest};
use super::experiment::Recipe;
use super::options::Check;
use super::problem::{Problem, Segment, parse_path, path_text};
use super::value::Node;

use serde::Deserialize;
use std::borrow::Cow;
use std::ops::Range;
use std::path::Path;
use toml::de::{DeTable, DeValue};
use toml::{Spanned, Value};

/// The text of the built-in recipe `name`, or of the file `name` if it ends in `.toml`.
///
/// # Errors
/// An unknown name, or an unreadable file.
pub fn source(name: &str) -> Result<Cow<'static, str>, RecipeError> {
    if let Some(recipe) = builtin::built_in(name) {
        return Ok(Cow::Borrowed(recipe.text));
    }
    let path = Path::new(name);
    let is_file = path
        .extension()
        .is_some_and(|extension| extension == "toml");
    if !is_file {
        let known = builtin::names();
        return Err(RecipeError::Unknown {
            name: name.to_string(),
            nearest: closest(name, &known).map(str::to_string),
            known: known.into_iter().map(str::to_string).collect(),
        });
    }
    let text = std::fs::read_to_string(path).map_err(|source| RecipeError::Read {
        path: path.to_path_buf(),
        source,
    })?;
    Ok(Cow::Owned(text))
}

impl Recipe {
    /// Reads the built-in recipe `name`, or the file `name` if it ends in `.toml`, and then
    /// applies each `key=value` of `sets` in order.
    ///
    /// # Errors
    /// An unknown name, an unreadable file, or whatever is wrong in the text or in `sets`.
    pub fn load<S: AsRef<str>>(name: &str, sets: &[S]) -> Result<Self, RecipeError> {
        Self::parse(&source(name)?, name, sets)
    }

    /// Reads `text`; `origin` is what errors call it.
    ///
    /// # Errors
    /// The first thing that is wrong, with its line or its `--set`.
    pub fn parse<S: AsRef<str>>(text: &str, origin: &str, sets: &[S]) -> Result<Self, RecipeError> {
        let syntax = |error: toml::de::Error| {
            let span = error.span().unwrap_or(0..0);
            let what = error.message().trim().replace('\n', "; ");
            RecipeError::Line(Box::new(WrongLine::new(origin, text, span, what)))
        };
        let places = DeTable::parse(text).map_err(syntax)?;
        let values: Vec<_> = sets.iter().map(|set| value_text(set.as_ref())).collect();
        let sets = sets
            .iter()
            .zip(&values)
            .map(|(set, value)| Setting::parse(set.as_ref(), value))
            .collect::<Result<Vec<_>, _>>()?;
        let mut root = DeValue::Table(places.get_ref().clone());
        for set in &sets {
            set.apply(&mut root)?;
        }
        checked(&root).map_err(|problem| {
            let (span, whole) = locate(&places, &problem);
            match to_blame(&sets, &problem, whole) {
                Some(set) => set.error(problem, text),
                None => RecipeError::Line(Box::new(WrongLine {
                    key: path_text(&problem.path),
                    help: problem.help,
                    ..WrongLine::new(origin, text, span, problem.what)
                })),
            }
        })
    }
}

/// Where the value of a key such as `model.layers[3]` begins in a recipe's text, as line and column from 1; of a key that is
/// not there, the innermost table or list on the way to it.
pub fn place_of(text: &str, key: &str) -> [usize; 2] {
    let (Ok(places), Ok(path)) = (DeTable::parse(text), parse_path(key)) else {
        return [1, 1];
    };
    let problem = Problem {
        path,
        ..Problem::here("")
    };
    let (span, _) = locate(&places, &problem);
    let WrongLine { line, column, .. } = WrongLine::new("", text, span, String::new());
    [line, column]
}

fn checked(root: &DeValue<'_>) -> Result<Recipe, Problem> {
    let mut recipe = Recipe::deserialize(Node(root))?;
    if recipe.data.source == SCENES {
        recipe.data.scenes.get_or_insert_default();
    }
    recipe.check()?;
    // After the checks, whose paths are those of the text.
    recipe.model = recipe.model.with_backbone();
    Ok(recipe)
}

/// Where the problem is in the text, in bytes, and whether its whole path is there. If it is not (a default, or a
/// `--set`), the innermost place on the path.
fn locate(places: &Spanned<DeTable<'_>>, problem: &Problem) -> (Range<usize>, bool) {
    let mut span = places.span();
    if problem.path.is_empty() {
        return (0..0, true);
    }
    let mut value: Option<&DeValue<'_>> = None;
    for (depth, segment) in problem.path.iter().enumerate() {
        let last = depth + 1 == problem.path.len();
        let next = match segment {
            Segment::Key(key) => {
                let table = match value {
                    None => Some(places.get_ref()),
                    Some(value) => value.as_table(),
                };
                table.and_then(|table| table.get_key_value(key.as_str()))
            }
            Segment::Index(index) => {
                match value
                    .and_then(DeValue::as_array)
                    .and_then(|a| a.get(*index))
                {
                    Some(element) => {
                        span = element.span();
                        value = Some(element.get_ref());
                        continue;
                    }
                    None => None,
                }
            }
        };
        let Some((key, found)) = next else {
            return (if depth == 0 { 0..0 } else { span }, false);
        };
        span = if last && problem.at_key {
            key.span()
        } else {
            found.span()
        };
        value = Some(found.get_ref());
    }
    (span, true)
}

/// The last `--set` that caused the problem, if any.
fn to_blame<'a>(
    sets: &'a [Setting<'a>],
    problem: &Problem,
    in_text: bool,
) -> Option<&'a Setting<'a>> {
    sets.iter().rev().find(|set| {
        problem.path.starts_with(&set.path) || (!in_text && set.path.starts_with(&problem.path))
    })
}

/// One `--set key=value`.
struct Setting<'a> {
    argument: &'a str,
    path: Vec<Segment>,
    value: DeValue<'a>,
}

impl<'a> Setting<'a> {
    fn parse(argument: &'a str, value: &'a str) -> Result<Self, RecipeError> {
        let wrong = |what: String| RecipeError::Set {
            argument: argument.to_string(),
            what,
            help: Some("write it as training.epochs=1 or model.layers[0].conv=16".to_string()),
        };
        let (path, _) = argument
            .split_once('=')
            .ok_or_else(|| wrong("there is no `=`".to_string()))?;
        let path = parse_path(path.trim()).map_err(wrong)?;
        if value.is_empty() {
            return Err(wrong("there is no value after `=`".to_string()));
        }
        Ok(Self {
            argument,
            path,
            value: parse_value(value).map_err(wrong)?,
        })
    }

    fn apply(&self, root: &mut DeValue<'a>) -> Result<(), RecipeError> {
        let mut here = root;
        for (depth, segment) in self.path.iter().enumerate() {
            let so_far = || path_text(&self.path[..depth]);
            let wrong = |what: String| RecipeError::Set {
                argument: self.argument.to_string(),
                what,
                help: None,
            };
            here = match (segment, here) {
                (Segment::Key(key), DeValue::Table(table)) => table
                    .entry(Spanned::new(0..0, key.clone().into()))
                    .or_insert_with(|| Spanned::new(0..0, DeValue::Table(DeTable::new())))
                    .get_mut(),
                (Segment::Key(key), other) => {
                    let found = match other {
                        DeValue::String(text) => format!("\"{text}\""),
                        other => format!("a TOML {}", other.type_str()),
                    };
                    return Err(wrong(format!(
                        "{} is {found}, which has no key `{key}`",
                        so_far()
                    )));
                }
                (Segment::Index(index), DeValue::Array(items)) => {
                    let length = items.len();
                    match items.get_mut(*index) {
                        Some(item) => item.get_mut(),
                        None => {
                            return Err(wrong(format!(
                                "{} has {length} elements, counted from 0",
                                so_far()
                            )));
                        }
                    }
                }
                (Segment::Index(_), _) => {
                    return Err(wrong(format!("{} is not a list", so_far())));
                }
            };
        }
        *here = self.value.clone();
        Ok(())
    }

    /// The problem as an error of this argument; for an unknown key the nearest whole path is suggested.
    fn error(&self, problem: Problem, text: &str) -> RecipeError {
        let place = path_text(&problem.path);
        let nearest = problem.at_key.then(|| self.nearest_path(text)).flatten();
        RecipeError::Set {
            argument: self.argument.to_string(),
            what: if problem.path == self.path {
                problem.what
            } else {
                format!("{place}: {}", problem.what)
            },
            help: match nearest {
                Some(path) => Some(format!("did you mean `{path}`?")),
                None => problem.help,
            },
        }
    }

    fn nearest_path(&self, text: &str) -> Option<String> {
        let table = DeTable::parse(text).ok()?;
        let mut recipe = checked(&DeValue::Table(table.into_inner())).ok()?;
        recipe.data.scenes.get_or_insert_default(); // the user may mean one of its keys
        let mut paths = Vec::new();
        collect_paths(
            &Value::Table(recipe.to_table().ok()?),
            &mut Vec::new(),
            &mut paths,
        );
        // The name counts first, then the whole path: `epoch` is `training.epochs`, and of two
        // `learning-rate` the one with the most similar section.
        let typed = path_text(&self.path);
        let name = path_text(&self.path[self.path.len() - 1..]);
        let names: Vec<&str> = paths.iter().filter_map(|p| p.rsplit('.').next()).collect();
        let by_name = closest(&name, &names).and_then(|found| {
            let holders = paths.iter().filter(|p| p.rsplit('.').next() == Some(found));
            closest(&typed, &holders.clone().collect::<Vec<_>>())
                .or_else(|| holders.map(String::as_str).next())
                .map(str::to_string)
        });
        by_name.or_else(|| closest(&typed, &paths).map(str::to_string))
    }
}

fn collect_paths(value: &Value, here: &mut Vec<Segment>, paths: &mut Vec<String>) {
    match value {
        Value::Table(table) => {
            for (key, value) in table {
                here.push(Segment::Key(key.clone()));
                collect_paths(value, here, paths);
                here.pop();
            }
        }
        _ => paths.push(path_text(here)),
    }
}

/// The value of `key=value` as TOML may read it: `.5` is a number on the command line, though not in TOML.
fn value_text(argument: &str) -> Cow<'_, str> {
    let value = argument
        .split_once('=')
        .map_or("", |(_, value)| value.trim());
    match value.strip_prefix('.') {
        Some(decimals) if value.parse::<f64>().is_ok() => Cow::Owned(format!("0.{decimals}")),
        _ => Cow::Borrowed(value),
    }
}

/// TOML, or else plain text: `adam` needs no quotes on the command line.
fn parse_value(text: &str) -> Result<DeValue<'_>, String> {
    match DeValue::parse(text) {
        Ok(value) => Ok(value.into_inner()),
        Err(_) if text.starts_with(['[', '{', '"', '\'']) => {
            Err(format!("`{text}` is not complete TOML"))
        }
        Err(_) => Ok(DeValue::String(text.into())),
    }
}
