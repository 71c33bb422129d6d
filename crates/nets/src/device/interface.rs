//! The interfaces to GPUs, and which of them this build supports.

use super::REMOTE;

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
    /// All, in order of preference: those made for one maker's devices first.
    pub const ALL: [Self; 5] = [Self::Cuda, Self::Rocm, Self::Metal, Self::Vulkan, Self::Gpu];

    /// Those that this build supports.
    pub(super) fn built() -> impl Iterator<Item = Self> {
        Self::ALL
            .into_iter()
            .filter(|interface| interface.is_built())
    }

    /// The beginning of its devices' names, and the feature of the build.
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

    /// Whether this build supports it.
    pub fn is_built(self) -> bool {
        match self {
            Self::Cuda => cfg!(feature = "cuda"),
            Self::Rocm => cfg!(feature = "rocm"),
            Self::Metal => cfg!(feature = "metal"),
            Self::Vulkan => cfg!(feature = "vulkan"),
            Self::Gpu => cfg!(feature = "wgpu"),
        }
    }
}

/// Whether this build can use, and offer, devices of other processes.
pub fn is_remote_built() -> bool {
    cfg!(feature = "remote")
}

/// Whether this build supports devices that report their failures by panics.
pub fn can_panic() -> bool {
    is_remote_built() || Interface::built().next().is_some()
}

/// The command for a build with this feature and those of this build.
pub(super) fn build_command(feature: &str) -> String {
    let built = Interface::ALL.map(|interface| (interface.name(), interface.is_built()));
    let all = built.into_iter().chain([(REMOTE, is_remote_built())]);
    let wanted = all.filter(|(name, is_built)| *is_built || *name == feature);
    let features: Vec<&str> = wanted.map(|(name, _)| name).collect();
    format!(
        "cargo install --locked --path crates/atelier --features {}",
        features.join(",")
    )
}
