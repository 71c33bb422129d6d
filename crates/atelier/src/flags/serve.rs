//! The flags of `serve`.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::{Machine, OnnxModel, RunsFolder};

#[derive(Args, Clone, Debug)]
pub struct Serve {
    /// Runs, digits-cnn, digits-detector or .onnx files to answer with; the first where a request names none [default:
    /// digits-cnn and digits-detector]
    #[arg(value_name = "MODEL")]
    pub models: Vec<String>,
    /// Address to listen on. Only this machine reaches 127.0.0.1; 0.0.0.0 stands for all addresses of the machine
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    pub host: IpAddr,
    /// TCP port to listen on; 0 picks a free one
    #[arg(long, value_name = "PORT", default_value_t = 8080)]
    pub port: u16,
    #[command(flatten)]
    pub access: ServeAccess,
    /// Folder in which the page keeps drawings, each in a folder of its right label; `train` and `evaluate --data` read it
    #[arg(long, value_name = "DIR", default_value = "drawings")]
    pub drawings: PathBuf,
    /// Folder of the recipes that the page saves
    #[arg(long, value_name = "DIR", default_value = "recipes")]
    pub recipes: PathBuf,
    #[command(flatten)]
    pub machine: Machine,
    #[command(flatten)]
    pub folder: RunsFolder,
    #[command(flatten)]
    pub limits: ServeLimits,
    #[command(flatten)]
    pub onnx: OnnxModel,
}

/// Who may ask.
#[derive(Args, Clone, Debug)]
pub struct ServeAccess {
    /// File with a token that requests must carry, as `Authorization: Bearer TOKEN` [default: the environment variable
    /// ATELIER_SERVE_TOKEN; needed on addresses that others reach]
    #[arg(long, value_name = "FILE")]
    pub serve_token_file: Option<PathBuf>,
    /// Answer everybody who reaches the address, without a token: they can also train, and see pictures on this machine
    #[arg(long)]
    pub insecure: bool,
    /// A name under which browsers may reach the server, beside localhost and addresses; may be repeated
    #[arg(long = "allow-host", value_name = "NAME")]
    pub hosts: Vec<String>,
    /// A web site whose pages may ask, as in https://example.org; may be repeated
    #[arg(long = "allow-origin", value_name = "ORIGIN")]
    pub origins: Vec<String>,
    /// What is written to standard error about each request
    #[arg(long, value_name = "KIND", value_enum, default_value_t)]
    pub log: LogKind,
}

/// What is written about requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LogKind {
    /// A JSON object a line
    #[default]
    Json,
    /// Nothing
    None,
}

/// How much one request, and all of them, may take.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Limits")]
pub struct ServeLimits {
    /// Most images that wait for a model; a request that finds no room is answered 429
    #[arg(long, value_name = "N", default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..))]
    pub queue: u32,
    /// Most images that are computed at a time
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..))]
    pub batch: u32,
    /// Largest body of a request in MiB
    #[arg(long, value_name = "MIB", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub max_body: u32,
    /// Largest picture in pixels, width times height
    #[arg(long, value_name = "N", default_value_t = 25_000_000, value_parser = clap::value_parser!(u64).range(1..))]
    pub max_pixels: u64,
    /// Connections at a time; others wait until one is closed
    #[arg(long, value_name = "N", default_value_t = 512, value_parser = clap::value_parser!(u32).range(1..))]
    pub connections: u32,
    /// Time for a request to arrive; its answer has twice as long
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds)]
    pub timeout: Duration,
}

fn seconds(text: &str) -> Result<Duration, String> {
    match text.parse() {
        Ok(seconds) if (1..=86_400).contains(&seconds) => Ok(Duration::from_secs(seconds)),
        _ => Err("expected a number of seconds from 1 to 86400".to_string()),
    }
}
