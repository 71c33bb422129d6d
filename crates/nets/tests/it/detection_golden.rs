//! The detector against torchvision and detectron2: reads the golden files; each submodule compares one family.
//!
//! `golden/detection/README.md` says what every tensor is, how the files were made and how close one should come.

mod boxes;
mod labels;
mod losses;
mod outputs;
mod pyramid;
mod roi_align;
mod whole_model;

use std::collections::BTreeMap;
use std::path::Path;

use kernels::boxes::Xyxy;
use safetensors::{Dtype, SafeTensors};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// How far results may lie from the golden ones, as its README states.
const TOLERANCE: f32 = 2e-5;

/// One golden file.
pub struct Golden {
    shapes: BTreeMap<String, Vec<usize>>,
    floats: BTreeMap<String, Vec<f32>>,
    integers: BTreeMap<String, Vec<i64>>,
    cases: Vec<Value>,
}

impl Golden {
    /// The file of this name (without extension).
    pub fn load(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/detection");
        let bytes =
            std::fs::read(folder.join(format!("{name}.safetensors"))).expect("a golden file");
        let (_, metadata) = SafeTensors::read_metadata(&bytes).expect("a safetensors header");
        let metadata = metadata
            .metadata()
            .as_ref()
            .expect("metadata in the header");
        let cases = serde_json::from_str(&metadata["cases"]).expect("cases as JSON");
        let mut golden = Self {
            shapes: BTreeMap::new(),
            floats: BTreeMap::new(),
            integers: BTreeMap::new(),
            cases,
        };
        for (key, tensor) in SafeTensors::deserialize(&bytes)
            .expect("a safetensors file")
            .tensors()
        {
            golden.shapes.insert(key.clone(), tensor.shape().to_vec());
            match tensor.dtype() {
                Dtype::F32 => {
                    let values = tensor
                        .data()
                        .as_chunks()
                        .0
                        .iter()
                        .map(|b| f32::from_le_bytes(*b));
                    golden.floats.insert(key, values.collect());
                }
                Dtype::I64 => {
                    let values = tensor
                        .data()
                        .as_chunks()
                        .0
                        .iter()
                        .map(|b| i64::from_le_bytes(*b));
                    golden.integers.insert(key, values.collect());
                }
                other => panic!("{name}.{key} holds {other:?}"),
            }
        }
        golden
    }

    /// The cases with their scalar parameters; at least one.
    pub fn cases(&self) -> impl Iterator<Item = Case<'_>> {
        assert!(!self.cases.is_empty());
        self.cases.iter().map(Case)
    }

    /// The shape of a tensor.
    pub fn shape<const D: usize>(&self, key: &str) -> [usize; D] {
        self.shapes[key]
            .as_slice()
            .try_into()
            .expect("as many dimensions as asked for")
    }

    /// The names of all tensors.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.shapes.keys().map(String::as_str)
    }

    /// The shape of a tensor of any number of dimensions.
    pub fn any_shape(&self, key: &str) -> &[usize] {
        &self.shapes[key]
    }

    /// A tensor of floats, flat.
    pub fn floats(&self, key: &str) -> &[f32] {
        self.floats
            .get(key)
            .unwrap_or_else(|| panic!("no floats {key}"))
    }

    /// A tensor of integers, flat.
    pub fn integers(&self, key: &str) -> &[i64] {
        self.integers
            .get(key)
            .unwrap_or_else(|| panic!("no integers {key}"))
    }

    /// A tensor of non-negative integers, flat.
    pub fn indices(&self, key: &str) -> Vec<usize> {
        self.integers(key)
            .iter()
            .map(|&i| usize::try_from(i).expect("an index"))
            .collect()
    }

    /// A tensor of boxes.
    pub fn boxes(&self, key: &str) -> Vec<Xyxy> {
        self.floats(key)
            .as_chunks::<4>()
            .0
            .iter()
            .map(|&b| b.into())
            .collect()
    }
}

/// The parameters of one case.
pub struct Case<'a>(&'a Value);

impl Case<'_> {
    /// Its name, which is also the prefix of its tensors.
    pub fn name(&self) -> &str {
        self.0["case"].as_str().expect("a name")
    }

    /// Whether it has this parameter.
    pub fn has(&self, key: &str) -> bool {
        self.0.get(key).is_some()
    }

    /// One parameter.
    pub fn get<T: DeserializeOwned>(&self, key: &str) -> T {
        let value = self.0[key].clone();
        serde_json::from_value(value).unwrap_or_else(|e| panic!("{} of {}: {e}", key, self.name()))
    }
}

/// Boxes as flat floats.
pub fn flat(boxes: &[Xyxy]) -> Vec<f32> {
    boxes.iter().flat_map(|&b| <[f32; 4]>::from(b)).collect()
}

/// Fails where an element lies further away than the tolerance, with the name of the case.
#[track_caller]
pub fn assert_near(case: &str, got: &[f32], expected: &[f32]) {
    assert_near_within(case, got, expected, |_| TOLERANCE);
}

/// [`assert_near`] with a tolerance for each expected value.
#[track_caller]
pub fn assert_near_within(
    case: &str,
    got: &[f32],
    expected: &[f32],
    tolerance: impl Fn(f32) -> f32,
) {
    assert_eq!(got.len(), expected.len(), "{case}: number of elements");
    for (i, (a, b)) in got.iter().zip(expected).enumerate() {
        // NaN is near nothing.
        let near = (a - b).abs() <= tolerance(*b);
        assert!(near, "{case}, element {i}: {a} instead of {b}");
    }
}

/// Fails where an element is off by more than `relative` times the greatest magnitude of all that is expected.
#[track_caller]
pub fn assert_close(case: &str, got: &[f32], expected: &[f32], relative: f32) {
    let scale = expected.iter().fold(0.0, |most: f32, v| most.max(v.abs()));
    assert_near_within(case, got, expected, |_| {
        relative * scale + f32::MIN_POSITIVE
    });
}
