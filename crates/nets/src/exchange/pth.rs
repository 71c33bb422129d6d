//! A `.pth` file: a ZIP archive with a pickle of tensors and an entry of numbers for each storage.

use std::collections::BTreeMap;

use super::pickle::{self, Id, TensorView, Value, Values};
use super::zip;
use crate::weights::{Weight, Weights};

/// Where programs put the weights when they save more than these.
const INSIDE: [&str; 3] = ["state_dict", "model_state_dict", "model"];

/// The tensors of a state dict.
///
/// # Errors
/// What is damaged, or is no dictionary of tensors.
pub(super) fn read(archive: &[u8]) -> Result<Weights, String> {
    let entries = zip::entries(archive)?;
    let (folder, pickled) = entries
        .iter()
        .find_map(|(name, bytes)| Some((name.strip_suffix("data.pkl")?, bytes)))
        .ok_or("an archive without data.pkl: PyTorch did not save it")?;
    if entries
        .get(&format!("{folder}byteorder"))
        .is_some_and(|order| *order == b"big")
    {
        return Err("its numbers have the big end first; save it on a common machine".to_string());
    }
    let (values, result) = pickle::read(pickled)?;
    let mut weights = Weights::new();
    // Tensors may share numbers, but not so that a small file fills the memory.
    let mut left = archive.len();
    for (name, id) in tensors_of(&values, result)? {
        let Value::Tensor(view) = values.get(id) else {
            return Err(format!(
                "'{name}' is no tensor; save the weights alone: torch.save(model.state_dict(), PATH)"
            ));
        };
        let weight = gather(view, &entries, folder, left);
        let weight = weight.map_err(|why| format!("tensor '{name}' {why}"))?;
        left -= weight.values.len();
        if weights.insert(name.to_string(), weight).is_some() {
            return Err(format!("two tensors are named '{name}'"));
        }
    }
    Ok(weights)
}

/// The dictionary of weights: the result itself, or what it holds under one of the usual keys.
fn tensors_of(values: &Values, result: Id) -> Result<Vec<(&str, Id)>, String> {
    let none =
        "it holds no dictionary of tensors; save the weights: torch.save(model.state_dict(), PATH)";
    let outer = pairs(values, result).ok_or(none)?;
    let inner = INSIDE
        .iter()
        .find_map(|key| outer.iter().find(|(name, _)| name == key))
        .and_then(|(_, id)| pairs(values, *id));
    Ok(inner.unwrap_or(outer))
}

fn pairs(values: &Values, id: Id) -> Option<Vec<(&str, Id)>> {
    let Value::Dict(pairs) = values.get(id) else {
        return None;
    };
    let each = pairs.iter().map(|(key, value)| match values.get(*key) {
        Value::Text(name) => Some((name.as_str(), *value)),
        _ => None,
    });
    each.collect()
}

/// The view's elements in row-major order, at most `most`.
fn gather(
    view: &TensorView,
    entries: &BTreeMap<String, &[u8]>,
    folder: &str,
    most: usize,
) -> Result<Weight, String> {
    let key = &view.storage.key;
    let bytes = entries
        .get(&format!("{folder}data/{key}"))
        .ok_or_else(|| format!("lacks its numbers, entry data/{key}"))?;
    let number = view.storage.number;
    let beyond = || "reaches beyond its numbers".to_string();
    let stored = bytes.len() / number.size();
    let shape = view.shape.clone();
    let count = shape
        .iter()
        .try_fold(1_usize, |count, &side| count.checked_mul(side))
        .filter(|count| *count <= stored.min(most))
        .ok_or_else(beyond)?;
    if view.strides.len() != shape.len() {
        return Err("has strides of another number of dimensions".to_string());
    }
    if count == 0 {
        return Ok(Weight {
            shape,
            values: Vec::new(),
        });
    }
    let last = shape
        .iter()
        .zip(&view.strides)
        .try_fold(view.offset, |last, (&side, &stride)| {
            last.checked_add((side - 1).checked_mul(stride)?)
        });
    let last = last.filter(|last| *last < stored).ok_or_else(beyond)?;
    let seen = number.read(&bytes[view.offset * number.size()..(last + 1) * number.size()]);
    let mut values = Vec::with_capacity(count);
    let mut index = vec![0; shape.len()];
    for _ in 0..count {
        let place: usize = index.iter().zip(&view.strides).map(|(i, s)| i * s).sum();
        values.push(seen[place]);
        for axis in (0..shape.len()).rev() {
            index[axis] += 1;
            if index[axis] < shape[axis] {
                break;
            }
            index[axis] = 0;
        }
    }
    Ok(Weight { shape, values })
}
