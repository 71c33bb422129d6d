//! Weights from PyTorch's own files, and files that must be refused.
//!
//! `golden/weights/generate_pth_golden.py` says what the golden files hold.

use std::io::Write;
use std::path::{Path, PathBuf};

use burn::tensor::{Device, Tensor, TensorData};
use nets::exchange::{self, ExchangeError};
use nets::layers::Mode;
use nets::network::Network;
use nets::weights::apply;
use recipe::Recipe;

/// The network of the golden script.
const CNN: &str = r#"
[model]
kind = "cnn"
layers = [
  { conv = 4, kernel = 3, padding = 1, bias = false }, { max-pool = 2 }, "batch-norm", "relu",
  { conv = 6, kernel = [3, 2], stride = 2 }, "gelu",
  "flatten", { linear = 7 }, "relu", { linear = 5 },
]
"#;

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden/weights")
        .join(name)
}

fn network(recipe: &str) -> Network {
    let recipe = Recipe::parse::<&str>(recipe, "test", &[]).expect("a recipe");
    Network::new(&recipe, [1, 12, 12], 5, &Device::flex()).expect("shapes that fit")
}

fn logits(network: &Network, images: &nets::weights::Weight) -> Vec<f32> {
    let Network::Cnn(cnn) = network else {
        unreachable!("it is a classifier")
    };
    let images = TensorData::new(images.values.clone(), images.shape.clone());
    let images = Tensor::<4>::from_data(images, &Device::flex());
    let logits = cnn.forward(images, Mode::Inference);
    logits.into_data().try_to_vec().expect("f32")
}

#[test]
fn pytorchs_state_dicts_give_pytorchs_logits() {
    let expected = exchange::read(&golden("cnn.safetensors")).expect("read");
    for (file, key) in [("cnn.pth", "logits"), ("odd.pth", "logits_odd")] {
        let path = golden(file);
        let network = network(CNN);
        let weights = exchange::read(&path).expect("read");
        let weights = exchange::fit(&path, weights, &network).expect("fits");
        let network = apply(network, &weights).expect("fits");
        let found = logits(&network, &expected["images"]);
        super::detection_golden::assert_near(file, &found, &expected[key].values);
    }
}

#[test]
fn all_that_does_not_fit_is_named() {
    let path = golden("cnn.pth");
    let other = CNN
        .replace("linear = 7", "linear = 8")
        .replace("bias = false", "bias = true")
        .replace(r#""batch-norm", "#, "");
    let weights = exchange::read(&path).expect("read");
    let error = exchange::fit(&path, weights, &network(&other)).expect_err("another network");
    let ExchangeError::Mismatch { mismatch, .. } = &error else {
        panic!("{error}")
    };
    // Without the normalisation, the layers behind it have other numbers.
    let names = |list: &[(String, Vec<usize>)]| -> Vec<String> {
        list.iter().map(|(name, _)| name.clone()).collect()
    };
    assert_eq!(
        names(&mismatch.missing),
        [
            "0.bias", "3.bias", "3.weight", "6.bias", "6.weight", "8.bias", "8.weight"
        ]
    );
    let text = error.to_string();
    for part in [
        "missing:     6.weight [8, 36]",
        "surplus:     2.running_var [4]",
        "surplus:     7.weight [7, 36]",
    ] {
        assert!(text.contains(part), "{part} in:\n{text}");
    }
    let wider = CNN.replace("linear = 7", "linear = 8");
    let weights = exchange::read(&path).expect("read");
    let error = exchange::fit(&path, weights, &network(&wider)).expect_err("another network");
    assert!(
        error
            .to_string()
            .contains("other shape: 7.weight is [7, 36], the network expects [8, 36]"),
        "{error}"
    );
}

/// A ZIP archive of stored entries.
fn archive(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    for (name, content) in entries {
        let mut crc = flate2::Crc::new();
        crc.update(content);
        let at = bytes.len() as u32;
        let mut shared = vec![0; 10];
        shared.extend(crc.sum().to_le_bytes());
        shared.extend((content.len() as u32).to_le_bytes());
        shared.extend((content.len() as u32).to_le_bytes());
        shared.extend((name.len() as u16).to_le_bytes());
        shared.extend([0, 0]);
        bytes.extend(b"PK\x03\x04");
        bytes.extend(&shared);
        bytes.extend(name.as_bytes());
        bytes.extend(*content);
        directory.extend(b"PK\x01\x02\0\0");
        directory.extend(&shared);
        directory.extend([0; 10]);
        directory.extend(at.to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let at = bytes.len() as u32;
    bytes.extend(&directory);
    bytes.extend(b"PK\x05\x06\0\0\0\0");
    let count = entries.len() as u16;
    bytes.extend([count.to_le_bytes(), count.to_le_bytes()].concat());
    bytes.extend((directory.len() as u32).to_le_bytes());
    bytes.extend(at.to_le_bytes());
    bytes.extend([0, 0]);
    bytes
}

/// What reading says of these bytes.
fn refusal(bytes: &[u8]) -> String {
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    file.write_all(bytes).expect("written");
    match exchange::read(file.path()) {
        Err(ExchangeError::Format { reason, .. }) => reason,
        other => panic!("not refused: {other:?}"),
    }
}

/// A pickle of one tensor 'w' of 2 x 2 that sees the storage '0' with this offset and these strides.
fn one_tensor(offset: u8, strides: [u8; 2]) -> Vec<u8> {
    let mut pickle = b"\x80\x02}X\x01\0\0\0wctorch._utils\n_rebuild_tensor_v2\n(".to_vec();
    pickle.extend(b"(X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\x000X\x03\0\0\0cpuK\x04tQ");
    pickle.extend([b'K', offset, b'K', 2, b'K', 2, 0x86]);
    pickle.extend([b'K', strides[0], b'K', strides[1], 0x86]);
    pickle.extend(b"\x89}tRs.");
    pickle
}

#[test]
fn hostile_and_damaged_files_are_refused() {
    let storage = [0_u8; 16];
    let pth = |pickle: &[u8]| archive(&[("m/data.pkl", pickle), ("m/data/0", &storage)]);
    let nested = [&b"\x80\x02)"[..], &[0x85; 1_000_000], b"."].concat();
    let whole = std::fs::read(golden("cnn.pth")).expect("read");
    let mut flipped = whole.clone();
    flipped[1750] ^= 1;
    let cases: [(&str, Vec<u8>, &str); 13] = [
        (
            "runs a command",
            pth(b"\x80\x02cos\nsystem\nX\x02\0\0\0ls\x85R."),
            "os.system",
        ),
        (
            "evaluates",
            pth(b"\x80\x02c__builtin__\neval\nX\x01\0\0\x001\x85R."),
            "__builtin__.eval",
        ),
        (
            "saves a model, not its weights",
            pth(b"\x80\x02c__main__\nNet\n)\x81."),
            "__main__.Net",
        ),
        (
            "an opcode of no state dict",
            pth(b"\x80\x02(i__main__\nNet\n."),
            "opcode 0x69",
        ),
        ("a million tuples", pth(&nested), "no dictionary"),
        ("takes what is not there", pth(b"\x80\x02R."), "damaged"),
        ("ends early", pth(b"\x80\x02}X\x09\0\0\0a"), "damaged"),
        (
            "reaches beyond",
            pth(&one_tensor(1, [2, 1])),
            "beyond its numbers",
        ),
        (
            "not a number of its own",
            pth(b"\x80\x02}X\x01\0\0\0wK\x05s."),
            "'w' is no tensor",
        ),
        ("flipped bit", flipped, "checksum"),
        ("half a file", whole[..3000].to_vec(), "not whole"),
        (
            "before 1.6",
            b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.".to_vec(),
            "before 1.6",
        ),
        ("text", b"weights".to_vec(), "neither"),
    ];
    for (name, bytes, expected) in cases {
        let reason = refusal(&bytes);
        assert!(reason.contains(expected), "{name}: {reason}");
    }
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    file.write_all(&pth(&one_tensor(0, [2, 1])))
        .expect("written");
    let weights = exchange::read(file.path()).expect("the same file within its bounds is read");
    assert_eq!(weights["w"].shape, [2, 2]);
}

proptest::proptest! {
    #[test]
    fn no_damage_panics(damage in proptest::collection::vec((0..180_usize, proptest::num::u8::ANY), 1..4)) {
        let mut pickle = one_tensor(0, [2, 1]);
        for (at, value) in damage {
            if let Some(byte) = pickle.get_mut(at) {
                *byte = value;
            }
        }
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        let bytes = archive(&[("m/data.pkl", &pickle), ("m/data/0", &[0; 16])]);
        file.write_all(&bytes).expect("written");
        drop(exchange::read(file.path()));
    }
}
