//! Named weights: out of a module, into a module, and as safetensors files in PyTorch's layout.
//!
//! A name is the path of fields, `layers.0.weight`. Linear weights are stored `[out, in]` as PyTorch does, while
//! in memory they are `[in, out]`.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use crate::ops::to_host;
use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Gradients, Tensor, TensorData};
use measure::digest::{Blake3, blake3};
use measure::files::{FileError, write_atomically};
use safetensors::tensor::Metadata;
use safetensors::{Dtype, SafeTensors, View};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

/// A tensor on the host: f32 values in row-major order.
#[derive(Clone, Debug, PartialEq)]
pub struct Weight {
    /// Size along each dimension.
    pub shape: Vec<usize>,
    /// The values.
    pub values: Vec<f32>,
}

/// Named tensors, in the order of their names.
pub type Weights = BTreeMap<String, Weight>;

/// Why weights could not be read, written or applied.
#[derive(Debug, thiserror::Error)]
pub enum WeightsError {
    /// The file system refused.
    #[error(transparent)]
    File(#[from] FileError),
    /// Not a safetensors file of atelier, or a damaged one.
    #[error("{}: not a complete safetensors file written by atelier: {cause}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        cause: String,
    },
    /// A file whose contents were changed.
    #[error("{}: the file is damaged: its checksum does not match its contents", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
    },
    /// The network has a tensor that is not in the file.
    #[error("no tensor named '{name}': the weights belong to another network")]
    Missing {
        /// The tensor's name.
        name: String,
    },
    /// The file has a tensor that is not in the network.
    #[error("the network has no tensor named '{name}': the weights belong to another one")]
    Surplus {
        /// The tensor's name.
        name: String,
    },
    /// A tensor's shape differs.
    #[error("tensor '{name}' has shape {found:?}, the network expects {expected:?}")]
    Shape {
        /// The tensor's name.
        name: String,
        /// The network's shape.
        expected: Vec<usize>,
        /// The file's shape.
        found: Vec<usize>,
    },
}

/// The path of fields to the parameter being visited.
///
/// Names of enum variants are left out: `layers.0.weight`, not `layers.0.Conv.weight`.
#[derive(Debug, Default)]
pub(crate) struct Names {
    path: Vec<Option<String>>,
}

impl Names {
    pub(crate) fn enter(&mut self, name: &str, container: &str) {
        self.path
            .push((!container.starts_with("Enum:")).then(|| name.to_string()));
    }

    pub(crate) fn exit(&mut self) {
        self.path.pop();
    }

    pub(crate) fn current(&self) -> String {
        self.path
            .iter()
            .flatten()
            .cloned()
            .collect::<Vec<_>>()
            .join(".")
    }
}

/// Values and shape of a tensor on the host.
pub(crate) fn read<const D: usize>(tensor: Tensor<D>) -> Weight {
    let shape = tensor.dims().to_vec();
    Weight {
        shape,
        values: to_host(tensor),
    }
}

/// All parameters and running statistics of a module.
pub fn collect(module: &impl Module) -> Weights {
    Collector::visit(module, None)
}

/// The names of all parameters and running statistics of a module, in the order of its layers.
pub fn order(module: &impl Module) -> Vec<String> {
    #[derive(Default)]
    struct Lister {
        names: Names,
        order: Vec<String>,
    }

    impl ModuleVisitor for Lister {
        fn enter_module(&mut self, name: &str, container: &str) {
            self.names.enter(name, container);
        }

        fn exit_module(&mut self, _: &str, _: &str) {
            self.names.exit();
        }

        fn visit_float<const D: usize>(&mut self, _: &Param<Tensor<D>>) {
            self.order.push(self.names.current());
        }
    }

    let mut lister = Lister::default();
    module.visit(&mut lister);
    lister.order
}

/// The gradients of a module's parameters, named and laid out as [`collect`] does.
pub fn gradients(module: &impl Module, gradients: &mut Gradients) -> Weights {
    Collector::visit(module, Some(gradients))
}

/// Collects a module's parameters or, where there are any, their gradients.
struct Collector<'a> {
    names: Names,
    gradients: Option<&'a mut Gradients>,
    weights: Weights,
}

impl<'a> Collector<'a> {
    fn visit(module: &impl Module, gradients: Option<&'a mut Gradients>) -> Weights {
        let mut collector = Self {
            names: Names::default(),
            gradients,
            weights: Weights::new(),
        };
        module.visit(&mut collector);
        collector.weights
    }
}

impl ModuleVisitor for Collector<'_> {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.names.enter(name, container);
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.names.exit();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let tensor = match &mut self.gradients {
            Some(gradients) => param.val().grad_remove(gradients),
            None => Some(param.val()),
        };
        let Some(tensor) = tensor else { return };
        let mut weight = read(tensor);
        if D == 2 {
            weight = transposed(&weight);
        }
        self.weights.insert(self.names.current(), weight);
    }
}

/// The module with its parameters and running statistics taken from `weights`.
///
/// # Errors
/// [`WeightsError::Missing`] or [`WeightsError::Shape`] for the first tensor that does not fit,
/// [`WeightsError::Surplus`] for the first that the network does not have.
pub fn apply<M: Module>(module: M, weights: &Weights) -> Result<M, WeightsError> {
    struct Loader<'a> {
        names: Names,
        weights: &'a Weights,
        placed: BTreeSet<String>,
        error: Option<WeightsError>,
    }

    impl Loader<'_> {
        fn find(&mut self, dims: &[usize]) -> Result<Weight, WeightsError> {
            let name = self.names.current();
            let Some(weight) = self.weights.get(&name) else {
                return Err(WeightsError::Missing { name });
            };
            self.placed.insert(name.clone());
            let weight = if dims.len() == 2 && weight.shape.len() == 2 {
                transposed(weight)
            } else {
                weight.clone()
            };
            if weight.shape == dims {
                return Ok(weight);
            }
            let (mut expected, mut found) = (dims.to_vec(), weight.shape);
            if dims.len() == 2 {
                expected.reverse();
                found.reverse();
            }
            Err(WeightsError::Shape {
                name,
                expected,
                found,
            })
        }
    }

    impl ModuleMapper for Loader<'_> {
        fn enter_module(&mut self, name: &str, container: &str) {
            self.names.enter(name, container);
        }

        fn exit_module(&mut self, _: &str, _: &str) {
            self.names.exit();
        }

        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            match self.find(&param.dims()) {
                Ok(weight) => param.map(|old| {
                    let data = TensorData::new(weight.values, weight.shape);
                    let new = Tensor::from_data(data, &old.device());
                    new.set_require_grad(old.is_require_grad())
                }),
                Err(error) => {
                    self.error.get_or_insert(error);
                    param
                }
            }
        }
    }

    let mut loader = Loader {
        names: Names::default(),
        weights,
        placed: BTreeSet::new(),
        error: None,
    };
    let module = module.map(&mut loader);
    if let Some(error) = loader.error {
        return Err(error);
    }
    match weights.keys().find(|name| !loader.placed.contains(*name)) {
        Some(name) => Err(WeightsError::Surplus { name: name.clone() }),
        None => Ok(module),
    }
}

fn transposed(weight: &Weight) -> Weight {
    /// A cache line of f32, so that both sides are read and written in whole lines.
    const TILE: usize = 16;
    let (rows, columns) = (weight.shape[0], weight.shape[1]);
    let mut values = vec![0.0; rows * columns];
    for top in (0..rows).step_by(TILE) {
        for left in (0..columns).step_by(TILE) {
            for row in top..rows.min(top + TILE) {
                for column in left..columns.min(left + TILE) {
                    values[column * rows + row] = weight.values[row * columns + column];
                }
            }
        }
    }
    Weight {
        shape: vec![columns, rows],
        values,
    }
}

impl View for &Weight {
    fn dtype(&self) -> Dtype {
        Dtype::F32
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        little_endian(&self.values)
    }

    fn data_len(&self) -> usize {
        self.values.len() * 4
    }
}

/// The values as little-endian bytes, without a copy where memory holds them so.
fn little_endian(values: &[f32]) -> Cow<'_, [u8]> {
    if cfg!(target_endian = "little") {
        return bytemuck::cast_slice(values).into();
    }
    let bytes = values.iter().flat_map(|value| value.to_le_bytes());
    bytes.collect::<Vec<u8>>().into()
}

/// The digest of named tensors: two networks with the same digest have the same weights to the bit.
///
/// It is the BLAKE3 hash of these parts of each tensor, in the byte order of the names: the name's length in bytes, the
/// name (UTF-8), the number of dimensions, each dimension, the values. Values are f32 in row-major order; lengths and
/// dimensions are u64; all numbers are little-endian.
pub fn digest(weights: &Weights) -> String {
    let mut hash = Blake3::default();
    for (name, weight) in weights {
        hash.add(&(name.len() as u64).to_le_bytes());
        hash.add(name.as_bytes());
        hash.add(&(weight.shape.len() as u64).to_le_bytes());
        for &length in &weight.shape {
            hash.add(&(length as u64).to_le_bytes());
        }
        hash.add(&little_endian(&weight.values));
    }
    hash.end()
}

/// The key of our metadata: one entry, because several would be written in a random order.
pub(crate) const ABOUT: &str = "atelier";

/// What the metadata of a file that [`save`] wrote hold.
#[derive(Serialize, Deserialize)]
struct Sealed {
    /// Of the tensors and of `about`.
    digest: String,
    about: Value,
}

impl Sealed {
    fn new(weights: &Weights, about: Value) -> Self {
        let digest = blake3([digest(weights).as_bytes(), about.to_string().as_bytes()]);
        Self { digest, about }
    }

    /// Of a file's header; `None` in other programs' files.
    fn of(header: &Metadata) -> Option<serde_json::Result<Self>> {
        let text = header.metadata().as_ref()?.get(ABOUT)?;
        Some(serde_json::from_str(text))
    }

    fn matches(&self, weights: &Weights) -> bool {
        Self::new(weights, self.about.clone()).digest == self.digest
    }
}

/// Whether the tensors of a safetensors file are those that [`save`] wrote; true for files of other programs, which have no
/// checksum.
pub(crate) fn is_intact(header: &Metadata, weights: &Weights) -> bool {
    match Sealed::of(header) {
        Some(Ok(sealed)) => sealed.matches(weights),
        _ => true,
    }
}

/// Writes weights, with the metadata `about` (as JSON), as a safetensors file, atomically.
///
/// # Errors
/// [`WeightsError::File`] when the file system refuses, [`WeightsError::Format`] when `about` has no JSON form.
pub fn save(path: &Path, weights: &Weights, about: &impl Serialize) -> Result<(), WeightsError> {
    let about = serde_json::to_value(about).map_err(|cause| format_error(path, &cause))?;
    let sealed = serde_json::to_string(&Sealed::new(weights, about));
    let sealed = sealed.map_err(|cause| format_error(path, &cause))?;
    let metadata = HashMap::from([(ABOUT.to_string(), sealed)]);
    let bytes = safetensors::serialize(weights, Some(metadata))
        .map_err(|cause| format_error(path, &cause))?;
    Ok(write_atomically(path, bytes)?)
}

/// Reads a file that [`save`] wrote.
///
/// # Errors
/// [`WeightsError::File`] when it can't be read, [`WeightsError::Format`] when it is not a file of [`save`]'s,
/// [`WeightsError::Damaged`] when it was changed.
pub fn load<T: DeserializeOwned>(path: &Path) -> Result<(Weights, T), WeightsError> {
    of_bytes(path, &measure::files::read_bytes(path)?)
}

/// [`load`] of the bytes of a file, which errors call `path`.
pub(crate) fn of_bytes<T: DeserializeOwned>(
    path: &Path,
    bytes: &[u8],
) -> Result<(Weights, T), WeightsError> {
    let file = SafeTensors::deserialize(bytes).map_err(|cause| format_error(path, &cause))?;
    let (_, header) =
        SafeTensors::read_metadata(bytes).map_err(|cause| format_error(path, &cause))?;
    let sealed = Sealed::of(&header)
        .ok_or_else(|| format_error(path, &format!("no metadata '{ABOUT}'")))?
        .map_err(|cause| format_error(path, &cause))?;
    let mut weights = Weights::new();
    for (name, view) in file.iter() {
        if view.dtype() != Dtype::F32 {
            return Err(WeightsError::Format {
                path: path.to_path_buf(),
                cause: format!("tensor '{name}' has type {:?}, expected F32", view.dtype()),
            });
        }
        let values = view.data().as_chunks().0.iter();
        let values = values.map(|bytes| f32::from_le_bytes(*bytes)).collect();
        weights.insert(
            name.to_string(),
            Weight {
                shape: view.shape().to_vec(),
                values,
            },
        );
    }
    if !sealed.matches(&weights) {
        return Err(WeightsError::Damaged {
            path: path.to_path_buf(),
        });
    }
    let about = serde_json::from_value(sealed.about).map_err(|cause| format_error(path, &cause))?;
    Ok((weights, about))
}

fn format_error(path: &Path, cause: &impl ToString) -> WeightsError {
    WeightsError::Format {
        path: path.to_path_buf(),
        cause: cause.to_string(),
    }
}

#[cfg(test)]
mod tests;
