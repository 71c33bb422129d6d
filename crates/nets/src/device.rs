//! Where computations run: choosing a device by name.

use burn::tensor::Device;
use measure::energy::Meter;
use measure::record::NoEnergy;

/// What computes: a device, and how many threads work on the CPU.
#[derive(Clone, Debug)]
pub struct Computer {
    /// For tensors.
    pub device: Device,
    /// Such as `cpu`.
    pub name: String,
    /// Threads of this process, for records; they are rayon's.
    pub threads: usize,
}

impl Computer {
    /// Counts the energy that computing takes.
    ///
    /// # Errors
    /// [`NoEnergy`] where nothing tells, and for a GPU: the processor's counters would miss it.
    pub fn energy_meter(&self) -> Result<Meter, NoEnergy> {
        match self.name.as_str() {
            "cpu" => Meter::open(),
            _ => Err(NoEnergy::Gpu),
        }
    }
}

/// Why a device can't be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeviceError {
    /// Not a device's name.
    #[error("unknown device '{0}': expected auto, cpu or gpu")]
    Unknown(String),
    /// This build runs on the CPU only.
    #[error("this build has no GPU support, so '{0}' can't be opened; use --device cpu")]
    NotBuilt(String),
}

/// Opens `auto`, `cpu`, or a GPU by name.
///
/// # Errors
/// [`DeviceError`] for a name that means nothing, or a device that this build can't use.
pub fn open(name: &str) -> Result<Computer, DeviceError> {
    let (kind, index) = name.split_once(':').unwrap_or((name, ""));
    match kind {
        "auto" | "cpu" if index.is_empty() => Ok(Computer {
            device: Device::flex(),
            name: "cpu".to_string(),
            threads: rayon::current_num_threads(),
        }),
        "gpu" | "cuda" | "rocm" | "metal" | "vulkan" => {
            Err(DeviceError::NotBuilt(name.to_string()))
        }
        _ => Err(DeviceError::Unknown(name.to_string())),
    }
}

/// A device that can compute.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Listed {
    /// What `--device` calls it.
    pub name: String,
    /// What it is.
    pub description: String,
}

/// The devices of this machine that this build can use.
pub fn list() -> Vec<Listed> {
    let machine = measure::record::Machine::gather();
    let cores = machine
        .cores
        .map_or(String::new(), |cores| format!(", {cores} cores"));
    let cpu = machine
        .cpu
        .unwrap_or_else(|| "unknown processor".to_string());
    vec![Listed {
        name: "cpu".to_string(),
        description: format!("{cpu}{cores}"),
    }]
}
