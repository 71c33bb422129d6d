//! The GPUs that Burn finds by each interface.

#[cfg(feature = "wgpu")]
use burn::tensor::DeviceKind;
use burn::tensor::{Device, DeviceType, PciVendor};
use measure::record::Machine;

use super::guard::guarded;
use super::{Computer, DeviceError, DeviceInfo, Interface, SOFTWARE, unavailable, works};

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
    let (emulated, mut real): (Vec<Device>, Vec<Device>) = devices
        .into_iter()
        .partition(|device| Some(device) == software.as_ref());
    // Discrete GPUs first, otherwise in the order found.
    real.sort_by_key(|device| !is_discrete(interface, device));
    let numbers = (0..).map(|number: usize| number.to_string());
    let real = numbers.zip(real);
    // Software adapters have no numbers; Burn knows one.
    let emulated = emulated.into_iter().take(1);
    let emulated = emulated.map(|device| (SOFTWARE.to_string(), device));
    real.chain(emulated)
        .map(|(number, device)| (format!("{}:{number}", interface.name()), device))
        .collect()
}

/// Whether wgpu calls it a discrete GPU.
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

/// See [`super::probe::here`]; `silent` is the reason given for a device that has not answered yet.
pub fn probe(
    interface: Interface,
    name: Option<&str>,
    silent: &str,
    tell: &mut dyn FnMut(DeviceInfo),
) {
    let devices = match guarded(|| devices(interface)) {
        Ok(devices) => devices,
        Err(failure) => return tell(unavailable(interface, failure.to_string())),
    };
    for (found, device) in devices {
        let mut info = DeviceInfo {
            software: found.ends_with(SOFTWARE),
            unavailable: Some(silent.to_string()),
            name: found,
            ..DeviceInfo::default()
        };
        tell(info.clone());
        if name.is_some_and(|name| name != info.name) {
            continue; // it need not be opened
        }
        let described = guarded(|| describe(&device, &mut info));
        let described = described.map_err(|failure| failure.to_string());
        info.unavailable = described.and_then(|()| works(&device)).err();
        tell(info);
    }
}

/// Fills in what the device says about itself, and its memory. Opens it.
fn describe(device: &Device, info: &mut DeviceInfo) {
    let Some(identity) = device.identity() else {
        return;
    };
    info.description = identity.name;
    if info.software {
        info.memory_mib = Machine::gather().memory_mib;
        return;
    }
    let Some(physical) = identity.physical else {
        return;
    };
    let Some(address) = physical.pci_address.map(|address| address.to_string()) else {
        return;
    };
    info.memory_mib = match physical.vendor {
        Some(PciVendor::Nvidia) => measure::energy::nvml::Card::at(&address)
            .ok()
            .and_then(|card| card.memory_mib()),
        _ => amd_memory_mib(&address),
    };
    info.address = Some(address);
}

/// The memory of an AMD GPU, from Linux's driver.
fn amd_memory_mib(address: &str) -> Option<u64> {
    let file = format!("/sys/bus/pci/devices/{address}/mem_info_vram_total");
    let bytes: u64 = std::fs::read_to_string(file).ok()?.trim().parse().ok()?;
    Some(bytes >> 20)
}

/// Opens what was probed.
pub fn open(interface: Interface, info: DeviceInfo) -> Result<Computer, DeviceError> {
    let unusable = |reason: String| DeviceError::Unusable {
        name: info.name.clone(),
        reason,
    };
    let devices =
        guarded(|| devices(interface)).map_err(|failure| unusable(failure.to_string()))?;
    let device = devices.into_iter().find(|(name, _)| *name == info.name);
    let (name, device) = device.ok_or_else(|| unusable("it has disappeared".to_string()))?;
    works(&device).map_err(unusable)?;
    Ok(Computer {
        device,
        name,
        threads: rayon::current_num_threads(),
        info: Some(info),
        note: None,
        others: Vec::new(),
    })
}
