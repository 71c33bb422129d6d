//! Devices that another process or machine offers, by Burn's own protocol over Iroh: encrypted, the worker identified by its
//! key, the client by the worker's token.

use std::net::ToSocketAddrs;
use std::sync::mpsc;
use std::time::Duration;

use burn::tensor::Device;
use burn::tensor::remote::{ConnectError, EndpointId, IrohHost, IrohRelays, RemoteHost};

use super::{Computer, DeviceError, DeviceInfo, REMOTE, works};

/// A worker that has not answered by then can't be reached.
const LIMIT: Duration = Duration::from_secs(15);

/// Where a remote device is.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Address {
    /// The worker's public key.
    id: EndpointId,
    /// Its host and port; without them relays find it.
    host: Option<String>,
    /// The device's place among the worker's.
    device: usize,
}

impl Address {
    /// `remote:ID`, `remote:ID@HOST:PORT`, either with `#N` for another device than the first.
    fn parse(name: &str) -> Result<Self, DeviceError> {
        let wrong = |reason: &str| DeviceError::Address {
            name: name.to_string(),
            reason: reason.to_string(),
        };
        let worker = name
            .strip_prefix(REMOTE)
            .and_then(|text| text.strip_prefix(':'))
            .ok_or_else(|| wrong("it does not begin with 'remote:'"))?;
        let (worker, device) = worker.split_once('#').unwrap_or((worker, "0"));
        let (id, host) = match worker.split_once('@') {
            Some((id, host)) => (id, Some(host)),
            None => (worker, None),
        };
        if host.is_some_and(|host| !host.contains(':')) {
            return Err(wrong("it has no port"));
        }
        Ok(Self {
            id: id.parse().map_err(|_| wrong("it has no worker's ID"))?,
            host: host.map(str::to_string),
            device: device
                .parse()
                .map_err(|_| wrong("there is no number after '#'"))?,
        })
    }

    /// What Burn calls a worker. Looks the host's name up.
    fn host(&self, token: &str) -> Result<RemoteHost, String> {
        let mut host = IrohHost::new(self.id);
        if let Some(name) = &self.host {
            let addresses = name
                .to_socket_addrs()
                .map_err(|cause| format!("{name} is not found: {cause}"))?;
            let host_alone = host.with_relays(IrohRelays::Disabled);
            host = addresses.fold(host_alone, IrohHost::with_address);
        }
        Ok(RemoteHost::iroh(host).with_credential(token))
    }
}

/// Connects to a remote device and makes it compute.
pub(super) fn open(name: &str, token: Option<&str>) -> Result<Computer, DeviceError> {
    let address = Address::parse(name)?;
    let token = token.ok_or_else(|| DeviceError::NoToken(name.to_string()))?;
    let token = token.to_string();
    let (sender, opened) = mpsc::channel();
    // A thread that hangs is left behind: there is no way to end it.
    std::thread::spawn(move || {
        let _ = sender.send(connect(&address, &token));
    });
    let opened = opened.recv_timeout(LIMIT).unwrap_or_else(|_| {
        Err(format!(
            "no worker answered within {} s; is `atelier worker` running there, and does its firewall let UDP through?",
            LIMIT.as_secs()
        ))
    });
    let device = opened.map_err(|reason| DeviceError::Unusable {
        name: name.to_string(),
        reason,
    })?;
    Ok(Computer {
        device,
        name: name.to_string(),
        info: Some(DeviceInfo {
            name: name.to_string(),
            description: "a worker's".to_string(),
            ..DeviceInfo::default()
        }),
        ..Computer::cpu()
    })
}

fn connect(address: &Address, token: &str) -> Result<Device, String> {
    let host = address.host(token)?;
    let options = Device::remote_options(&host).device_index(address.device);
    let device = options.init().map_err(|error| advice(&error))?;
    works(&device)?;
    Ok(device)
}

/// What is wrong, and what to do about it.
fn advice(error: &ConnectError) -> String {
    match error {
        ConnectError::Unauthorized => {
            "the worker refuses the token: ATELIER_TOKEN or --token-file must hold the text of the worker's token file"
                .to_string()
        }
        ConnectError::NoSuchDevice { device_count } => {
            format!("the worker offers {device_count} device(s), of which #0 is the first")
        }
        ConnectError::IncompatibleProtocol { .. } | ConnectError::Handshake { .. } => {
            format!("{error}; are the worker and this atelier of the same version?")
        }
        ConnectError::Unreachable { .. } => format!(
            "{error}; is `atelier worker` running there, with this ID, and does its firewall let UDP through?"
        ),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests;
