//! Tensors whose elements are in other files beside the model, as PyTorch writes them.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Component, Path};

use super::error::OnnxError;
use super::proto::{ModelProto, TensorProto};

/// Where a tensor's elements are, when they are in another file.
pub(crate) const EXTERNAL: i32 = 1;

/// Reads the elements that are beside the model at `path` into its tensors.
pub(crate) fn fetch(model: &mut ModelProto, path: &Path) -> Result<(), OnnxError> {
    let folder = path.parent().unwrap_or(Path::new(""));
    let Some(graph) = &mut model.graph else {
        return Ok(());
    };
    for tensor in &mut graph.initializer {
        if tensor.data_location == Some(EXTERNAL) || !tensor.external_data.is_empty() {
            let bytes = elements(tensor, folder).map_err(|reason| {
                OnnxError::Unsuitable(format!("tensor '{}' {reason}", tensor.name))
            })?;
            tensor.raw_data = Some(bytes);
            tensor.data_location = None;
            tensor.external_data.clear();
        }
    }
    Ok(())
}

fn elements(tensor: &TensorProto, folder: &Path) -> Result<Vec<u8>, String> {
    let entry = |key: &str| {
        let found = tensor.external_data.iter().find(|entry| entry.key == key);
        found.map(|entry| entry.value.as_str())
    };
    let number = |key: &str| match entry(key) {
        Some(text) => {
            let number = text.parse::<u64>();
            number
                .map(Some)
                .map_err(|_| format!("has the {key} '{text}'"))
        }
        None => Ok(None),
    };
    let location =
        entry("location").ok_or("has its values in another file, and does not say in which")?;
    let beside = Path::new(location);
    // A model must not make this program read files of other folders.
    if !beside
        .components()
        .all(|part| matches!(part, Component::Normal(_) | Component::CurDir))
    {
        return Err(format!(
            "has its values in '{location}', which is not beside the model"
        ));
    }
    let path = folder.join(beside);
    let failed = |cause: std::io::Error| {
        format!(
            "has its values in {}, which can't be read: {cause}; put the file beside the model, or save both as one",
            path.display()
        )
    };
    let mut file = File::open(&path).map_err(failed)?;
    let size = file.metadata().map_err(failed)?.len();
    let offset = number("offset")?.unwrap_or(0);
    let rest = size.checked_sub(offset);
    let length = match (number("length")?, rest) {
        (Some(length), Some(rest)) if length <= rest => length,
        (None, Some(rest)) => rest,
        (length, _) => {
            return Err(format!(
                "has {} from byte {offset} on of {}, which has {size}: it was cut, or belongs to another model",
                length.map_or("its values".to_string(), |length| format!("{length} bytes")),
                path.display()
            ));
        }
    };
    file.seek(SeekFrom::Start(offset)).map_err(failed)?;
    let mut bytes = Vec::new();
    file.take(length).read_to_end(&mut bytes).map_err(failed)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::{GraphProto, StringStringEntryProto};

    fn fetched(entries: &[(&str, &str)]) -> Result<Vec<u8>, String> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("weights"), [1, 2, 3, 4, 5]).unwrap();
        let entry = |&(key, value): &(&str, &str)| StringStringEntryProto {
            key: key.to_string(),
            value: value.to_string(),
        };
        let tensor = TensorProto {
            name: "w".to_string(),
            data_location: Some(EXTERNAL),
            external_data: entries.iter().map(entry).collect(),
            ..Default::default()
        };
        let mut model = ModelProto {
            graph: Some(GraphProto {
                initializer: vec![tensor],
                ..Default::default()
            }),
            ..Default::default()
        };
        fetch(&mut model, &folder.path().join("model.onnx")).map_err(|error| error.to_string())?;
        Ok(model.graph.unwrap().initializer.remove(0).raw_data.unwrap())
    }

    #[test]
    fn elements_are_read_from_beside_the_model() {
        assert_eq!(fetched(&[("location", "weights")]), Ok(vec![1, 2, 3, 4, 5]));
        let part = [("location", "./weights"), ("offset", "1"), ("length", "3")];
        assert_eq!(fetched(&part), Ok(vec![2, 3, 4]));
        let cases = [
            (&[][..], "does not say in which"),
            (&[("location", "/etc/hostname")], "not beside the model"),
            (&[("location", "../weights")], "not beside the model"),
            (&[("location", "missing")], "put the file beside the model"),
            (&[("location", "weights"), ("offset", "6")], "it was cut"),
            (&[("location", "weights"), ("length", "6")], "it was cut"),
            (
                &[("location", "weights"), ("length", "18446744073709551615")],
                "it was cut",
            ),
            (
                &[("location", "weights"), ("offset", "-1")],
                "the offset '-1'",
            ),
        ];
        for (entries, expected) in cases {
            let error = fetched(entries).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
    }
}
