//! Memory and energy of NVIDIA's GPUs, from the driver's own library (NVML), which is loaded on first use.

use std::ffi::OsStr;
use std::fmt;
use std::sync::Arc;

use nvml_wrapper::Nvml;
use nvml_wrapper::error::NvmlError;

use crate::record::NoEnergy;

/// What the driver installs; the name without a version comes with CUDA's development files only.
#[cfg(target_os = "linux")]
const LIBRARY: &str = "libnvidia-ml.so.1";
#[cfg(not(target_os = "linux"))]
const LIBRARY: &str = "nvml.dll";

/// A GPU, by its place on the bus.
#[derive(Clone)]
pub struct Card {
    nvml: Arc<Nvml>,
    /// As in `0000:01:00.0`.
    address: String,
}

impl fmt::Debug for Card {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Card({})", self.address)
    }
}

impl PartialEq for Card {
    fn eq(&self, other: &Self) -> bool {
        self.address == other.address
    }
}

impl Card {
    /// The GPU at this address, as in `0000:01:00.0`.
    ///
    /// # Errors
    /// [`NoEnergy`] where NVIDIA's driver is not installed or does not know the GPU.
    pub fn at(address: &str) -> Result<Self, NoEnergy> {
        let nvml = Nvml::builder()
            .lib_path(OsStr::new(LIBRARY))
            .init()
            .or_else(|_| Nvml::init())
            .map_err(reason)?;
        nvml.device_by_pci_bus_id(address).map_err(reason)?;
        Ok(Self {
            nvml: Arc::new(nvml),
            address: address.to_string(),
        })
    }

    /// Memory in MiB.
    pub fn memory_mib(&self) -> Option<u64> {
        let card = self.nvml.device_by_pci_bus_id(self.address.as_str()).ok()?;
        Some(card.memory_info().ok()?.total >> 20)
    }

    /// Millijoules since the driver was loaded; GPUs before Volta do not count them.
    ///
    /// # Errors
    /// [`NoEnergy`] where the GPU has no counter.
    pub fn millijoules(&self) -> Result<u64, NoEnergy> {
        let card = self.nvml.device_by_pci_bus_id(self.address.as_str());
        let card = card.map_err(reason)?;
        card.total_energy_consumption().map_err(reason)
    }
}

fn reason(error: NvmlError) -> NoEnergy {
    match error {
        NvmlError::NoPermission => NoEnergy::NotPermitted,
        _ => NoEnergy::NoCounter,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// There is a reason with and without NVIDIA's driver.
    #[test]
    fn a_gpu_that_is_not_there() {
        assert_eq!(Card::at("ffff:ff:1f.7").err(), Some(NoEnergy::NoCounter));
    }
}
