//! Addresses of remote devices.

use burn::tensor::remote::IrohIdentity;

use super::*;

#[test]
fn addresses() {
    let id = IrohIdentity::random().id();
    let parsed = |text: &str| Address::parse(&text.replace("ID", &id.to_string()));
    let address = |host: Option<&str>, device| Address {
        id,
        host: host.map(str::to_string),
        device,
    };
    for (text, expected) in [
        ("remote:ID", address(None, 0)),
        ("remote:ID#3", address(None, 3)),
        ("remote:ID@lab-2:4433", address(Some("lab-2:4433"), 0)),
        ("remote:ID@[::1]:4433#1", address(Some("[::1]:4433"), 1)),
    ] {
        assert_eq!(parsed(text), Ok(expected), "{text}");
    }
    for text in [
        "remote",
        "remote:",
        "remote:x",
        "remote:ID@lab-2",
        "remote:ID#",
        "remote:ID#x",
        "remote:IDx@lab-2:1",
    ] {
        assert!(
            matches!(parsed(text), Err(DeviceError::Address { .. })),
            "{text}"
        );
    }
}

#[test]
fn nobody_connects_without_a_token() {
    let name = format!("remote:{}@127.0.0.1:1", IrohIdentity::random().id());
    assert_eq!(open(&name, None).err(), Some(DeviceError::NoToken(name)));
}
