//! The flags of `worker`.

use std::path::PathBuf;

use clap::Args;

/// Flags of `worker`.
#[derive(Args, Debug)]
pub struct Worker {
    /// What to offer, as in gpu:0,gpu:1 (see `atelier devices`)
    #[arg(long, value_name = "DEVICE,...", default_value = "auto")]
    pub devices: String,
    /// UDP port to listen on; 0: one that is free
    #[arg(long, value_name = "PORT", default_value_t = 4433)]
    pub port: u16,
    /// The worker's key, by which trainings know it; made where there is none
    #[arg(long, value_name = "FILE", default_value = "worker.key")]
    pub key: PathBuf,
    /// The token that trainings must show; made where there is none
    #[arg(long, value_name = "FILE", default_value = "worker.token")]
    pub token_file: PathBuf,
    /// Let trainings that can't reach this machine directly come through n0's public relays (they see no contents)
    #[arg(long)]
    pub relays: bool,
    /// Threads to compute with; default: one a core
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
}
