//! Where computations run: choosing a device by name, and what there is to choose from.
//!
//! Names: `cpu`; `gpu:N` for the GPUs that wgpu finds (Vulkan, Metal, DirectX 12), real ones first, and `gpu:software`
//! for one that the processor only plays; `cuda:N`, `rocm:N`, `metal:N` and `vulkan:N` for those of one maker or
//! interface. `gpu` is the first GPU of any kind, `auto` the same or the CPU. `remote:ID@HOST:PORT` is a device that
//! another process or machine offers.

#[cfg(feature = "any-gpu")]
mod gpu;
pub mod guard;
mod list;
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

pub use list::open_list;

/// What computes: a device, or several that share the images of a training step, and how many threads work on the CPU.
#[derive(Clone, Debug)]
pub struct Computer {
    /// For tensors; the first of several.
    pub device: Device,
    /// Such as `cpu` or `gpu:0`.
    pub name: String,
    /// Threads of this process, for records; they are rayon's.
    pub threads: usize,
    /// What the device is; nothing for the CPU.
    pub listed: Option<Listed>,
    /// Why it is not what was asked for, in a line.
    pub note: Option<String>,
    /// What else shares the images of a training step.
    pub others: Vec<Computer>,
}

impl Computer {
    /// The processor.
    pub fn cpu() -> Self {
        Self {
            device: Device::flex(),
            name: CPU.to_string(),
            threads: rayon::current_num_threads(),
            listed: None,
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

    /// Counts the energy that computing takes.
    ///
    /// # Errors
    /// [`NoEnergy`] where nothing tells. Of a GPU only its own counter does: the processor's would miss it. Of several
    /// devices none tells of all, unless they are this processor.
    pub fn energy_meter(&self) -> Result<Meter, NoEnergy> {
        if !self.others.is_empty() && self.all().any(|one| one.name != CPU) {
            return Err(NoEnergy::Several);
        }
        match &self.listed {
            None => Meter::open(),
            Some(listed) => match &listed.address {
                Some(address) => Meter::of_gpu(address),
                None => Err(NoEnergy::Gpu),
            },
        }
    }
}

/// Why a device can't be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeviceError {
    /// Not a device's name.
    #[error(
        "unknown device '{0}': expected auto, cpu, gpu, gpu:N, gpu:software, cuda:N, rocm:N, metal:N, vulkan:N \
         (`atelier devices` lists those of this machine) or remote:ID@HOST:PORT (as `atelier worker` prints it)"
    )]
    Unknown(String),
    /// An empty place in a list of devices.
    #[error("'{0}' is no list of devices: expected names between commas, as in gpu:0,gpu:1")]
    List(String),
    /// This build can't use such a device.
    #[error(
        "this build has no support for '{name}'; build it with\n  {command}\nor use --device cpu"
    )]
    NotBuilt {
        /// What was asked for.
        name: String,
        /// What makes a build that can.
        command: String,
    },
    /// This build can't use or offer devices of other processes.
    #[error("this build knows no devices of other machines ('{name}'); build it with\n  {command}")]
    NoRemote {
        /// What was asked for.
        name: String,
        /// What makes a build that can.
        command: String,
    },
    /// It is not there, or does not work.
    #[error("'{name}' can't be used: {reason}; `atelier devices` lists what can")]
    Unusable {
        /// What was asked for.
        name: String,
        /// Why not.
        reason: String,
    },
    /// The address of a remote device is not one.
    #[error(
        "'{name}' is no address of a remote device: {reason}; expected remote:ID@HOST:PORT, as `atelier worker` prints it"
    )]
    Address {
        /// What was asked for.
        name: String,
        /// What is wrong.
        reason: String,
    },
    /// A remote device is asked for without what proves that one may use it.
    #[error(
        "'{0}' wants its worker's token: put the text of the worker's token file into the variable ATELIER_TOKEN, \
         or name a copy of the file with --token-file"
    )]
    NoToken(String),
    /// A remote device can't be reached, or does not work.
    #[error("'{name}' can't be used: {reason}")]
    Remote {
        /// What was asked for.
        name: String,
        /// Why not, and what to do.
        reason: String,
    },
}

/// A device, or why there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// What `--device` calls it.
    pub name: String,
    /// What it is.
    pub description: String,
    /// Its memory in MiB, where the system tells; of a software adapter the computer's.
    #[serde(default)]
    pub memory_mib: Option<u64>,
    /// Where it sits on the bus, as in `0000:01:00.0`.
    #[serde(default)]
    pub address: Option<String>,
    /// Whether the processor only plays it: right, but slow.
    #[serde(default)]
    pub software: bool,
    /// Why it can't be used; nothing: it can.
    #[serde(default)]
    pub unavailable: Option<String>,
}

const CPU: &str = "cpu";
/// What the names of devices of other processes begin with.
const REMOTE: &str = "remote";
/// The number of a software adapter.
const SOFTWARE: &str = "software";

/// An interface to GPUs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interface {
    /// NVIDIA's.
    Cuda,
    /// AMD's.
    Rocm,
    /// Apple's.
    Metal,
    /// Vulkan alone, with shaders in SPIR-V.
    Vulkan,
    /// wgpu: Vulkan, Metal or DirectX 12, with shaders in WGSL.
    Gpu,
}

impl Interface {
    /// All, those first that know their devices best.
    pub const ALL: [Self; 5] = [Self::Cuda, Self::Rocm, Self::Metal, Self::Vulkan, Self::Gpu];

    /// What names begin with; the feature of the build is called the same.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cuda => "cuda",
            Self::Rocm => "rocm",
            Self::Metal => "metal",
            Self::Vulkan => "vulkan",
            Self::Gpu => "gpu",
        }
    }

    /// The interface that a device's name begins with.
    pub fn of(name: &str) -> Option<Self> {
        let kind = name.split(':').next();
        let mut interfaces = Self::ALL.into_iter();
        interfaces.find(|interface| Some(interface.name()) == kind)
    }

    /// Whether this build can use it.
    pub fn is_built(self) -> bool {
        match self {
            Self::Cuda => cfg!(feature = "cuda"),
            Self::Rocm => cfg!(feature = "rocm"),
            Self::Metal => cfg!(feature = "metal"),
            Self::Vulkan => cfg!(feature = "vulkan"),
            Self::Gpu => cfg!(feature = "wgpu"),
        }
    }

    /// What makes a build that can use it, beside those that this one can.
    pub fn build_command(self) -> String {
        build_command(self.name())
    }
}

/// What makes a build with this feature, beside those that this one has.
fn build_command(feature: &str) -> String {
    let built = Interface::ALL.map(|interface| (interface.name(), interface.is_built()));
    let built = built.into_iter().chain([(REMOTE, is_remote_built())]);
    let wanted = built.filter(|(name, is_built)| *is_built || *name == feature);
    let features: Vec<&str> = wanted.map(|(name, _)| name).collect();
    format!(
        "cargo install --path crates/atelier --features {}",
        features.join(",")
    )
}

/// Whether this build can use, and offer, devices of other processes.
pub fn is_remote_built() -> bool {
    cfg!(feature = "remote")
}

/// Whether this build knows devices that tell of their failures by panics.
pub fn can_panic() -> bool {
    is_remote_built() || Interface::ALL.into_iter().any(Interface::is_built)
}

/// Why nothing remote can be done.
///
/// # Errors
/// [`DeviceError::NoRemote`] in a build without it.
pub fn check_remote_built(name: &str) -> Result<(), DeviceError> {
    match is_remote_built() {
        true => Ok(()),
        false => Err(DeviceError::NoRemote {
            name: name.to_string(),
            command: build_command(REMOTE),
        }),
    }
}

/// A name as typed, taken apart.
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
        let played = matches!(interface, Interface::Gpu | Interface::Vulkan);
        let number = match number.unwrap_or("0") {
            SOFTWARE if played => SOFTWARE.to_string(),
            number => number.parse::<u16>().map_err(|_| unknown())?.to_string(),
        };
        Ok(Self::One(interface, format!("{kind}:{number}")))
    }
}

/// Finds the devices of an interface, all or the one of the given name, and tries them.
pub type Probe<'a> = dyn Fn(Interface, Option<&str>) -> Vec<Listed> + 'a;

/// Opens a device by name, probing in this process.
///
/// # Errors
/// [`DeviceError`] for a name that means nothing, or a device that this build or machine can't use.
pub fn open(name: &str) -> Result<Computer, DeviceError> {
    open_one(name, &probe::in_thread, None)
}

/// Opens a device by name after `probe` has tried it; `token` is that of the worker that offers it, where another process
/// does.
///
/// `auto` and `gpu` take the CPU where no GPU can be used, and say so in [`Computer::note`]; a software adapter is
/// taken only by its name.
///
/// # Errors
/// As [`open`], and where the worker can't be reached or refuses the token.
pub fn open_one(
    name: &str,
    probe: &Probe<'_>,
    token: Option<&str>,
) -> Result<Computer, DeviceError> {
    let built = || Interface::ALL.into_iter().filter(|i| i.is_built());
    match Choice::parse(name)? {
        Choice::Cpu => Ok(Computer::cpu()),
        Choice::Remote => {
            check_remote_built(name)?;
            opened_remote(name, token)
        }
        Choice::Auto if built().next().is_none() => Ok(Computer::cpu()),
        Choice::AnyGpu if built().next().is_none() => Err(not_built(Interface::Gpu, name)),
        Choice::Auto | Choice::AnyGpu => {
            let mut reasons = Vec::new();
            for interface in built() {
                // The first that works, of all that are there.
                for found in probe(interface, None) {
                    match (found.software, &found.unavailable) {
                        (true, _) => reasons.push(format!("{} is a software adapter", found.name)),
                        (_, Some(reason)) => reasons.push(format!("{}: {reason}", found.name)),
                        (false, None) => match opened(interface, found) {
                            Ok(computer) => return Ok(computer),
                            Err(error) => reasons.push(error.to_string()),
                        },
                    }
                }
            }
            Ok(Computer {
                note: Some(format!(
                    "no GPU can be used ({}): computing on the CPU",
                    reasons.join("; ")
                )),
                ..Computer::cpu()
            })
        }
        Choice::One(interface, _) if !interface.is_built() => Err(not_built(interface, name)),
        Choice::One(interface, wanted) => {
            let found = probe(interface, Some(&wanted));
            let names: Vec<String> = found.iter().map(|listed| listed.name.clone()).collect();
            let unusable = |reason: String| DeviceError::Unusable {
                name: name.to_string(),
                reason,
            };
            let chosen = found.into_iter().find(|listed| listed.name == wanted);
            let chosen = chosen.ok_or_else(|| {
                unusable(match names.len() {
                    0 => "there is no such device".to_string(),
                    _ => format!("there is only {}", names.join(", ")),
                })
            })?;
            match chosen.unavailable {
                Some(reason) => Err(unusable(reason)),
                None => opened(interface, chosen),
            }
        }
    }
}

/// Everything that can compute, the CPU first; software adapters too.
pub fn open_all(probe: &Probe<'_>) -> Vec<Computer> {
    let built = Interface::ALL.into_iter().filter(|i| i.is_built());
    let found = built.flat_map(|interface| {
        let found = probe(interface, None).into_iter();
        let works = found.filter(|listed| listed.unavailable.is_none());
        works.filter_map(move |listed| opened(interface, listed).ok())
    });
    std::iter::once(Computer::cpu()).chain(found).collect()
}

fn not_built(interface: Interface, name: &str) -> DeviceError {
    DeviceError::NotBuilt {
        name: name.to_string(),
        command: interface.build_command(),
    }
}

#[cfg(feature = "any-gpu")]
fn opened(interface: Interface, listed: Listed) -> Result<Computer, DeviceError> {
    gpu::open(interface, listed)
}

#[cfg(not(feature = "any-gpu"))]
fn opened(interface: Interface, listed: Listed) -> Result<Computer, DeviceError> {
    Err(not_built(interface, &listed.name))
}

#[cfg(feature = "remote")]
fn opened_remote(name: &str, token: Option<&str>) -> Result<Computer, DeviceError> {
    remote::open(name, token)
}

#[cfg(not(feature = "remote"))]
fn opened_remote(name: &str, _: Option<&str>) -> Result<Computer, DeviceError> {
    Err(DeviceError::Unknown(name.to_string()))
}

/// Makes the device add: only then are its compiler and its queue known to work.
#[cfg(any(feature = "any-gpu", feature = "remote"))]
fn works(device: &Device) -> Result<(), String> {
    let sum = guard::guarded(|| {
        let x = burn::tensor::Tensor::<1>::from_floats([1.0, 2.0, 3.0], device);
        crate::ops::to_host(x.clone() + x)
    });
    match sum {
        Ok(sum) if sum == [2.0, 4.0, 6.0] => Ok(()),
        Ok(sum) => Err(format!("it says that 1 + 1, 2 + 2, 3 + 3 = {sum:?}")),
        Err(failure) => Err(failure.to_string()),
    }
}

/// The devices of this machine, with the reason why one can't be used; of an interface that this build leaves out, how
/// to build it in.
pub fn list(probe: &Probe<'_>) -> Vec<Listed> {
    let machine = Machine::gather();
    let cores = machine.cores;
    let cores = cores.map_or(String::new(), |cores| format!(", {cores} cores"));
    let cpu = machine.cpu;
    let cpu = cpu.unwrap_or_else(|| "unknown processor".to_string());
    let mut devices = vec![Listed {
        name: CPU.to_string(),
        description: format!("{cpu}{cores}"),
        memory_mib: machine.memory_mib,
        ..Listed::default()
    }];
    for interface in Interface::ALL {
        if interface.is_built() {
            let found = probe(interface, None);
            if found.is_empty() {
                devices.push(missing(
                    interface,
                    "no such device is on this machine".to_string(),
                ));
            }
            devices.extend(found);
        } else if interface == Interface::Gpu {
            let how = format!("not in this build; {}", interface.build_command());
            devices.push(missing(interface, how));
        }
    }
    devices
}

/// An interface without devices.
fn missing(interface: Interface, reason: String) -> Listed {
    Listed {
        name: interface.name().to_string(),
        unavailable: Some(reason),
        ..Listed::default()
    }
}
