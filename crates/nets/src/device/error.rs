//! Why a device can't be used.

/// Why a device can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeviceError {
    /// Not the name of a device.
    #[error(
        "unknown device '{0}': expected auto, cpu, gpu, gpu:N, gpu:software, cuda:N, rocm:N, metal:N, vulkan:N \
         (`atelier devices` lists those of this machine) or remote:ID@HOST:PORT (as `atelier worker` prints it)"
    )]
    Unknown(String),
    /// A list of devices with an empty name.
    #[error(
        "'{0}' is not a list of devices: expected names separated by commas, as in gpu:0,gpu:1"
    )]
    List(String),
    /// This build does not support such a device.
    #[error("this build has no support for '{name}'; build it with\n  {command}")]
    NotBuilt {
        /// What was asked for.
        name: String,
        /// The command for a build that supports it.
        command: String,
    },
    /// It is not there, or does not work.
    #[error("'{name}' can't be used: {reason}")]
    Unusable {
        /// What was asked for.
        name: String,
        /// Why not, and what to do.
        reason: String,
    },
    /// The address of a remote device is wrong.
    #[error(
        "'{name}' is not the address of a remote device: {reason}; expected remote:ID@HOST:PORT, as `atelier worker` prints it"
    )]
    Address {
        /// What was asked for.
        name: String,
        /// What is wrong.
        reason: String,
    },
    /// A remote device without the token that gives access to it.
    #[error(
        "'{0}' needs its worker's token: put the text of the worker's token file into the variable ATELIER_TOKEN, \
         or name a copy of the file with --token-file"
    )]
    NoToken(String),
}
