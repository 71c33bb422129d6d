//! Offering this process's devices to trainings of other processes and machines.
//!
//! Burn's server takes tensors and operations on them from clients that present the token, and hands values back: it runs no
//! programs and reads no files. What it does before it has seen the token is described in docs/guide/gpu.md.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use burn::tensor::remote::{IrohIdentity, IrohRelays};
use burn::tensor::server::{
    AuthorizationRequest, IrohTransport, PeerAuthorizer, RemoteServer, TokenAuthorizer,
};
use tokio::time::{sleep, timeout};

use super::token::{self, TokenError};
use super::{Computer, REMOTE};
use crate::ops::has_lanes;

/// Why devices can't be offered.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// The file with the worker's key.
    #[error("{}: {cause}", path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// The token.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The port.
    #[error("UDP port {port} can't be used: {cause}; choose another with --port")]
    Port {
        /// The port.
        port: u16,
        /// What the system says.
        cause: io::Error,
    },
    /// Devices that one worker can't offer together.
    #[error(
        "{0}: a worker offers GPUs or the processor, not both; start one for each, with different ports and keys"
    )]
    Mixed(String),
    /// Serving failed.
    #[error("the worker can't serve: {0}")]
    Serve(String),
}

/// What a worker is started with.
#[derive(Clone, Debug)]
pub struct WorkerSettings {
    /// The file of its key, by which those who train know it; made where there is none.
    pub key: PathBuf,
    /// The file of the token that they must show; made where there is none.
    pub token: PathBuf,
    /// The UDP port; 0: one that is free.
    pub port: u16,
    /// Whether those who can't reach it directly may by n0's public relays.
    pub relays: bool,
}

/// Devices that are about to be offered.
pub struct Worker {
    server: RemoteServer,
    transport: IrohTransport,
    devices: usize,
    port: u16,
    relays: bool,
}

impl Worker {
    /// Prepares to offer the devices of `computer`. Creates the key and the token if they are missing. `log` gets a line for
    /// every client that asks for a device.
    ///
    /// # Errors
    /// [`WorkerError`] for devices that can't be offered together, a file that can't be read or created, a token that is too
    /// short, or a port in use.
    pub fn new(
        computer: &Computer,
        settings: &WorkerSettings,
        log: impl Fn(&str) + Send + Sync + 'static,
    ) -> Result<Self, WorkerError> {
        let processors = computer.all().filter(|one| has_lanes(&one.device));
        if ![0, computer.all().count()].contains(&processors.count()) {
            return Err(WorkerError::Mixed(computer.names()));
        }
        token::make_if_missing(&settings.token)?;
        let authorizer = TokenAuthorizer::new(token::read(&settings.token)?)
            .map_err(|_| TokenError::Short(settings.token.clone()))?;
        let authorizer = move |request: AuthorizationRequest<'_>| {
            let (client, device) = (request.client, request.device_index);
            let result = authorizer.authorize(request);
            match &result {
                Ok(()) => log(&format!("{client} uses device #{device}")),
                Err(reason) => log(&format!("refused: {reason}")),
            }
            result
        };
        let key = &settings.key;
        let identity = IrohIdentity::load_or_create(key).map_err(|cause| WorkerError::Key {
            path: key.clone(),
            cause,
        })?;
        let port = free_port(settings.port).map_err(|cause| WorkerError::Port {
            port: settings.port,
            cause,
        })?;
        let relays = if settings.relays {
            IrohRelays::Public
        } else {
            IrohRelays::Disabled
        };
        let devices: Vec<_> = computer.all().map(|one| one.device.clone()).collect();
        Ok(Self {
            devices: devices.len(),
            server: RemoteServer::new(devices).with_authorizer(authorizer),
            transport: IrohTransport::new(identity)
                .with_relays(relays)
                .with_port(port),
            port,
            relays: settings.relays,
        })
    }

    /// What `--devices` wants to have all devices of this worker: from this machine, from others that reach it by its
    /// address in their network, and by relays.
    pub fn addresses(&self) -> Vec<(&'static str, String)> {
        let id = self.transport.id();
        let list = |host: &str| {
            let device = |number| match number {
                0 => format!("{REMOTE}:{id}{host}"),
                number => format!("{REMOTE}:{id}{host}#{number}"),
            };
            (0..self.devices).map(device).collect::<Vec<_>>().join(",")
        };
        let at = |address: IpAddr| list(&format!("@{}", SocketAddr::new(address, self.port)));
        let mut addresses = vec![("on this machine", at(Ipv4Addr::LOCALHOST.into()))];
        if let Some(address) = own_address() {
            addresses.push(("in its network", at(address)));
        }
        if self.relays {
            addresses.push(("anywhere", list("")));
        }
        addresses
    }

    /// Serves until `stop` is set. Not to be called on one of rayon's threads: devices compute on them.
    ///
    /// # Errors
    /// [`WorkerError::Serve`].
    pub fn serve(self, stop: &AtomicBool) -> Result<(), WorkerError> {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        let runtime = builder.enable_all().build();
        let runtime = runtime.map_err(|cause| WorkerError::Serve(cause.to_string()))?;
        runtime.block_on(async {
            let mut serving = Box::pin(self.server.serve_async(self.transport));
            while !stop.load(Ordering::Relaxed) {
                if let Ok(served) = timeout(PAUSE, &mut serving).await {
                    return served.map_err(|error| WorkerError::Serve(error.to_string()));
                }
            }
            drop(serving);
            sleep(FAREWELL).await;
            Ok(())
        })
    }
}

/// How long to serve between two looks at whether to stop.
const PAUSE: Duration = Duration::from_millis(100);
/// How long connections take to be closed, so that trainings learn at once that the worker is gone.
const FAREWELL: Duration = Duration::from_millis(500);

/// That UDP port, or for 0 any, if it is free.
fn free_port(port: u16) -> io::Result<u16> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, port))?;
    Ok(socket.local_addr()?.port())
}

/// This machine's address in the network through which it reaches others. Nothing is sent.
fn own_address() -> Option<IpAddr> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    socket.connect((Ipv4Addr::new(192, 0, 2, 1), 9)).ok()?; // an address for documentation
    let address = socket.local_addr().ok()?.ip();
    (!address.is_loopback() && !address.is_unspecified()).then_some(address)
}
