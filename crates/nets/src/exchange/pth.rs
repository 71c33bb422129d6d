//! A `.pth` file: a ZIP archive with a pickle of tensors and an entry of numbers for each storage.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::NamedWeights;
use super::pickle::{self, Id, TensorView, Value, Values};
use crate::weights::Weight;
use data::zip::{self, Entry};

/// Where programs put the weights when they save more than these.
const USUAL_KEYS: [&str; 3] = ["state_dict", "model_state_dict", "model"];
/// How many dictionaries deep the weights may lie.
const MOST_DEPTH: usize = 3;
/// Elements that tensors may share with others without a limit; beyond them, one for each byte of the file.
const SHARED_ELEMENTS: usize = 1 << 24;
/// What a module keeps beside its tensors; it is of no use here.
const EXTRA_STATE: &str = "_extra_state";

/// The tensors of a state dict, in its order.
///
/// # Errors
/// What is damaged, or is not a dictionary of tensors.
pub(super) fn read(archive: &[u8]) -> Result<NamedWeights, String> {
    let entries = zip::entries(archive)?;
    let has = |what: &str| entries.keys().any(|name| name.ends_with(what));
    if has("/constants.pkl") || entries.keys().any(|name| name.contains("/code/")) {
        return Err(
            "a TorchScript archive; save the state dict: torch.save(model.state_dict(), PATH)"
                .to_string(),
        );
    }
    if has("archive_format") || has("models/model.json") {
        return Err("an archive of torch.export; save the state dict: \
                    torch.save(program.state_dict, PATH)"
            .to_string());
    }
    let folder = entries
        .keys()
        .find_map(|name| name.strip_suffix("data.pkl"))
        .ok_or("an archive without data.pkl: torch.save did not write it")?;
    let storages = Storages {
        entries: &entries,
        folder,
    };
    if storages
        .read("byteorder")
        .is_ok_and(|order| order == b"big")
    {
        return Err("its numbers are big-endian; save it on a little-endian machine".to_string());
    }
    let (values, result) = pickle::read(&mut storages.read("data.pkl")?, archive.len())?;
    tensors(&values, result, archive.len(), |key| {
        storages.read(&format!("data/{key}"))
    })
}

/// The tensors of the state dict in a pickle's `result`, in its order; `storage` gives the bytes of a storage. They lie in a
/// file of `file_size` bytes.
///
/// # Errors
/// What is damaged, or is not a dictionary of tensors.
pub(super) fn tensors<'a>(
    values: &Values,
    result: Id,
    file_size: usize,
    storage: impl Fn(&str) -> Result<&'a [u8], String>,
) -> Result<NamedWeights, String> {
    let mut read = BTreeMap::new();
    let mut weights = NamedWeights::new();
    let mut names = BTreeSet::new();
    // Tensors may share numbers, but not so that a small file fills the memory.
    let mut left = file_size + SHARED_ELEMENTS;
    for (name, id) in state_dict(values, result)? {
        let Value::Tensor(view) = values.get(id) else {
            if name.ends_with(EXTRA_STATE) {
                continue;
            }
            return Err(format!(
                "'{name}' is not a tensor; save the weights alone: torch.save(model.state_dict(), PATH)"
            ));
        };
        let key = &view.storage.key;
        let bytes = match read.get(key) {
            Some(bytes) => *bytes,
            None => {
                let bytes = storage(key)?;
                read.insert(key.clone(), bytes);
                bytes
            }
        };
        let weight = gather(view, bytes, left).map_err(|why| format!("tensor '{name}' {why}"))?;
        left -= weight.values.len();
        if !names.insert(name) {
            return Err(format!("two tensors are named '{name}'"));
        }
        weights.push((name.to_string(), weight));
    }
    Ok(weights)
}

/// The entries below the archive's folder.
struct Storages<'a> {
    entries: &'a BTreeMap<String, Entry<'a>>,
    folder: &'a str,
}

impl<'a> Storages<'a> {
    fn read(&self, name: &str) -> Result<&'a [u8], String> {
        let path = format!("{}{name}", self.folder);
        let entry = self.entries.get(&path);
        let bytes = entry
            .ok_or_else(|| "is missing".to_string())
            .and_then(|entry| match entry.read()? {
                Cow::Borrowed(bytes) => Ok(bytes),
                Cow::Owned(_) => Err("is compressed; PyTorch does not compress".to_string()),
            });
        bytes.map_err(|why| format!("'{path}' {why}"))
    }
}

/// The dictionary of weights: the result itself, or one that it holds, under one of the usual keys or as the only one with
/// tensors.
fn state_dict(values: &Values, result: Id) -> Result<Vec<(&str, Id)>, String> {
    let has_tensors = |id: Id| {
        let mut inner = values.named(id);
        inner.any(|(_, id)| matches!(values.get(id), Value::Tensor(_)))
    };
    let mut level = vec![("", result)];
    let mut seen = BTreeSet::new();
    for _ in 0..MOST_DEPTH {
        let inner: Vec<(&str, Id)> = level
            .iter()
            .flat_map(|(_, id)| values.named(*id))
            .filter(|(_, id)| matches!(values.get(*id), Value::Dict(_)) && seen.insert(*id))
            .collect();
        let usual = USUAL_KEYS
            .iter()
            .filter_map(|key| inner.iter().find(|(name, _)| name == key))
            .find(|(_, id)| has_tensors(*id));
        let mut with_tensors = level.iter().filter(|(_, id)| has_tensors(*id));
        let chosen = match (usual, with_tensors.next(), with_tensors.next()) {
            (Some(usual), ..) => Some(usual),
            (None, Some((one, _)), Some((other, _))) => {
                return Err(format!(
                    "it holds tensors under '{one}' and under '{other}'; save one of them: \
                     torch.save(model.state_dict(), PATH)"
                ));
            }
            (None, one, _) => one,
        };
        if let Some((_, id)) = chosen {
            return Ok(values.named(*id).collect());
        }
        level = inner;
    }
    Err(
        "it holds no dictionary of tensors; save the weights: torch.save(model.state_dict(), PATH)"
            .to_string(),
    )
}

/// The view's elements in row-major order, at most `most`.
fn gather(view: &TensorView, bytes: &[u8], most: usize) -> Result<Weight, String> {
    let number = view.storage.number;
    let size = number.size();
    let shape = view.shape.clone();
    if view.strides.len() != shape.len() {
        return Err("has strides of another number of dimensions".to_string());
    }
    let count = shape
        .iter()
        .try_fold(1_usize, |count, &side| count.checked_mul(side));
    let count = count.filter(|count| *count <= most);
    let count = count.ok_or("has more elements than a file of this size should hold")?;
    let sides = shape.iter().zip(&view.strides);
    let last = sides
        .clone()
        .try_fold(view.offset, |last, (&side, &stride)| {
            last.checked_add(side.saturating_sub(1).checked_mul(stride)?)
        });
    if count > 0 && last.is_none_or(|last| last >= bytes.len() / size) {
        return Err("reaches beyond its numbers".to_string());
    }
    let mut gathered = Vec::with_capacity(count * size);
    let mut index = vec![0; shape.len()];
    for _ in 0..count {
        let place: usize = index.iter().zip(&view.strides).map(|(i, s)| i * s).sum();
        let at = (view.offset + place) * size;
        gathered.extend_from_slice(&bytes[at..at + size]);
        for axis in (0..shape.len()).rev() {
            index[axis] += 1;
            if index[axis] < shape[axis] {
                break;
            }
            index[axis] = 0;
        }
    }
    let mut values = number.read(&gathered);
    if view.negative {
        values.iter_mut().for_each(|value| *value = -*value);
    }
    Ok(Weight { shape, values })
}
