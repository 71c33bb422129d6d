//! Where computations run: opening a device by name, and listing what there is.
//!
//! Names: `cpu`; `gpu:N` for the GPUs that wgpu finds (Vulkan, Metal, DirectX 12), hardware first, and `gpu:software` for
//! one that the processor emulates; `cuda:N`, `rocm:N`, `metal:N` and `vulkan:N` for those of one maker or interface.
//! `gpu` is the first GPU of any kind, `auto` the same or the CPU. `remote:ID@HOST:PORT` is a device that another process
//! or machine offers.

mod error;
#[cfg(feature = "any-gpu")]
mod gpu;
pub mod guard;
mod interface;
pub mod probe;
#[cfg(feature = "remote")]
mod remote;
#[cfg(test)]
mod tests;
pub mod token;
#[cfg(feature = "remote")]
pub mod worker;

use burn::tensor::Device;
use measure::energy::Meter;
use measure::record::{Machine, NoEnergy};
use serde::{Deserialize, Serialize};

pub use error::DeviceError;
use interface::build_command;
pub use interface::{Interface, can_panic, is_remote_built};

/// What computes: a device, or several that share the images of a training step, and the number of CPU threads.
#[derive(Clone, Debug)]
pub struct Computer {
    /// For tensors; the first of several.
    pub device: Device,
    /// Such as `cpu` or `gpu:0`.
    pub name: String,
    /// Threads of this process, for records; they are rayon's.
    pub threads: usize,
    /// What the device is; `None` for the CPU.
    pub info: Option<DeviceInfo>,
    /// One line on why it is not the device that was asked for.
    pub note: Option<String>,
    /// The other devices that share the images of a training step.
    pub others: Vec<Computer>,
}

impl Computer {
    /// The processor.
    pub fn cpu() -> Self {
        Self {
            device: Device::flex(),
            name: CPU.to_string(),
            threads: rayon::current_num_threads(),
            info: None,
            note: None,
            others: Vec::new(),
        }
    }

    /// Every device, the first one first.
    pub fn all(&self) -> impl Iterator<Item = &Self> {
        std::iter::once(self).chain(&self.others)
    }

    /// The names of all devices, such as `gpu:0,gpu:1`.
    pub fn names(&self) -> String {
        let names: Vec<&str> = self.all().map(|one| one.name.as_str()).collect();
        names.join(",")
    }

    /// Measures the energy that computing takes.
    ///
    /// # Errors
    /// [`NoEnergy`] where no counter covers it: a GPU needs its own, because the processor's would miss it, and no counter
    /// covers several devices, unless all of them are this processor.
    pub fn energy_meter(&self) -> Result<Meter, NoEnergy> {
        if !self.others.is_empty() && self.all().any(|one| one.name != CPU) {
            return Err(NoEnergy::Several);
        }
        let Some(info) = &self.info else {
            return Meter::open();
        };
        Meter::of_gpu(info.address.as_ref().ok_or(NoEnergy::Gpu)?)
    }
}

/// A device, or why it can't be used.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DeviceInfo {
    /// Its name for `--device`.
    pub name: String,
    /// What it is.
    pub description: String,
    /// Its memory in MiB, where the system tells; the computer's for a software adapter.
    pub memory_mib: Option<u64>,
    /// Its place on the bus, as in `0000:01:00.0`.
    pub address: Option<String>,
    /// Whether the processor emulates it: correct, but slow.
    pub software: bool,
    /// Why it can't be used; `None` if it can.
    pub unavailable: Option<String>,
}

const CPU: &str = "cpu";
/// The beginning of the names of other processes' devices.
const REMOTE: &str = "remote";
/// The number of a software adapter.
const SOFTWARE: &str = "software";

/// Fails in a build without remote devices.
///
/// # Errors
/// [`DeviceError::NotBuilt`].
pub fn check_remote_built(name: &str) -> Result<(), DeviceError> {
    if is_remote_built() {
        return Ok(());
    }
    Err(not_built(REMOTE, name))
}

fn not_built(feature: &str, name: &str) -> DeviceError {
    DeviceError::NotBuilt {
        name: name.to_string(),
        command: build_command(feature),
    }
}

/// A parsed device name.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Choice {
    Auto,
    Cpu,
    /// The first GPU of any kind.
    AnyGpu,
    /// One device.
    One(Interface, String),
    /// One of another process.
    Remote,
}

impl Choice {
    fn parse(name: &str) -> Result<Self, DeviceError> {
        let unknown = || DeviceError::Unknown(name.to_string());
        let (kind, number) = match name.split_once(':') {
            Some((kind, number)) => (kind, Some(number)),
            None => (name, None),
        };
        match (kind, number) {
            ("auto", None) => return Ok(Self::Auto),
            (CPU, None) => return Ok(Self::Cpu),
            ("gpu", None) => return Ok(Self::AnyGpu),
            (REMOTE, _) => return Ok(Self::Remote),
            _ => {}
        }
        let interface = Interface::of(kind).ok_or_else(unknown)?;
        let has_software = matches!(interface, Interface::Gpu | Interface::Vulkan);
        let number = match number.unwrap_or("0") {
            SOFTWARE if has_software => SOFTWARE.to_string(),
            number => number.parse::<u16>().map_err(|_| unknown())?.to_string(),
        };
        Ok(Self::One(interface, format!("{kind}:{number}")))
    }
}

/// Finds the devices of an interface, all or the one of the given name, and tries them.
pub type Probe<'a> = dyn Fn(Interface, Option<&str>) -> Vec<DeviceInfo> + 'a;

/// Opens a device by name after `probe` has tried it; a remote one needs the `token` of its worker.
///
/// `auto` and `gpu` fall back to the CPU where no GPU can be used, and say so in [`Computer::note`]; a software adapter is
/// used only if it is named.
///
/// # Errors
/// [`DeviceError`] for an unknown name, or a device that this build or machine can't use.
pub fn open(name: &str, probe: &Probe<'_>, token: Option<&str>) -> Result<Computer, DeviceError> {
    let no_gpu_built = Interface::built().next().is_none();
    match Choice::parse(name)? {
        Choice::Cpu => Ok(Computer::cpu()),
        Choice::Remote => {
            check_remote_built(name)?;
            open_remote(name, token)
        }
        Choice::Auto if no_gpu_built => Ok(Computer::cpu()),
        Choice::AnyGpu if no_gpu_built => Err(not_built(Interface::Gpu.name(), name)),
        Choice::Auto | Choice::AnyGpu => Ok(open_first(probe)),
        Choice::One(interface, _) if !interface.is_built() => {
            Err(not_built(interface.name(), name))
        }
        Choice::One(interface, wanted) => {
            let found = probe(interface, Some(&wanted));
            let names: Vec<String> = found.iter().map(|info| info.name.clone()).collect();
            let unusable = |reason: String| DeviceError::Unusable {
                name: name.to_string(),
                reason: format!("{reason}; `atelier devices` lists what can"),
            };
            match found.into_iter().find(|info| info.name == wanted) {
                None if names.is_empty() => Err(unusable("there is no such device".to_string())),
                None => Err(unusable(format!("there is only {}", names.join(", ")))),
                Some(DeviceInfo {
                    unavailable: Some(reason),
                    ..
                }) => Err(unusable(reason)),
                Some(info) => open_gpu(interface, info),
            }
        }
    }
}

/// The first GPU that works, or else the CPU with a note.
fn open_first(probe: &Probe<'_>) -> Computer {
    let mut reasons = Vec::new();
    for interface in Interface::built() {
        for info in probe(interface, None) {
            if info.software {
                reasons.push(format!("{} is a software adapter", info.name));
            } else if let Some(reason) = &info.unavailable {
                reasons.push(format!("{}: {reason}", info.name));
            } else {
                match open_gpu(interface, info) {
                    Ok(computer) => return computer,
                    Err(error) => reasons.push(error.to_string()),
                }
            }
        }
    }
    let reasons = reasons.join("; ");
    Computer {
        note: Some(format!(
            "no GPU can be used ({reasons}): computing on the CPU"
        )),
        ..Computer::cpu()
    }
}

/// Opens every device of a list such as `gpu:0,gpu:1` or `cpu,remote:ID@HOST:PORT`; a number alone is a GPU's. The first
/// one holds the parameters. `token` is the token of the workers whose devices are used.
///
/// # Errors
/// [`DeviceError`] for the first that can't be used.
pub fn open_list(
    list: &str,
    probe: &Probe<'_>,
    token: Option<&str>,
) -> Result<Computer, DeviceError> {
    let open_part = |name: &str| {
        if name.is_empty() {
            return Err(DeviceError::List(list.to_string()));
        }
        if name.bytes().all(|byte| byte.is_ascii_digit()) {
            return open(&format!("gpu:{name}"), probe, token);
        }
        open(name, probe, token)
    };
    let mut parts = list.split(',').map(str::trim);
    let first = open_part(parts.next().unwrap_or_default())?;
    Ok(Computer {
        others: parts.map(open_part).collect::<Result<_, _>>()?,
        ..first
    })
}

/// Everything that can compute, the CPU first; software adapters too.
pub fn open_all(probe: &Probe<'_>) -> Vec<Computer> {
    let gpus = Interface::built().flat_map(|interface| {
        let found = probe(interface, None).into_iter();
        let works = found.filter(|info| info.unavailable.is_none());
        works.filter_map(move |info| open_gpu(interface, info).ok())
    });
    std::iter::once(Computer::cpu()).chain(gpus).collect()
}

#[cfg(feature = "any-gpu")]
use gpu::open as open_gpu;
#[cfg(feature = "remote")]
use remote::open as open_remote;

#[cfg(not(feature = "any-gpu"))]
fn open_gpu(interface: Interface, info: DeviceInfo) -> Result<Computer, DeviceError> {
    Err(not_built(interface.name(), &info.name))
}

#[cfg(not(feature = "remote"))]
fn open_remote(name: &str, _: Option<&str>) -> Result<Computer, DeviceError> {
    Err(not_built(REMOTE, name))
}

/// Makes the device add numbers: only then are its compiler and its queue known to work.
#[cfg(any(feature = "any-gpu", feature = "remote"))]
fn works(device: &Device) -> Result<(), String> {
    let sum = guard::guarded(|| {
        let x = burn::tensor::Tensor::<1>::from_floats([1.0, 2.0, 3.0], device);
        crate::ops::to_host(x.clone() + x)
    });
    match sum {
        Ok(sum) if sum == [2.0, 4.0, 6.0] => Ok(()),
        Ok(sum) => Err(format!("it computes 1 + 1, 2 + 2, 3 + 3 = {sum:?}")),
        Err(failure) => Err(failure.to_string()),
    }
}

/// The devices of this machine, with the reason for each that can't be used, and how to build in GPUs where this build
/// leaves them out.
pub fn list(probe: &Probe<'_>) -> Vec<DeviceInfo> {
    let machine = Machine::gather();
    let cpu = machine.cpu.as_deref().unwrap_or("unknown processor");
    let description = match machine.cores {
        Some(cores) => format!("{cpu}, {cores} cores"),
        None => cpu.to_string(),
    };
    let mut devices = vec![DeviceInfo {
        name: CPU.to_string(),
        description,
        memory_mib: machine.memory_mib,
        ..DeviceInfo::default()
    }];
    for interface in Interface::ALL {
        if interface.is_built() {
            let found = probe(interface, None);
            if found.is_empty() {
                let reason = "this machine has no such device";
                devices.push(unavailable(interface, reason.to_string()));
            }
            devices.extend(found);
        } else if interface == Interface::Gpu {
            let how = format!("not in this build; {}", build_command(interface.name()));
            devices.push(unavailable(interface, how));
        }
    }
    devices
}

/// An interface that gives no devices.
fn unavailable(interface: Interface, reason: String) -> DeviceInfo {
    DeviceInfo {
        name: interface.name().to_string(),
        unavailable: Some(reason),
        ..DeviceInfo::default()
    }
}
