//! A node's options: read by name and type, with an error where the type is another.

use super::initial::tensor;
use super::proto::{AttributeProto, AttributeType};
use super::tensor::Tensor;

/// One option's value.
#[derive(Clone, Debug, PartialEq)]
enum Value {
    Float(f32),
    Integer(i64),
    Text(String),
    Tensor(Tensor),
    Floats(Vec<f32>),
    Integers(Vec<i64>),
    Texts(Vec<String>),
    /// A graph, or anything else that no operator here reads.
    Other,
}

/// All options of a node.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Attributes(Vec<(String, Value)>);

impl Attributes {
    /// Those of a file.
    pub(crate) fn read(attributes: Vec<AttributeProto>) -> Result<Self, String> {
        let read = |attribute: AttributeProto| {
            let name = attribute.name.clone();
            let value =
                value(attribute).map_err(|reason| format!("attribute '{name}' {reason}"))?;
            Ok((name, value))
        };
        attributes
            .into_iter()
            .map(read)
            .collect::<Result<_, String>>()
            .map(Self)
    }

    fn find(&self, name: &str) -> Option<&Value> {
        self.0
            .iter()
            .find(|(own, _)| own == name)
            .map(|(_, value)| value)
    }

    /// Whether there is such an option.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    /// A whole number.
    pub(crate) fn int(&self, name: &str) -> Result<Option<i64>, String> {
        match self.find(name) {
            None => Ok(None),
            Some(Value::Integer(value)) => Ok(Some(*value)),
            Some(_) => Err(format!("attribute '{name}' must be a whole number")),
        }
    }

    /// A whole number, with its default.
    pub(crate) fn int_or(&self, name: &str, default: i64) -> Result<i64, String> {
        Ok(self.int(name)?.unwrap_or(default))
    }

    /// A whole number that says yes or no.
    pub(crate) fn flag(&self, name: &str, default: bool) -> Result<bool, String> {
        Ok(self.int_or(name, i64::from(default))? != 0)
    }

    /// A number, with its default.
    pub(crate) fn float_or(&self, name: &str, default: f32) -> Result<f32, String> {
        match self.find(name) {
            None => Ok(default),
            Some(Value::Float(value)) => Ok(*value),
            Some(_) => Err(format!("attribute '{name}' must be a number")),
        }
    }

    /// A text, with its default.
    pub(crate) fn text_or<'a>(&'a self, name: &str, default: &'a str) -> Result<&'a str, String> {
        match self.find(name) {
            None => Ok(default),
            Some(Value::Text(value)) => Ok(value),
            Some(_) => Err(format!("attribute '{name}' must be a text")),
        }
    }

    /// Whole numbers.
    pub(crate) fn ints(&self, name: &str) -> Result<Option<&[i64]>, String> {
        match self.find(name) {
            None => Ok(None),
            Some(Value::Integers(values)) => Ok(Some(values)),
            Some(_) => Err(format!("attribute '{name}' must be whole numbers")),
        }
    }

    /// Numbers; none where the option is missing.
    pub(crate) fn floats(&self, name: &str) -> Result<&[f32], String> {
        match self.find(name) {
            None => Ok(&[]),
            Some(Value::Floats(values)) => Ok(values),
            // A list without elements does not show its type where the writer left that out.
            Some(Value::Integers(values)) if values.is_empty() => Ok(&[]),
            Some(_) => Err(format!("attribute '{name}' must be numbers")),
        }
    }

    /// Texts; none where the option is missing.
    pub(crate) fn texts(&self, name: &str) -> Result<&[String], String> {
        match self.find(name) {
            None => Ok(&[]),
            Some(Value::Texts(values)) => Ok(values),
            Some(Value::Integers(values)) if values.is_empty() => Ok(&[]),
            Some(_) => Err(format!("attribute '{name}' must be texts")),
        }
    }

    /// A tensor.
    pub(crate) fn tensor(&self, name: &str) -> Result<Option<&Tensor>, String> {
        match self.find(name) {
            None => Ok(None),
            Some(Value::Tensor(value)) => Ok(Some(value)),
            Some(_) => Err(format!("attribute '{name}' must be a tensor")),
        }
    }
}

fn value(attribute: AttributeProto) -> Result<Value, String> {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).map_err(|_| "is not UTF-8".to_string());
    Ok(match attribute.r#type() {
        AttributeType::Float => Value::Float(attribute.f.unwrap_or(0.0)),
        AttributeType::Int => Value::Integer(attribute.i.unwrap_or(0)),
        AttributeType::String => Value::Text(text(attribute.s.unwrap_or_default())?),
        AttributeType::Tensor => Value::Tensor(tensor(attribute.t.unwrap_or_default())?),
        AttributeType::Floats => Value::Floats(attribute.floats),
        AttributeType::Ints => Value::Integers(attribute.ints),
        AttributeType::Strings => Value::Texts(
            attribute
                .strings
                .into_iter()
                .map(text)
                .collect::<Result<_, _>>()?,
        ),
        AttributeType::Graph | AttributeType::Tensors | AttributeType::Graphs => Value::Other,
        // Files of the first version do not note the type: it is that of the field that is filled.
        AttributeType::Undefined => {
            if let Some(value) = attribute.f {
                Value::Float(value)
            } else if let Some(value) = attribute.i {
                Value::Integer(value)
            } else if let Some(value) = attribute.s {
                Value::Text(text(value)?)
            } else if let Some(value) = attribute.t {
                Value::Tensor(tensor(value)?)
            } else if !attribute.floats.is_empty() {
                Value::Floats(attribute.floats)
            } else {
                Value::Integers(attribute.ints)
            }
        }
    })
}
