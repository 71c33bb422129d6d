//! Values looked up in a table.

use std::collections::HashMap;

use crate::attributes::Attributes;
use crate::ops::{Call, Outputs, one, unsuited};
use crate::tensor::{Element, Kind, Tensor, Values, with_values};

/// A value that is looked up.
#[derive(Debug, PartialEq, Eq, Hash)]
enum Key<'a> {
    Text(&'a str),
    Whole(i64),
    /// By its bits; all kinds of NaN are one.
    Float(u64),
}

fn keys(x: &Tensor) -> Result<Vec<Key<'_>>, String> {
    let float = |v: f64| {
        Key::Float(if v.is_nan() {
            f64::NAN.to_bits()
        } else {
            (v + 0.0).to_bits()
        })
    };
    Ok(match x.data() {
        Values::Text(x) => x.iter().map(|text| Key::Text(text)).collect(),
        Values::F32(x) => x.iter().map(|&v| float(v.into())).collect(),
        Values::F64(x) => x.iter().map(|&v| float(v)).collect(),
        Values::Bool(_) | Values::F16(_) | Values::BF16(_) => return Err(unsuited(x.kind())),
        _ => x
            .integers("the input")?
            .into_iter()
            .map(Key::Whole)
            .collect(),
    })
}

/// A column of the table, from the attribute of whichever type is there.
fn column(attributes: &Attributes, name: &str) -> Result<Tensor, String> {
    if let Some(tensor) = attributes.tensor(&format!("{name}_tensor"))? {
        return Ok(tensor.clone());
    }
    let texts = attributes.texts(&format!("{name}_strings"))?;
    if !texts.is_empty() {
        return Ok(Tensor::of([texts.len()], texts.to_vec()));
    }
    let floats = attributes.floats(&format!("{name}_floats"))?;
    if !floats.is_empty() {
        return Ok(Tensor::of([floats.len()], floats.to_vec()));
    }
    let whole = attributes
        .ints(&format!("{name}_int64s"))?
        .unwrap_or_default();
    Ok(Tensor::of([whole.len()], whole.to_vec()))
}

pub(in super::super) fn label_encoder(call: &mut Call) -> Outputs {
    let attributes = call.attributes();
    let x = call.input(0)?;
    if call.opset() < 2 {
        // The first version: a list of texts, and their places.
        let texts = attributes.texts("classes_strings")?;
        return match x.values::<String>() {
            Some(values) => {
                let default = attributes.int_or("default_int64", -1)?;
                let place = |v: &String| texts.iter().position(|text| text == v);
                let places = values
                    .iter()
                    .map(|v| place(v).map_or(default, |at| at as i64));
                one(x.shape(), places.collect())
            }
            None => {
                let default = attributes.text_or("default_string", "_Unused")?;
                let text = |at: &i64| usize::try_from(*at).ok().and_then(|at| texts.get(at));
                let places = x.integers("the input")?;
                let named = places
                    .iter()
                    .map(|at| text(at).cloned().unwrap_or_else(|| default.into()));
                one(x.shape(), named.collect())
            }
        };
    }
    let (names, values) = (column(attributes, "keys")?, column(attributes, "values")?);
    if names.len() != values.len() {
        return Err(format!("{} keys for {} values", names.len(), values.len()));
    }
    let default = match attributes.tensor("default_tensor")? {
        Some(default) => default.cast(values.kind())?,
        None => match values.kind() {
            Kind::Text => Tensor::of(
                [1],
                vec![attributes.text_or("default_string", "_Unused")?.to_string()],
            ),
            Kind::I64 => Tensor::of([1], vec![attributes.int_or("default_int64", -1)?]),
            kind => {
                Tensor::of([1], vec![attributes.float_or("default_float", -0.0)?]).cast(kind)?
            }
        },
    };
    let table: HashMap<Key, usize> = keys(&names)?.into_iter().zip(0..).collect();
    let places: Vec<Option<usize>> = keys(x)?.iter().map(|key| table.get(key).copied()).collect();
    fn pick<T: Element>(
        values: &[T],
        default: &Tensor,
        shape: &[usize],
        places: &[Option<usize>],
    ) -> Outputs {
        let default = match default.expect::<T>("the default")? {
            [default] => default,
            other => return Err(format!("{} defaults", other.len())),
        };
        let value = |place: &Option<usize>| place.map_or(default, |place| &values[place]).clone();
        one(shape, places.iter().map(value).collect())
    }
    with_values!(values.data(), v => pick(v, &default, x.shape(), &places))
}
