//! What Burn's remote devices give us: operations, gradients and refusals, on loopback.

use std::sync::atomic::AtomicBool;

use burn::tensor::Tensor;
use nets::device::token::TokenError;
use nets::device::worker::{Worker, WorkerError, WorkerSettings};
use nets::device::{Computer, DeviceError, open_list, probe};
use nets::ops;
use tempfile::TempDir;

/// Nobody sets it: a test's worker ends with the test's process.
static NEVER: AtomicBool = AtomicBool::new(false);

/// A worker that offers the processor twice, the list of its devices, and its token.
fn worker(folder: &TempDir) -> (String, String) {
    let computer = Computer {
        others: vec![Computer::cpu()],
        ..Computer::cpu()
    };
    let settings = WorkerSettings {
        key: folder.path().join("key"),
        token: folder.path().join("token"),
        port: 0,
        relays: false,
    };
    let worker = Worker::new(&computer, &settings, |_| {}).expect("a free port");
    let addresses = worker.addresses();
    std::thread::spawn(move || worker.serve(&NEVER));
    let token = std::fs::read_to_string(&settings.token).expect("made");
    (addresses[0].1.clone(), token.trim().to_string())
}

/// The processor as another process's device.
pub fn computer() -> Computer {
    let folder = tempfile::tempdir().expect("a folder");
    let (list, token) = worker(&folder);
    let computer = open(&list, &token).expect("a worker on loopback");
    Computer {
        others: Vec::new(),
        ..computer
    }
}

fn open(list: &str, token: &str) -> Result<Computer, DeviceError> {
    open_list(list, &probe::in_thread, Some(token))
}

/// Products and their gradients, computed by a worker on Flex, are those of this process on Flex.
#[test]
fn a_remote_device_multiplies_and_differentiates() {
    let folder = tempfile::tempdir().expect("a folder");
    let (list, token) = worker(&folder);
    let remote = open(&list, &token).expect("a worker on loopback");
    assert_eq!(remote.names(), list);
    assert_eq!(remote.others.len(), 1);
    let answers = |computer: &Computer| {
        let device = computer.device.clone().autodiff();
        let a = Tensor::<2>::from_floats([[1.0, 2.0], [3.0, -4.0]], &device).require_grad();
        let b = Tensor::<2>::from_floats([[0.5, 1.0], [-1.0, 2.0]], &device).require_grad();
        let product = a.clone().matmul(b.clone());
        let gradients = product.clone().powf_scalar(2.0).sum().backward();
        let gradient = |x: &Tensor<2>| ops::to_host(x.grad(&gradients).expect("it has one"));
        [ops::to_host(product), gradient(&a), gradient(&b)]
    };
    let expected = answers(&Computer::cpu());
    for computer in remote.all() {
        assert_eq!(answers(computer), expected, "{}", computer.name);
    }
}

#[test]
fn who_has_no_token_or_asks_for_too_much_is_told_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let (list, token) = worker(&folder);
    let first = list.split(',').next().expect("two devices");
    let refused = |name: &str, token: &str| open(name, token).expect_err("refused").to_string();
    let text = refused(first, "guessed");
    assert!(
        text.contains("refuses the token") && text.contains("ATELIER_TOKEN"),
        "{text}"
    );
    let text = refused(&format!("{first}#7"), &token);
    assert!(text.contains("offers 2 device(s)"), "{text}");
    // It goes on with those who may.
    open(first, &token).expect("the right token");
}

#[test]
fn a_worker_wants_a_port_and_a_token() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    let taken = std::net::UdpSocket::bind(("0.0.0.0", 0)).expect("a port");
    let settings = WorkerSettings {
        key: path("key"),
        token: path("token"),
        port: taken.local_addr().expect("bound").port(),
        relays: false,
    };
    let make = |settings: &WorkerSettings| Worker::new(&Computer::cpu(), settings, |_| {});
    assert!(matches!(make(&settings), Err(WorkerError::Port { .. })));
    std::fs::write(path("token"), " \n").expect("written");
    assert!(matches!(
        make(&settings),
        Err(WorkerError::Token(TokenError::Short(_)))
    ));
}
