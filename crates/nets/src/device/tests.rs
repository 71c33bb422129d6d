//! Names, choices, and drivers that crash or never answer.

use std::process::Command;
use std::time::Duration;

use super::*;

#[test]
fn names() {
    let one = |interface, name: &str| Choice::One(interface, name.to_string());
    let cases = [
        ("auto", Ok(Choice::Auto)),
        ("cpu", Ok(Choice::Cpu)),
        ("gpu", Ok(Choice::AnyGpu)),
        ("gpu:1", Ok(one(Interface::Gpu, "gpu:1"))),
        ("gpu:software", Ok(one(Interface::Gpu, "gpu:software"))),
        ("cuda", Ok(one(Interface::Cuda, "cuda:0"))),
        ("cuda:01", Ok(one(Interface::Cuda, "cuda:1"))),
        ("metal:0", Ok(one(Interface::Metal, "metal:0"))),
        ("cpu:0", Err(())),
        ("cuda:software", Err(())),
        ("cuda:", Err(())),
        ("gpu:-1", Err(())),
        ("gpu:99999", Err(())),
        ("tpu", Err(())),
        ("", Err(())),
    ];
    for (name, expected) in cases {
        let found = Choice::parse(name);
        match expected {
            Ok(expected) => assert_eq!(found, Ok(expected), "{name}"),
            Err(()) => assert_eq!(found, Err(DeviceError::Unknown(name.to_string()))),
        }
    }
}

#[cfg(feature = "any-gpu")]
fn listed(name: &str, software: bool, unavailable: Option<&str>) -> DeviceInfo {
    DeviceInfo {
        name: name.to_string(),
        software,
        unavailable: unavailable.map(str::to_string),
        ..DeviceInfo::default()
    }
}

/// The error for a device that the build leaves out says how to build it in; a default build tries nothing.
#[test]
fn builds_without_an_interface() {
    let never = |interface: Interface, _: Option<&str>| -> Vec<DeviceInfo> {
        assert!(interface.is_built(), "{interface:?} is not to be tried");
        Vec::new()
    };
    for interface in Interface::ALL.into_iter().filter(|i| !i.is_built()) {
        let name = format!("{}:0", interface.name());
        let text = open(&name, &never, None)
            .expect_err("not built")
            .to_string();
        assert!(
            text.contains("cargo install --locked --path crates/atelier --features "),
            "{text}"
        );
        assert!(text.contains(interface.name()), "{text}");
    }
    if !Interface::ALL.into_iter().any(Interface::is_built) {
        let command = build_command("gpu");
        let name = "gpu".to_string();
        let error = open("gpu", &never, None).expect_err("not built");
        assert_eq!(error, DeviceError::NotBuilt { name, command });
        let computer = open("auto", &never, None).expect("the CPU");
        assert_eq!((computer.name.as_str(), computer.note), (CPU, None));
        assert_eq!(list(&never).len(), 2, "the CPU, and how to have more");
    }
}

/// A software adapter is never taken for a GPU, and where there is none the CPU computes and says so.
#[cfg(feature = "any-gpu")]
#[test]
fn without_a_gpu_the_cpu_computes() {
    let probe = |interface: Interface, _: Option<&str>| {
        let broken = format!("{}:0", interface.name());
        vec![
            listed(&broken, false, Some("its driver crashed")),
            listed("gpu:software", true, None),
        ]
    };
    for name in ["auto", "gpu"] {
        let computer = open(name, &probe, None).expect("the CPU");
        assert_eq!(computer.name, CPU);
        let note = computer.note.expect("a line");
        assert!(note.contains("its driver crashed"), "{note}");
        assert!(note.contains("software adapter"), "{note}");
        assert!(!note.contains('\n'), "{note}");
    }
}

/// A device requested by number is used or reported as an error; there is no fallback.
#[cfg(feature = "wgpu")]
#[test]
fn numbered_devices_are_not_replaced() {
    let probe = |_: Interface, _: Option<&str>| vec![listed("gpu:0", false, Some("too old"))];
    let text = |name| {
        open(name, &probe, None)
            .expect_err("no such device")
            .to_string()
    };
    assert!(text("gpu:0").contains("too old"));
    assert!(text("gpu:3").contains("there is only gpu:0"));
}

#[cfg(unix)]
fn shell(script: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", script]);
    command
}

#[cfg(unix)]
#[test]
fn drivers_that_crash_or_hang() {
    let silent = r#"{"name":"gpu:0","description":"","unavailable":"its driver did not answer"}"#;
    let good = r#"{"name":"gpu:0","description":"a GPU","unavailable":null}"#;
    let probe = |script: &str, limit| {
        probe::in_child(Interface::Gpu, shell(script), Duration::from_millis(limit))
    };
    let long = 60_000;

    let found = probe(&format!("echo '{silent}'; echo noise; echo '{good}'"), long);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].description, "a GPU");
    assert_eq!(found[0].unavailable, None);

    let found = probe(&format!("echo '{silent}'; kill -SEGV $$"), long);
    let reason = found[0].unavailable.as_deref().expect("a reason");
    assert!(
        reason.contains("crashed") && reason.contains("11"),
        "{reason}"
    );

    let found = probe("kill -SEGV $$", long);
    assert_eq!(found[0].name, "gpu");
    assert!(found[0].unavailable.is_some());

    let found = probe("exec sleep 1000", 50);
    let reason = found[0].unavailable.as_deref().expect("a reason");
    assert!(reason.contains("did not answer within"), "{reason}");

    // A driver that fails after another has worked takes nothing away from that.
    let found = probe(&format!("echo '{good}'; exit 3"), long);
    assert_eq!(found[0].unavailable, None);

    let nothing = Command::new("/no/such/program");
    let found = probe::in_child(Interface::Gpu, nothing, Duration::from_secs(1));
    assert!(found[0].unavailable.is_some());
}

fn none(_: Interface, _: Option<&str>) -> Vec<DeviceInfo> {
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
        let error = open_list(list, &none, None).expect_err("not a list");
        assert_eq!(error, DeviceError::List(list.to_string()));
    }
    // Numbers are those of GPUs, even where this build has none.
    let text = |list| open_list(list, &none, None).expect_err("none").to_string();
    assert!(text("0,1").contains("'gpu:0'"), "{}", text("0,1"));
    assert!(text("cpu,tpu").contains("unknown device 'tpu'"));
}

#[test]
fn only_some_builds_have_remote_devices() {
    let error = open_list("cpu,remote:x@y:1", &none, None).expect_err("no");
    if is_remote_built() {
        assert!(matches!(error, DeviceError::Address { .. }), "{error}");
    } else {
        assert!(error.to_string().contains("--features "), "{error}");
    }
}
