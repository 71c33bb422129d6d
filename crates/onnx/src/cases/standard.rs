//! ONNX's own cases.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use prost::Message;

use crate::initial::tensor;
use crate::proto::{ModelProto, TensorProto};
use crate::tensor::{Kind, Tensor};
use crate::{Model, OnnxError};

/// A model with what it is given and what it must give.
pub(super) struct Case {
    pub(super) name: String,
    tolerance: [f64; 2],
    pub(super) model: Vec<u8>,
    inputs: Vec<Vec<u8>>,
    outputs: Vec<Vec<u8>>,
}

/// What became of a case.
enum Outcome {
    Passed,
    /// An operator that is not implemented.
    Missing(String),
    /// Something that no classifier needs: an element type, or training.
    Excused(String),
    Failed(String),
}

fn tolerance(text: &str) -> [f64; 2] {
    let numbers: Vec<f64> = text
        .split_whitespace()
        .map(|word| word.parse().unwrap())
        .collect();
    [numbers[0], numbers[1]]
}

/// The cases of the stored file: see `bench/onnx/cases.py` for its form.
pub(super) fn stored() -> Vec<Case> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/cases.bin");
    let bytes = fs::read(path).unwrap();
    let mut rest = &bytes[..];
    let number = |rest: &mut &[u8]| {
        let (first, behind) = rest.split_at(4);
        *rest = behind;
        u32::from_le_bytes(first.try_into().unwrap()) as usize
    };
    let mut cases = Vec::new();
    while !rest.is_empty() {
        let count = number(&mut rest);
        let mut blobs = Vec::new();
        for _ in 0..count {
            let len = number(&mut rest);
            let (blob, behind) = rest.split_at(len);
            rest = behind;
            blobs.push(blob);
        }
        let text = |index: usize| String::from_utf8(blobs[index].to_vec()).unwrap();
        let values = |sort: u8| {
            let of_sort = blobs[3..].iter().filter(|blob| blob[0] == sort);
            of_sort.map(|blob| blob[1..].to_vec()).collect()
        };
        cases.push(Case {
            name: text(0),
            tolerance: tolerance(&text(1)),
            model: blobs[2].to_vec(),
            inputs: values(b'i'),
            outputs: values(b'o'),
        });
    }
    cases
}

fn folder(path: &Path) -> Case {
    let values = |name: &str| {
        let file = |index: usize| fs::read(path.join(format!("{name}_{index}.pb"))).ok();
        (0..).map_while(file).collect()
    };
    Case {
        name: path.file_name().unwrap().to_string_lossy().into(),
        tolerance: tolerance(&fs::read_to_string(path.join("tolerance.txt")).unwrap()),
        model: fs::read(path.join("model.onnx")).unwrap(),
        inputs: values("input"),
        outputs: values("output"),
    }
}

fn decode(bytes: &[u8]) -> Result<Tensor, String> {
    tensor(TensorProto::decode(bytes).map_err(|error| error.to_string())?)
}

fn outcome(case: &Case) -> Outcome {
    match judge(case) {
        Ok(()) => Outcome::Passed,
        Err(Failure::Missing(operator)) => Outcome::Missing(operator),
        Err(Failure::Other(reason)) => {
            let types = reason.contains("type ") && reason.contains("is not supported");
            let training = reason.contains("training mode");
            let unsuited = [
                "string is not supported",
                "sparse ones",
                "uses version 1 of",
            ];
            if types || training || unsuited.iter().any(|text| reason.contains(text)) {
                Outcome::Excused(reason)
            } else {
                Outcome::Failed(reason)
            }
        }
    }
}

enum Failure {
    Missing(String),
    Other(String),
}

impl From<OnnxError> for Failure {
    fn from(error: OnnxError) -> Self {
        match error {
            OnnxError::Operator { operator, .. } => Failure::Missing(operator),
            other => Failure::Other(other.to_string()),
        }
    }
}

fn judge(case: &Case) -> Result<(), Failure> {
    let model = Model::read(&case.model)?;
    let graph = ModelProto::decode(&case.model[..]).unwrap().graph.unwrap();
    let mut inputs = Vec::new();
    for (info, bytes) in graph.input.iter().zip(&case.inputs) {
        inputs.push((info.name.as_str(), decode(bytes).map_err(Failure::Other)?));
    }
    let outputs = model.run(&inputs)?;
    if outputs.len() != case.outputs.len() {
        return Err(Failure::Other(format!("{} outputs", outputs.len())));
    }
    for ((name, made), bytes) in outputs.iter().zip(&case.outputs) {
        let expected = decode(bytes).map_err(Failure::Other)?;
        compare(made, &expected, case.tolerance)
            .map_err(|reason| Failure::Other(format!("output '{name}': {reason}")))?;
    }
    Ok(())
}

/// As NumPy's `assert_allclose`, but whole numbers must be equal.
fn compare(made: &Tensor, expected: &Tensor, [relative, absolute]: [f64; 2]) -> Result<(), String> {
    if made.kind() != expected.kind() || made.shape() != expected.shape() {
        return Err(format!(
            "{} {:?}, not {} {:?}",
            made.kind(),
            made.shape(),
            expected.kind(),
            expected.shape()
        ));
    }
    if !expected.kind().is_float() {
        return match made == expected {
            true => Ok(()),
            false => Err(format!("{:?}, not {:?}", made.data(), expected.data())),
        };
    }
    // Two steps of a bfloat16.
    let relative = if expected.kind() == Kind::BF16 {
        1.0 / 64.0
    } else {
        relative
    };
    let pairs = made.floats("it")?.into_iter().zip(expected.floats("it")?);
    for (at, (made, expected)) in pairs.enumerate() {
        let close = (made - expected).abs() <= absolute + relative * expected.abs();
        if !(close || made == expected || made.is_nan() && expected.is_nan()) {
            return Err(format!("value {at} is {made}, not {expected}"));
        }
    }
    Ok(())
}

#[test]
fn onnx_stored_cases() {
    let cases = stored();
    assert!(cases.len() > 100, "{} cases", cases.len());
    for case in &cases {
        match outcome(case) {
            Outcome::Passed | Outcome::Excused(_) => {}
            Outcome::Missing(reason) | Outcome::Failed(reason) => {
                panic!("{}: {reason}", case.name)
            }
        }
    }
}

/// All cases: `python bench/onnx/cases.py FOLDER`, then with ONNX_CASES=FOLDER this test with `--nocapture`.
#[test]
fn onnx_cases() {
    let Some(path) = std::env::var_os("ONNX_CASES").map(PathBuf::from) else {
        return;
    };
    let mut folders: Vec<PathBuf> = fs::read_dir(path)
        .unwrap()
        .map(|it| it.unwrap().path())
        .collect();
    folders.sort();
    let mut passed = 0;
    let mut missing: BTreeMap<String, usize> = BTreeMap::new();
    let (mut excused, mut failed) = (Vec::new(), Vec::new());
    let mut skipped = 0;
    for path in folders {
        let case = folder(&path);
        if path.join("skipped.txt").exists() {
            skipped += 1;
            continue;
        }
        match outcome(&case) {
            Outcome::Passed => passed += 1,
            Outcome::Missing(operator) => *missing.entry(operator).or_default() += 1,
            Outcome::Excused(reason) => excused.push(format!("{}: {reason}", case.name)),
            Outcome::Failed(reason) => failed.push(format!("{}: {reason}", case.name)),
        }
    }
    let others: usize = missing.values().sum();
    println!(
        "{passed} passed, {} failed, {} excused, {skipped} without tensors, {others} need other operators",
        failed.len(),
        excused.len()
    );
    println!("operators that are missing: {missing:?}");
    excused.iter().for_each(|line| println!("excused: {line}"));
    failed.iter().for_each(|line| println!("failed: {line}"));
    assert!(failed.is_empty());
}

impl Case {
    /// Reads and runs other bytes with this case's inputs, whatever comes of it.
    pub(super) fn run_with(&self, bytes: &[u8]) {
        let Ok(model) = Model::read(bytes) else {
            return;
        };
        let inputs: Vec<Tensor> = self
            .inputs
            .iter()
            .filter_map(|bytes| decode(bytes).ok())
            .collect();
        let names: Vec<String> = model
            .inputs()
            .iter()
            .map(|port| port.name.clone())
            .collect();
        let named: Vec<(&str, Tensor)> = names.iter().map(String::as_str).zip(inputs).collect();
        // Errors are as good as results.
        let _ = model.run(&named);
    }
}
