//! Networks that are not chains: residual blocks, stages and MobileNet's blocks.

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::atomic::AtomicBool;

use burn::tensor::{Device, Tensor, TensorData};
use data::Dataset;
use flate2::read::GzDecoder;
use measure::record::EpochRecord;
use nets::exchange::{self, About, PytorchNames};
use nets::layers::Mode;
use nets::network::Network;
use nets::training::{Ending, Observer, StepReport, Trainer};
use nets::weights::collect;
use recipe::Recipe;

/// Every kind of block, shortcut and gate; a dropout inside of a block; nothing is divisible by four.
const BRANCHES: &str = r#"
[model]
kind = "cnn"
layers = [
  { conv = 6, kernel = 3, padding = 1, bias = false }, "batch-norm", "hard-swish",
  { stage = 2, block = "basic", channels = 8, stride = 2 },
  { residual = [{ conv = 8, kernel = 3, padding = 1, groups = 2 }, "relu", { dropout = 0.1 }] }, "relu",
  { stage = 1, block = "bottleneck", channels = 12, width = 6, groups = 3 },
  { inverted = 12, kernel = 5, expand = 18, squeeze = 4, activation = "hard-swish" },
  { inverted = 10, expand = 18, stride = 2 },
  { squeeze-excitation = 3 }, { adaptive-avg-pool = [3, 2] },
  "flatten", { residual = [{ linear = 60 }, "sigmoid"] }, { linear = 10 },
]
[training]
epochs = 2
batch-size = 48
optimizer = { name = "adamw", learning-rate = 0.01 }
schedule = { name = "one-cycle" }
"#;

fn recipe(text: &str) -> Recipe {
    Recipe::parse::<&str>(text, "test", &[]).unwrap_or_else(|error| panic!("{error}"))
}

fn images(count: usize) -> Dataset {
    let split = data::mnist::built_in(&recipe::Image::default()).expect("built in");
    split.train.subset(&(0..count).collect::<Vec<_>>())
}

#[derive(Default)]
struct Epochs(Vec<EpochRecord>);

impl Observer for Epochs {
    fn step(&mut self, _: &StepReport) {}

    fn epoch(&mut self, record: &EpochRecord) {
        self.0.push(record.clone());
    }
}

/// Shapes of torchvision's tensors by name, of each of its networks.
pub fn golden() -> BTreeMap<String, BTreeMap<String, Vec<usize>>> {
    let packed = include_bytes!("../golden/weights/torchvision_names.txt.gz");
    let mut text = String::new();
    GzDecoder::new(&packed[..])
        .read_to_string(&mut text)
        .expect("gzip");
    let mut networks = BTreeMap::<_, BTreeMap<_, _>>::new();
    let mut current = String::new();
    for line in text.lines() {
        let mut words = line.split(' ');
        match (words.next(), words.clone().next()) {
            (Some("=="), Some(name)) => current = name.to_string(),
            (Some(tensor), _) => {
                let shape = words.map(|side| side.parse().expect("a number")).collect();
                let tensors = networks.entry(current.clone()).or_default();
                tensors.insert(tensor.to_string(), shape);
            }
            _ => {}
        }
    }
    networks
}

/// The tensors that an export of the network would have.
fn exported(network: &Network) -> BTreeMap<String, Vec<usize>> {
    let names = PytorchNames::new(network);
    let mut all = BTreeMap::new();
    for (ours, weight) in collect(network) {
        let theirs = names.of(&ours);
        if let Some(norm) = theirs.strip_suffix("running_mean") {
            all.insert(format!("{norm}num_batches_tracked"), Vec::new());
        }
        all.insert(theirs, weight.shape);
    }
    all
}

#[track_caller]
fn assert_same(
    name: &str,
    found: &BTreeMap<String, Vec<usize>>,
    expected: &BTreeMap<String, Vec<usize>>,
) {
    let differ = |a: &BTreeMap<String, Vec<usize>>, b: &BTreeMap<String, Vec<usize>>| -> Vec<_> {
        let others = a.iter().filter(|(name, shape)| b.get(*name) != Some(shape));
        others
            .take(5)
            .map(|(name, shape)| format!("{name} {shape:?}"))
            .collect()
    };
    assert!(
        found == expected,
        "{name}: ours only {:?}, theirs only {:?}",
        differ(found, expected),
        differ(expected, found)
    );
}

#[test]
fn tensors_are_torchvisions_in_name_and_shape() {
    let golden = golden();
    let mobile = |features| {
        format!(
            "{{ linear = {features} }}, \"hard-swish\", {{ dropout = 0.2 }}, {{ linear = 1000 }}"
        )
    };
    for (ours, theirs, head) in [
        ("resnet-18", "resnet18", "{ linear = 1000 }".to_string()),
        ("resnet-34", "resnet34", "{ linear = 1000 }".to_string()),
        ("resnet-50", "resnet50", "{ linear = 1000 }".to_string()),
        ("mobilenet-v3-large", "mobilenet_v3_large", mobile(1280)),
        ("mobilenet-v3-small", "mobilenet_v3_small", mobile(1024)),
    ] {
        let text = format!(
            "[model]\nkind = \"cnn\"\nbackbone = \"{ours}\"\nlayers = [\"global-avg-pool\", {head}]"
        );
        let network = Network::new(&recipe(&text), [3, 32, 32], 1000, &Device::flex());
        let network = network.unwrap_or_else(|error| panic!("{ours}: {error}"));
        assert_same(ours, &exported(&network), &golden[theirs]);
    }
}

#[test]
fn a_detectors_tensors_are_torchvisions() {
    let golden = golden();
    let detector = |backbone: &str, more: &str| {
        let text = format!("[model]\nkind = \"faster-rcnn\"\nbackbone = \"{backbone}\"\n{more}");
        let network = Network::new(&recipe(&text), [3, 64, 64], 90, &Device::flex());
        exported(&network.unwrap_or_else(|error| panic!("{backbone}: {error}")))
    };
    let resnet = detector(
        "resnet-50",
        "pyramid = { strides = [4, 8, 16, 32], channels = 256, extra-level = true }\n\
         anchors = { sizes = [[32], [64], [128], [256], [512]], ratios = [0.5, 1, 2] }\n\
         roi = { output = 7, hidden = [1024, 1024] }",
    );
    assert_same("resnet-50", &resnet, &golden["fasterrcnn_resnet50_fpn"]);
    let v2 = detector(
        "resnet-50",
        "pyramid = { strides = [4, 8, 16, 32], channels = 256, extra-level = true, norm = \"batch\" }\n\
         anchors = { sizes = [[32], [64], [128], [256], [512]], ratios = [0.5, 1, 2] }\n\
         rpn = { convolutions = 2 }\n\
         roi = { output = 7, convolutions = [256, 256, 256, 256], hidden = [1024], norm = \"batch\", \
         hidden-norm = \"none\" }",
    );
    assert_same("v2", &v2, &golden["fasterrcnn_resnet50_fpn_v2"]);
    let mobile = detector(
        "mobilenet-v3-large",
        "pyramid = { from = [\"stage-13\", \"backbone\"], channels = 256, extra-level = true }\n\
         anchors = { sizes = [32, 64, 128, 256, 512], ratios = [0.5, 1, 2] }\n\
         roi = { output = 7, hidden = [1024, 1024] }",
    );
    assert_same(
        "mobilenet-v3-large",
        &mobile,
        &golden["fasterrcnn_mobilenet_v3_large_fpn"],
    );
}

/// A few images, many, and images with gradients are computed by other kernels; in inference normalisations become part of
/// the weights.
#[test]
fn layouts_agree() {
    let network = Network::new(&recipe(BRANCHES), [1, 28, 28], 10, &Device::flex()).expect("fits");
    let Network::Cnn(cnn) = &network else {
        unreachable!("a classifier")
    };
    let values: Vec<f32> = (0..20 * 784)
        .map(|i| (i * 7919 % 1000) as f32 / 500.0 - 1.0)
        .collect();
    let logits = |images: usize, device: &Device| -> Vec<f32> {
        let data = TensorData::new(values[..images * 784].to_vec(), [images, 1, 28, 28]);
        let images = Tensor::<4>::from_data(data, device);
        let logits = cnn.forward(images, Mode::Inference);
        logits.into_data().try_to_vec().expect("f32")
    };
    let many = logits(20, &Device::flex());
    for images in [1, 3, 8] {
        let few = logits(images, &Device::flex());
        for (i, (a, b)) in few.iter().zip(&many).enumerate() {
            assert!((a - b).abs() < 1e-4, "{images} images, logit {i}: {a} {b}");
        }
    }
}

#[test]
fn it_learns_and_its_weights_go_out_and_back() {
    let train = images(960);
    let recipe = recipe(BRANCHES);
    let mut trainer = Trainer::new(&recipe, &train, None, &Device::flex()).expect("fits");
    let mut epochs = Epochs::default();
    let never = AtomicBool::new(false);
    let ending = trainer.run(None, &never, &mut epochs).expect("trains");
    assert_eq!(ending, Ending::Finished);
    let losses: Vec<f64> = epochs
        .0
        .iter()
        .map(|epoch| epoch.losses["classification"])
        .collect();
    assert!(losses[1] < 0.7 * losses[0], "{losses:?}");
    let network = trainer.network();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("weights.safetensors");
    let about = About {
        classes: (0..10).map(|digit| digit.to_string()).collect(),
        input: [1, 28, 28],
        recipe: String::new(),
    };
    exchange::export(&path, &network, 7, &about).expect("written");
    let read = exchange::read(&path).expect("read");
    assert!(exchange::fit(&path, read, &network).expect("fits") == collect(&network));
}

/// The same images, seed and steps give the same bits, with dropout inside of blocks.
#[test]
fn trainings_repeat() {
    let train = images(96);
    let recipe = recipe(BRANCHES);
    let weights = || {
        let mut trainer = Trainer::new(&recipe, &train, None, &Device::flex()).expect("fits");
        let never = AtomicBool::new(false);
        trainer
            .run(None, &never, &mut Epochs::default())
            .expect("trains");
        collect(&trainer.network())
    };
    assert!(weights() == weights());
}
