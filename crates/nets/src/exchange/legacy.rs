//! A `.pth` file as PyTorch wrote it before 1.6, and still does on demand: five pickles, then the numbers of each storage.
//!
//! The pickles: a magic number, a version, facts about the machine, the state dict, and the keys of the storages in the order
//! in which their numbers follow. Before those stands their count, in 8 bytes.

use std::collections::BTreeMap;

use super::NamedWeights;
use super::number::Number;
use super::pickle::{self, Value, Values};
use super::pth;

/// How the pickle of the magic number begins: version 2, and an integer of 10 bytes.
const MAGIC: &[u8] = &[0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9];
/// The only version that there was.
const VERSION: i64 = 1001;

/// Whether a file begins as these do.
pub(super) fn is_legacy(file: &[u8]) -> bool {
    file.starts_with(MAGIC)
}

/// The tensors of a state dict, in its order.
///
/// # Errors
/// What is damaged, or is not a dictionary of tensors.
pub(super) fn read(file: &[u8]) -> Result<NamedWeights, String> {
    let mut rest = file;
    let mut next = || pickle::read(&mut rest, file.len());
    next()?;
    let (values, version) = next()?;
    match values.get(version) {
        Value::Int(VERSION) => {}
        _ => return Err("its version is not PyTorch's 1001".to_string()),
    }
    let (values, machine) = next()?;
    let order = values
        .named(machine)
        .find(|(name, _)| *name == "little_endian");
    if order.is_some_and(|(_, order)| *values.get(order) != Value::True) {
        return Err("its numbers are big-endian; save it on a little-endian machine".to_string());
    }
    let (values, result) = next()?;
    let (keys, _) = next()?;
    let storages = storages(&values, &keys, rest)?;
    pth::tensors(&values, result, file.len(), |key| {
        let storage = storages.get(key).copied();
        storage.ok_or_else(|| format!("the numbers of storage '{key}' are missing"))
    })
}

/// The bytes of each storage by its key; `bytes` is all that follows the pickle of `keys`.
fn storages<'a>(
    values: &Values,
    keys: &Values,
    bytes: &'a [u8],
) -> Result<BTreeMap<String, &'a [u8]>, String> {
    let mut numbers: BTreeMap<&str, Number> = BTreeMap::new();
    for value in values.iter() {
        if let Value::Storage(storage) = value
            && numbers
                .insert(&storage.key, storage.number)
                .is_some_and(|other| other != storage.number)
        {
            return Err(format!("storage '{}' has two types", storage.key));
        }
    }
    let mut rest = bytes;
    let mut storages = BTreeMap::new();
    // The pickle is a list of keys: its texts are these, in their order.
    let keys = keys.iter().filter_map(|value| match value {
        Value::Text(key) => Some(&**key),
        _ => None,
    });
    for key in keys {
        let truncated = || format!("it is cut off or damaged in storage '{key}'");
        let number = numbers.get(key);
        let number = number.ok_or_else(|| format!("no tensor belongs to storage '{key}'"))?;
        let (count, after) = rest.split_first_chunk().ok_or_else(truncated)?;
        let size = usize::try_from(i64::from_le_bytes(*count)).ok();
        let size = size.and_then(|count| count.checked_mul(number.size()));
        let parts = size.and_then(|size| after.split_at_checked(size));
        let (numbers, after) = parts.ok_or_else(truncated)?;
        if storages.insert(key.to_string(), numbers).is_some() {
            return Err(format!("two storages are called '{key}'"));
        }
        rest = after;
    }
    if !rest.is_empty() {
        return Err(format!("{} bytes follow its last storage", rest.len()));
    }
    Ok(storages)
}
