//! The GPUs that Burn finds by each interface.

#[cfg(feature = "wgpu")]
use burn::tensor::DeviceKind;
use burn::tensor::{Device, DeviceType, PciVendor};
use measure::record::Machine;

use super::guard::guarded;
use super::{Computer, DeviceError, Interface, Listed, SOFTWARE, works};

/// The devices of an interface by name, software adapters last. Nothing is opened yet.
fn devices(interface: Interface) -> Vec<(String, Device)> {
    let found = |kind: DeviceType| -> Vec<Device> { Device::enumerate(kind).into_iter().collect() };
    let (devices, software): (Vec<Device>, Option<Device>) = match interface {
        #[cfg(feature = "cuda")]
        Interface::Cuda => (found(DeviceType::Cuda), None),
        #[cfg(feature = "rocm")]
        Interface::Rocm => (found(DeviceType::Rocm), None),
        #[cfg(feature = "metal")]
        Interface::Metal => (found(DeviceType::Metal), None),
        #[cfg(feature = "vulkan")]
        Interface::Vulkan => (
            found(DeviceType::Vulkan),
            Some(Device::vulkan(DeviceKind::Cpu)),
        ),
        #[cfg(feature = "wgpu")]
        Interface::Gpu => (found(DeviceType::Wgpu), Some(Device::wgpu(DeviceKind::Cpu))),
        #[allow(unreachable_patterns)] // of interfaces that the build leaves out
        _ => (Vec::new(), None),
    };
    let (played, mut real): (Vec<Device>, Vec<Device>) = devices
        .into_iter()
        .partition(|device| Some(device) == software.as_ref());
    // Those with memory of their own first, otherwise as they come.
    real.sort_by_key(|device| !is_discrete(interface, device));
    let numbers = (0..).map(|number: usize| number.to_string());
    let real = numbers.zip(real);
    // Software adapters have no numbers; Burn knows one.
    let played = played.into_iter().take(1);
    let played = played.map(|device| (SOFTWARE.to_string(), device));
    real.chain(played)
        .map(|(number, device)| (format!("{}:{number}", interface.name()), device))
        .collect()
}

/// Whether wgpu says that a GPU has memory of its own.
fn is_discrete(interface: Interface, device: &Device) -> bool {
    match interface {
        #[cfg(feature = "wgpu")]
        Interface::Gpu => {
            (0..64).any(|number| *device == Device::wgpu(DeviceKind::DiscreteGpu(number)))
        }
        #[cfg(feature = "vulkan")]
        Interface::Vulkan => {
            (0..64).any(|number| *device == Device::vulkan(DeviceKind::DiscreteGpu(number)))
        }
        _ => false,
    }
}

/// See [`super::probe::here`]; `silent` is what to say of a device that has not answered yet.
pub fn probe(interface: Interface, name: Option<&str>, silent: &str, tell: &mut dyn FnMut(Listed)) {
    let devices = match guarded(|| devices(interface)) {
        Ok(devices) => devices,
        Err(failure) => return tell(super::missing(interface, failure.to_string())),
    };
    for (found, device) in devices {
        let mut listed = Listed {
            software: found.ends_with(SOFTWARE),
            unavailable: Some(silent.to_string()),
            name: found,
            ..Listed::default()
        };
        tell(listed.clone());
        if name.is_some_and(|name| name != listed.name) {
            continue; // it need not be opened
        }
        let described = guarded(|| describe(&device, &mut listed));
        let described = described.map_err(|failure| failure.to_string());
        listed.unavailable = described.and_then(|()| works(&device)).err();
        tell(listed);
    }
}

/// What the device says of itself, and the system of its memory. Opens it.
fn describe(device: &Device, listed: &mut Listed) {
    let Some(identity) = device.identity() else {
        return;
    };
    listed.description = identity.name;
    if listed.software {
        listed.memory_mib = Machine::gather().memory_mib;
        return;
    }
    let Some(physical) = identity.physical else {
        return;
    };
    let Some(address) = physical.pci_address.map(|address| address.to_string()) else {
        return;
    };
    listed.memory_mib = match physical.vendor {
        Some(PciVendor::Nvidia) => measure::energy::nvml::Card::at(&address)
            .ok()
            .and_then(|card| card.memory_mib()),
        _ => amd_memory_mib(&address),
    };
    listed.address = Some(address);
}

/// What Linux's driver says of the memory of AMD's GPUs.
fn amd_memory_mib(address: &str) -> Option<u64> {
    let file = format!("/sys/bus/pci/devices/{address}/mem_info_vram_total");
    let bytes: u64 = std::fs::read_to_string(file).ok()?.trim().parse().ok()?;
    Some(bytes >> 20)
}

/// Opens what was probed.
pub fn open(interface: Interface, listed: Listed) -> Result<Computer, DeviceError> {
    let unusable = |reason: String| DeviceError::Unusable {
        name: listed.name.clone(),
        reason,
    };
    let devices =
        guarded(|| devices(interface)).map_err(|failure| unusable(failure.to_string()))?;
    let device = devices.into_iter().find(|(name, _)| *name == listed.name);
    let (name, device) = device.ok_or_else(|| unusable("it is gone".to_string()))?;
    works(&device).map_err(unusable)?;
    Ok(Computer {
        device,
        name,
        threads: rayon::current_num_threads(),
        listed: Some(listed),
        note: None,
        others: Vec::new(),
    })
}
