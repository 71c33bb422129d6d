//! Weights from PyTorch's own files, and files that must be refused.
//!
//! `golden/weights/generate_pth_golden.py` says what the golden files hold.

use std::io::Write;
use std::path::{Path, PathBuf};

use burn::tensor::{Device, Tensor, TensorData};
use nets::exchange::{self, ExchangeError, NamedWeights};
use nets::layers::Mode;
use nets::network::Network;
use nets::weights::{Weight, Weights, apply, collect};
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

fn logits(network: &Network, images: &Weight) -> Vec<f32> {
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
    for (file, key) in [
        ("cnn.pth", "logits"),
        ("legacy.pth", "logits"),
        ("odd.pth", "logits_odd"),
    ] {
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

#[test]
fn what_fits_is_taken_and_the_rest_keeps_its_start() {
    let path = golden("cnn.pth");
    let file = exchange::read(&path).expect("read");
    let six = CNN.replace("linear = 5", "linear = 6");
    let recipe = Recipe::parse::<&str>(&six, "test", &[]).expect("a recipe");
    let network = Network::new(&recipe, [1, 12, 12], 6, &Device::flex()).expect("shapes that fit");
    let wrapped = |(name, weight): (&String, &Weight)| (format!("model.{name}"), weight.clone());
    let mut wrapped: Weights = file.iter().map(wrapped).collect();
    wrapped.insert("loss.weight".to_string(), file["4.bias"].clone());
    let fitted = exchange::fit_what_fits(&path, wrapped, &network).expect("most of it fits");
    let start = collect(&network);
    assert_eq!(fitted.taken, start.len() - 2);
    assert_eq!(
        fitted.weights.keys().collect::<Vec<_>>(),
        start.keys().collect::<Vec<_>>()
    );
    for (name, weight) in &fitted.weights {
        let theirs = name.trim_start_matches("layers.");
        let expected = match theirs {
            "9.weight" | "9.bias" => &start[name],
            _ => &file[theirs],
        };
        assert_eq!(weight, expected, "{name}");
    }
    assert_eq!(
        fitted.left.surplus,
        [("loss.weight".to_string(), vec![6])],
        "counters of batches are passed over"
    );
    assert_eq!(
        fitted.left.misshapen,
        [
            ("model.9.bias".to_string(), vec![6], vec![5]),
            ("model.9.weight".to_string(), vec![6, 7], vec![5, 7])
        ]
    );
    assert!(!fitted.is_doubtful());

    let other = file
        .into_iter()
        .map(|(name, weight)| (format!("a{name}"), weight));
    let error = exchange::fit_what_fits(&path, other.collect(), &network).expect_err("no name");
    assert!(
        error.to_string().contains("no tensor fits the network"),
        "{error}"
    );
}

#[test]
fn tensors_are_paired_by_order() {
    let path = golden("cnn.pth");
    let network = network(CNN);
    let plain = exchange::read(&path).expect("read");
    let plain = exchange::fit(&path, plain, &network).expect("fits");
    let renamed: NamedWeights = exchange::read_in_order(&path)
        .expect("read")
        .into_iter()
        .filter(|(name, _)| !name.ends_with("num_batches_tracked"))
        .zip('a'..)
        .map(|((_, weight), letter)| (letter.to_string(), weight))
        .collect();
    let fitted = exchange::fit_by_order(&path, renamed.clone(), &network).expect("fits");
    assert_eq!(fitted.weights, plain);
    let pair = |theirs: &str, ours: &str| (theirs.to_string(), ours.to_string());
    assert_eq!(
        fitted.pairs[..3],
        [
            pair("a", "layers.0.weight"),
            pair("b", "layers.2.weight"),
            pair("c", "layers.2.bias")
        ]
    );

    let error = |file: NamedWeights| {
        let error = exchange::fit_by_order(&path, file, &network).expect_err("differs");
        error.to_string()
    };
    let mut swapped = renamed.clone();
    swapped.swap(0, 1);
    let text = error(swapped);
    assert!(
        text.contains("tensor 1 of the file is b [4], tensor 1 of the network is layers.0.weight"),
        "{text}"
    );
    let text = error(renamed[..3].to_vec());
    assert!(
        text.contains("the file holds 3 tensors, the network 11"),
        "{text}"
    );
    let unordered = exchange::read_in_order(&golden("cnn.safetensors")).expect_err("sorted");
    assert!(
        unordered.to_string().contains("does not keep the order"),
        "{unordered}"
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
    match read(bytes) {
        Err(ExchangeError::Format { reason, .. }) => reason,
        other => panic!("not refused: {other:?}"),
    }
}

/// Reads these bytes.
fn read(bytes: &[u8]) -> Result<Weights, ExchangeError> {
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    file.write_all(bytes).expect("written");
    exchange::read(file.path())
}

/// A .pth file of this pickle, with 16 bytes of numbers: 1, 0, 0, 0, ...
fn pth(pickle: &[u8]) -> Vec<u8> {
    let mut storage = [0_u8; 16];
    storage[..4].copy_from_slice(&1_f32.to_le_bytes());
    archive(&[("m/data.pkl", pickle), ("m/data/0", &storage)])
}

/// A text as a pickle holds it.
fn text(text: &str) -> Vec<u8> {
    let length = (text.len() as u32).to_le_bytes();
    [b"X", &length[..], text.as_bytes()].concat()
}

/// A pickled tensor of 2 x 2 that views the storage '0', of this class, with this offset and these strides; `more` are
/// arguments that follow the hooks.
fn tensor(class: &str, offset: u8, strides: [u8; 2], more: &[u8]) -> Vec<u8> {
    let storage = [
        b"(",
        &text("storage")[..],
        format!("ctorch\n{class}\n").as_bytes(),
        &text("0"),
        &text("cpu"),
        b"K\x04tQ",
    ]
    .concat();
    let view = [
        b'K', offset, b'K', 2, b'K', 2, 0x86, b'K', strides[0], b'K', strides[1], 0x86,
    ];
    let call = &b"ctorch._utils\n_rebuild_tensor_v2\n("[..];
    [call, &storage, &view, b"\x89}", more, b"tR"].concat()
}

/// A pickled dictionary.
fn dict(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut pickle = b"}".to_vec();
    for (key, value) in entries {
        pickle.extend([&text(key), *value, b"s"].concat());
    }
    pickle
}

/// A pickle with this result.
fn pickle(result: &[u8]) -> Vec<u8> {
    [b"\x80\x02", result, b"."].concat()
}

/// A pickle of one tensor 'w' of 2 x 2 that views the storage '0' with this offset and these strides.
fn one_tensor(offset: u8, strides: [u8; 2]) -> Vec<u8> {
    pickle(&dict(&[(
        "w",
        &tensor("FloatStorage", offset, strides, b""),
    )]))
}

#[test]
fn hostile_and_damaged_files_are_refused() {
    let plain = tensor("FloatStorage", 0, [2, 1], b"");
    let one = dict(&[("w", &plain)]);
    let unknown_mark = [b"}", &text("lazy")[..], b"\x88s"].concat();
    let unknown_mark = tensor("FloatStorage", 0, [2, 1], &unknown_mark);
    let empty_tuples = [&b"\x80\x02"[..], &[b')'; 3_000_000], b"."].concat();
    let nothing = [&b"\x80\x02"[..], &[b'N'; 3_000_000], b"."].concat();
    let marks = [&b"\x80\x02"[..], &[b'('; 3_000_000], b"."].concat();
    let memos = [&b"\x80\x02N"[..], &[0x94; 3_000_000], b"."].concat();
    let mut overlapping = archive(&[("m/data.pkl", &[0; 1000]), ("m/data/0", b"")]);
    let directory = overlapping.windows(4).rposition(|at| at == b"PK\x01\x02");
    let second = directory.expect("the second entry");
    let first = second - 46 - "m/data.pkl".len();
    let (before, after) = overlapping.split_at_mut(second);
    after[16..28].copy_from_slice(&before[first + 16..first + 28]);
    after[42..46].copy_from_slice(&before[first + 42..first + 46]);
    let nested = [&b"\x80\x02)"[..], &[0x85; 200_000], b"."].concat();
    let whole = std::fs::read(golden("cnn.pth")).expect("read");
    let mut flipped = whole.clone();
    flipped[1750] ^= 1;
    let cases: [(&str, Vec<u8>, &str); 26] = [
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
        ("tuples 200,000 deep", pth(&nested), "no dictionary"),
        ("takes what is not there", pth(b"\x80\x02R."), "damaged"),
        ("ends early", pth(b"\x80\x02}X\x09\0\0\0a"), "damaged"),
        (
            "reaches beyond",
            pth(&one_tensor(1, [2, 1])),
            "beyond its numbers",
        ),
        (
            "a number beside tensors",
            pth(&pickle(&dict(&[("w", &plain), ("n", b"K\x05")]))),
            "'n' is not a tensor",
        ),
        (
            "a number and no tensor",
            pth(&pickle(&dict(&[("w", b"K\x05")]))),
            "no dictionary of tensors",
        ),
        ("3 million empty tuples", pth(&empty_tuples), "values"),
        ("3 million times None", pth(&nothing), "values"),
        ("3 million memos", pth(&memos), "values"),
        ("3 million marks", pth(&marks), "values"),
        ("entries that overlap", overlapping, "not whole"),
        (
            "a mark of another PyTorch",
            pth(&pickle(&dict(&[("w", &unknown_mark)]))),
            "mark 'lazy'",
        ),
        (
            "complex numbers",
            pth(&pickle(&dict(&[(
                "w",
                &tensor("ComplexFloatStorage", 0, [2, 1], b""),
            )]))),
            "holds a ComplexFloatStorage; only real numbers",
        ),
        (
            "two sets of weights",
            pth(&pickle(&dict(&[("ema", &one), ("net", &one)]))),
            "under 'ema' and under 'net'",
        ),
        (
            "TorchScript",
            archive(&[("m/data.pkl", b"\x80\x02}."), ("m/constants.pkl", b"")]),
            "a TorchScript archive; save the state dict",
        ),
        (
            "torch.export",
            archive(&[("m/archive_format", b"pt2"), ("m/models/model.json", b"{}")]),
            "an archive of torch.export; save the state dict",
        ),
        (
            "big-endian",
            archive(&[("m/data.pkl", b"\x80\x02}."), ("m/byteorder", b"big")]),
            "big-endian",
        ),
        (
            "lacks its numbers",
            archive(&[("m/data.pkl", &one_tensor(0, [2, 1]))]),
            "'m/data/0' is missing",
        ),
        ("flipped bit", flipped, "checksum"),
        ("half a file", whole[..3000].to_vec(), "not whole"),
        (
            "before 1.6",
            b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.".to_vec(),
            "not whole",
        ),
        ("text", b"weights".to_vec(), "neither"),
    ];
    for (name, bytes, expected) in cases {
        let reason = refusal(&bytes);
        assert!(reason.contains(expected), "{name}: {reason}");
    }
    let weights = read(&pth(&one_tensor(0, [2, 1])));
    let weights = weights.expect("the same file within its bounds is read");
    assert_eq!(weights["w"].shape, [2, 2]);
}

#[test]
fn tensors_are_views_of_their_storages() {
    let negative = [b"}", &text("neg")[..], b"\x88s"].concat();
    let conjugate = [b"}", &text("conj")[..], b"\x88", &text("neg"), b"\x89u"].concat();
    let conjugate = [&b"}("[..], &conjugate[1..]].concat();
    for (name, pickled, expected) in [
        (
            "plain",
            tensor("FloatStorage", 0, [2, 1], b""),
            [1.0, 0.0, 0.0, 0.0],
        ),
        ("expanded", tensor("FloatStorage", 0, [0, 0], b""), [1.0; 4]),
        (
            "rows repeated",
            tensor("FloatStorage", 0, [0, 1], b""),
            [1.0, 0.0, 1.0, 0.0],
        ),
        (
            "negative",
            tensor("FloatStorage", 0, [0, 0], &negative),
            [-1.0; 4],
        ),
        (
            "conjugate",
            tensor("FloatStorage", 0, [0, 0], &conjugate),
            [1.0; 4],
        ),
        // The bytes of 1.0 are 0, 0, 128, 63.
        (
            "bool",
            tensor("BoolStorage", 0, [2, 1], b""),
            [0.0, 0.0, 1.0, 1.0],
        ),
    ] {
        let weights = read(&pth(&pickle(&dict(&[("w", &pickled)]))));
        let weights = weights.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(weights["w"].values, expected, "{name}");
    }
}

#[test]
fn what_training_scripts_save_beside_the_weights_is_passed_over() {
    let tensor = tensor("FloatStorage", 0, [2, 1], b"");
    let weights = dict(&[("w", &tensor)]);
    let optimizer = dict(&[("state", b"}K\0}s"), ("param_groups", b"]}a")]);
    for (name, other) in [
        ("None", &b"N"[..]),
        ("True", b"\x88"),
        ("a float", b"G\x3f\xf0\0\0\0\0\0\0"),
        ("a list", b"](K\x01K\x02e"),
        ("80 bits", b"\x8a\x0b\0\0\0\0\0\0\0\0\0\0\x01"),
        ("80 bits, long", b"\x8b\x0b\0\0\0\0\0\0\0\0\0\0\0\0\0\x01"),
        ("bytes", b"C\x03abc"),
        (
            "bytes of protocol 2",
            b"c_codecs\nencode\nX\x01\0\0\0aX\x06\0\0\0latin1\x86R",
        ),
        ("a set", b"\x8f(K\x01K\x02\x90"),
        ("a set of protocol 2", b"c__builtin__\nset\n](K\x01e\x85R"),
        ("a frozen set", b"(K\x01\x91"),
        ("torch.Size", b"ctorch\nSize\nK\x01K\x1c\x86\x85R"),
        ("torch.device", b"ctorch\ndevice\nX\x03\0\0\0cpu\x85R"),
        ("torch.float32", b"ctorch\nfloat32\n"),
        ("a counter", b"ccollections\nCounter\n}\x85R"),
        ("an optimizer", &optimizer),
    ] {
        for (how, whole) in [
            ("beside", dict(&[("x", other), ("state_dict", &weights)])),
            ("another name", dict(&[("net", &weights), ("x", other)])),
            (
                "deeper",
                dict(&[("x", other), ("checkpoint", &dict(&[("model", &weights)]))]),
            ),
            (
                "as its key",
                [&dict(&[("net", &weights)])[..], b"K\x07", other, b"s"].concat(),
            ),
            (
                "the module's own",
                dict(&[("w", &tensor), ("0._extra_state", other)]),
            ),
        ] {
            let weights = read(&pth(&pickle(&whole)));
            let weights = weights.unwrap_or_else(|error| panic!("{name}, {how}: {error}"));
            assert_eq!(weights.keys().collect::<Vec<_>>(), ["w"], "{name}, {how}");
        }
    }
}

#[test]
fn prefixes_of_wrappers_are_left_out() {
    let path = golden("cnn.pth");
    let weights = exchange::read(&path).expect("read");
    let network = network(CNN);
    let plain = exchange::fit(&path, weights.clone(), &network).expect("fits");
    for prefix in [
        "module.",
        "_orig_mod.",
        "model.",
        "_orig_mod.module.",
        "0.",
        "net.0.",
        "model.layers.",
    ] {
        let named =
            |(name, weight): (&String, &Weight)| (format!("{prefix}{name}"), weight.clone());
        let wrapped = weights.iter().map(named).collect();
        let fitted = exchange::fit(&path, wrapped, &network);
        let fitted = fitted.unwrap_or_else(|error| panic!("{prefix}: {error}"));
        assert_eq!(fitted, plain, "{prefix}");
    }
    let named = |(name, weight): (&String, &Weight)| match name.as_str() {
        "0.weight" => ("head.weight".to_string(), weight.clone()),
        _ => (format!("module.{name}"), weight.clone()),
    };
    let error = exchange::fit(&path, weights.iter().map(named).collect(), &network);
    let text = error.expect_err("not all share it").to_string();
    assert!(text.contains("surplus:     head.weight"), "{text}");
}

#[test]
fn weights_that_are_not_finite_are_named() {
    let path = golden("cnn.pth");
    let network = network(CNN);
    for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let mut weights = exchange::read(&path).expect("read");
        let weight = weights.get_mut("2.running_var").expect("a normalisation");
        weight.values[3] = value;
        let error = exchange::fit(&path, weights, &network).expect_err("not finite");
        let text = error.to_string();
        assert!(
            text.contains(&format!("tensor '2.running_var' holds {value}")),
            "{text}"
        );
        assert!(text.contains("cnn.pth"), "{text}");
    }
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
        drop(read(&pth(&pickle)));
    }
}

#[test]
fn damaged_files_of_before_1_6_are_refused() {
    let whole = std::fs::read(golden("legacy.pth")).expect("read");
    let outcome = |bytes: &[u8]| read(bytes).map_err(|error| error.to_string());
    for end in 0..whole.len() {
        assert!(outcome(&whole[..end]).is_err(), "cut off after {end} bytes");
    }
    let longer = [&whole[..], b"x"].concat();
    let error = outcome(&longer).expect_err("refused");
    assert!(error.contains("1 bytes follow its last storage"), "{error}");
    // Whatever bit is turned, it is read or refused.
    for place in (0..whole.len()).step_by(3) {
        let mut turned = whole.clone();
        turned[place] ^= 1 << (place % 8);
        let _either = outcome(&turned);
    }
}
