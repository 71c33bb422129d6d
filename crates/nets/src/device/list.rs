//! Several devices, by a list of their names.

use super::{Computer, DeviceError, Probe, open_one};

/// Opens every device of a list such as `gpu:0,gpu:1` or `cpu,remote:ID@HOST:PORT`; a number alone is a GPU's. The first
/// holds what is learnt. `token` is that of the workers whose devices are used.
///
/// # Errors
/// [`DeviceError`] for the first that can't be had.
pub fn open_list(
    list: &str,
    probe: &Probe<'_>,
    token: Option<&str>,
) -> Result<Computer, DeviceError> {
    let mut devices = Vec::new();
    for name in list.split(',').map(str::trim) {
        if name.is_empty() {
            return Err(DeviceError::List(list.to_string()));
        }
        let number = name.bytes().all(|byte| byte.is_ascii_digit());
        let name = match number {
            true => format!("gpu:{name}"),
            false => name.to_string(),
        };
        devices.push(open_one(&name, probe, token)?);
    }
    let mut devices = devices.into_iter();
    let first = devices.next();
    let first = first.ok_or_else(|| DeviceError::List(list.to_string()))?;
    Ok(Computer {
        others: devices.collect(),
        ..first
    })
}

#[cfg(test)]
mod tests {
    use super::super::{Interface, Listed};
    use super::*;

    fn none(_: Interface, _: Option<&str>) -> Vec<Listed> {
        Vec::new()
    }

    #[test]
    fn lists() {
        for (list, names) in [
            ("cpu", "cpu"),
            ("cpu,cpu", "cpu,cpu"),
            (" cpu , cpu", "cpu,cpu"),
        ] {
            let computer = open_list(list, &none, None).expect("the CPU");
            assert_eq!(computer.names(), names, "{list}");
            assert_eq!(computer.name, "cpu");
        }
        for list in ["", ",", "cpu,", "cpu,,cpu"] {
            let error = open_list(list, &none, None).expect_err("no list");
            assert_eq!(error, DeviceError::List(list.to_string()));
        }
        // Numbers are those of GPUs, whatever becomes of them in this build.
        let text = |list| open_list(list, &none, None).expect_err("none").to_string();
        assert!(text("0,1").contains("'gpu:0'"), "{}", text("0,1"));
        assert!(text("cpu,tpu").contains("unknown device 'tpu'"));
    }

    #[test]
    fn only_some_builds_have_remote_devices() {
        let text = open_list("cpu,remote:x@y:1", &none, None).expect_err("no");
        match super::super::is_remote_built() {
            true => assert!(matches!(text, DeviceError::Address { .. }), "{text}"),
            false => assert!(text.to_string().contains("--features "), "{text}"),
        }
    }
}
