//! What wrong recipes are told.

use super::*;

#[test]
fn errors_point_at_the_line() {
    let error = message(parse(
        "[model]\nkind = \"cnn\"\nlayers = [\n  \"relu\", \"rellu\",\n]\n",
    ));
    assert_eq!(
        error,
        "model.layers[1]: unknown name `rellu`
  --> test.toml, line 4, column 11
 4 |   \"relu\", \"rellu\",
   |           ^^^^^^^
  help: did you mean `relu`? Valid names: conv, max-pool, avg-pool, global-avg-pool, \
adaptive-avg-pool, batch-norm, relu, gelu, silu, sigmoid, hard-sigmoid, hard-swish, leaky-relu, dropout, flatten, linear, \
squeeze-excitation, residual, stage, inverted"
    );
}

#[test]
fn errors_say_what_is_wrong() {
    let cnn = |layer: &str| format!("[model]\nkind = \"cnn\"\nlayers = [{layer}]");
    let detector = |lines: &str| {
        format!("[model]\nkind = \"faster-rcnn\"\nbackbone = {{ layers = [\"relu\"] }}\n{lines}")
    };
    let training = |line: &str| format!("{}\n[training]\n{line}", cnn("\"flatten\""));
    #[rustfmt::skip]
    let cases: Vec<(String, &[&str])> = vec![
        (String::new(), &["missing key `model`", "line 1, column 1"]),
        ("[model".into(), &["line 1"]),
        ("é = [1,\n\n".into(), &["test.toml, line"]),
        ("[model]".into(), &["model: missing key `kind`", "cnn, faster-rcnn"]),
        ("model = \"cnn\"".into(), &["a table with `kind = \"cnn\"`"]),
        ("[model]\nkind = \"rcnn\"".into(), &["model.kind", "unknown name `rcnn`", "line 2, column 8", "did you mean"]),
        ("[model]\nkind = 3".into(), &["expected a name in quotes, found the number 3"]),
        ("[model]\nkind = \"cnn\"".into(), &["model: missing key `layers`"]),
        ("[model]\nkind = \"cnn\"\nlayer = []".into(), &["unknown key `layer`", "line 3, column 1", "`layers`"]),
        ("[model]\nkind = \"faster-rcnn\"\nlayers = []".into(), &["unknown key `layers`", "backbone, pyramid, anchors"]),
        (cnn(""), &["model.layers: must be a list of at least one layer"]),
        (cnn("3"), &["model.layers[0]: expected a name in quotes, found the number 3"]),
        (cnn("{ cnov = 3, kernel = 2 }"), &["no layer is called `cnov`", "did you mean `conv`?", "column 13"]),
        (cnn("{ kernel = 2 }"), &["no key of this table names a layer"]),
        (cnn("{ conv = 3, linear = 2 }"), &["one layer with two names"]),
        (cnn("{ conv = 3 }"), &["model.layers[0]: missing key `kernel`"]),
        (cnn("\"conv\""), &["missing key `conv`", "{ conv = ... }"]),
        (cnn("{ conv = 3, kernel = 2, strid = 1 }"), &["model.layers[0].strid: unknown key", "did you mean `stride`?"]),
        (cnn("{ conv = 3, kernel = \"3\" }"), &["model.layers[0].kernel: expected a whole number or a pair", "column 32"]),
        (cnn("{ conv = 3, kernel = [3, -1] }"), &["model.layers[0].kernel[1]: expected a whole number of at least 0"]),
        (cnn("{ conv = 3, kernel = [3, 3, 3] }"), &["expected two numbers"]),
        (cnn("{ conv = 3, kernel = 0 }"), &["model.layers[0].kernel: must be from 1 to 4096, found 0"]),
        (cnn("{ conv = 10000000000, kernel = 1 }"), &["model.layers[0].conv: must be from 1 to"]),
        (cnn("{ relu = 1 }"), &["`relu` has no options", "write \"relu\" alone"]),
        (cnn("{ dropout = 1.0 }"), &["model.layers[0].dropout: must be at least 0 and less than 1, found 1"]),
        (cnn("{ max-pool = 2, padding = 2 }"), &["model.layers[0].padding: must be at most half the window"]),
        (cnn("{ batch-norm = { momentm = 1 } }"), &["model.layers[0].batch-norm.momentm: unknown key", "`momentum`"]),
        (detector("[model.anchors]\nsizes = [[8], [16]]"), &["model.anchors.sizes: must be one list of numbers, or 1 lists", "found 2 lists"]),
        (detector("[model.anchors]\nsizes = [8, [16]]"), &["model.anchors.sizes: numbers and lists are mixed"]),
        (detector("[model.anchors]\nsizes = [8, \"x\"]"), &["model.anchors.sizes[1]: expected a number or a list of numbers"]),
        (detector("[model.anchors]\nsizes = []"), &["model.anchors.sizes: must be a list of at least one number"]),
        (detector("[model.pyramid]\nstrides = [1, 2]\n[model.anchors]\nsizes = [[8], [16, 20]]"), &["model.anchors.sizes[1]: must be as long as the first level's"]),
        (detector("[model.pyramid]\nstrides = [2, 1]"), &["model.pyramid.strides: must be a list of at least one stride, ascending"]),
        (detector("[model.pyramid]\nstrides = [1, 4]"), &["model.pyramid.strides: must be each twice the one before"]),
        (detector("[model.pyramid]\nstrides = [3]"), &["model.pyramid.strides[0]: must be a power of 2"]),
        (detector("[model.pyramid]\ncanonical-size = 0"), &["model.pyramid.canonical-size: must be greater than 0"]),
        (detector("[model.pyramid]\nchanels = 3"), &["model.pyramid.chanels: unknown key", "`channels`"]),
        (detector("[model.roi]\nbox-loss = \"iou\""), &["model.roi.box-loss: unknown name `iou`", "smooth-l1, giou"]),
        (detector("[model.roi]\nbox-loss-weight = -1"), &["model.roi.box-loss-weight: must be at least 0"]),
        (detector("[model.roi]\nbox-regression = \"agnostic\""), &["model.roi.box-regression: unknown name", "class-specific, class-agnostic"]),
        (detector("[model.roi]\nsample = 1"), &["model.roi.positive-fraction: must be at least 1 / sample, 1: no object would be drawn, found 0.5"]),
        (detector("[model.rpn]\npositive-fraction = 0.001"), &["model.rpn.positive-fraction: must be at least 1 / sample, 0.015625"]),
        (detector("[model.roi]\nconvolutions = [0]"), &["model.roi.convolutions[0]: must be from 1 to"]),
        (training("epoch = 3"), &["training.epoch: unknown key `epoch`", "line 5, column 1", "did you mean `epochs`?"]),
        (training("epochs = 0"), &["training.epochs: must be from 1 to 1000000, found 0", "line 5, column 10"]),
        (training("epochs = 1.5"), &["training.epochs: expected a whole number, found the number 1.5"]),
        (training("batch_size = 5"), &["did you mean `batch-size`?"]),
        (training("seed = -1"), &["training.seed: expected a whole number of at least 0"]),
        (training("clip-norm = \"no\""), &["training.clip-norm: expected a number, found the text \"no\""]),
        (training("checkpoints = { every-steps = 0 }"), &["training.checkpoints.every-steps: must be at least 1, found 0"]),
        (training("checkpoints = { every-seconds = 0 }"), &["training.checkpoints.every-seconds: must be greater than 0"]),
        (training("checkpoints = { keep = 0 }"), &["training.checkpoints.keep: must be at least 1"]),
        (training("optimizer = { name = \"adm\" }"), &["training.optimizer.name: unknown name `adm`", "did you mean `adam`?"]),
        (training("optimizer = { momentum = 0.9 }"), &["unknown key `momentum`", "learning-rate, weight-decay, beta-1"]),
        (training("optimizer = { learning-rate = nan }"), &["training.optimizer.learning-rate: must be greater than 0 and finite, found NaN"]),
        (training("optimizer = { learning-rate = 0 }"), &["must be greater than 0"]),
        (training("optimizer = { name = \"sgd\", nesterov = true }"), &["nesterov: must be false without momentum"]),
        (training("schedule = \"one-cycl\""), &["training.schedule: unknown name", "`one-cycle`"]),
        (training("accumulate = 0"), &["training.accumulate: must be from 1 to 1000000, found 0"]),
        (training("mixup = -1"), &["training.mixup: must be at least 0 and finite, found -1"]),
        (detector("[training]\nmixup = 0.2"), &["training.mixup: is for classifiers (model.kind = \"cnn\") only", "line 5, column 9"]),
        (training("loss = \"focl\""), &["training.loss: unknown name `focl`", "did you mean `focal`? Valid names: cross-entropy, focal"]),
        (training("loss = { name = \"focal\", gama = 2 }"), &["training.loss.gama: unknown key `gama`", "did you mean `gamma`?"]),
        (training("loss = { name = \"focal\", gamma = -1 }"), &["training.loss.gamma: must be from 0 to 100, found -1", "line 5, column 34"]),
        (training("loss = { gamma = 2 }"), &["training.loss.gamma: `cross-entropy` has no options"]),
        (training("class-weights = \"balance\""), &["training.class-weights: unknown name `balance`", "did you mean `balanced`?"]),
        (training("class-weights = 2"), &["training.class-weights: expected \"balanced\", or a list of one number for each class"]),
        (training("class-weights = [1, -2]"), &["training.class-weights[1]: must be at least 0 and finite, found -2", "line 5, column 21"]),
        (training("class-weights = [1, \"x\"]"), &["training.class-weights[1]: expected a number, found the text \"x\""]),
        (training("class-weights = [0, 0]"), &["training.class-weights: must be \"balanced\", or a list", "at least one is greater than 0, found [0.0, 0.0]"]),
        (training("class-weights = []"), &["training.class-weights: must be \"balanced\", or a list"]),
        (training("sampler = \"even\""), &["training.sampler: unknown name `even`", "shuffle, balanced"]),
        (detector("[training]\nloss = \"focal\""), &["training.loss: is for classifiers (model.kind = \"cnn\") only", "line 5, column 8"]),
        (detector("[training]\nclass-weights = \"balanced\""), &["training.class-weights: is for classifiers (model.kind = \"cnn\") only"]),
        (detector("[training]\nsampler = \"balanced\""), &["training.sampler: is for classifiers (model.kind = \"cnn\") only"]),
        (format!("{}\n[data.augment]\nmosaic = 0.5", cnn("\"flatten\"")), &["data.augment.mosaic: is for detectors (model.kind = \"faster-rcnn\") only", "line 5, column 10"]),
        (training("ema = 1"), &["training.ema: must be at least 0 and less than 1, found 1"]),
        (training("early-stopping = {}"), &["training.early-stopping: watches held-out images, and none are held out", "hold out some with data.validation"]),
        (training("early-stopping = { metric = \"los\" }"), &["training.early-stopping.metric: unknown name `los`", "did you mean `loss`? Valid names: loss, accuracy, ap"]),
        (training("early-stopping = { patience = 0 }\n[data]\nvalidation = 9"), &["training.early-stopping.patience: must be at least 1, found 0"]),
        (training("early-stopping = 3"), &["training.early-stopping: expected a table of keys"]),
        (training("temperature-scaling = true"), &["training.temperature-scaling: fits held-out images, and none are held out"]),
        (training("optimizer = { name = \"muon\", adam-learning-rate = 0 }"), &["training.optimizer.adam-learning-rate: must be greater than 0"]),
        (format!("{}\ntest-shift = 9", cnn("\"flatten\"")), &["model.test-shift: must be at most 3, found 9"]),
        (training("schedule = { name = \"one-cycle\", rise = 1 }"), &["training.schedule.rise: must be greater than 0 and less than 1"]),
    ];
    for (text, parts) in cases {
        let error = message(parse(&text));
        for part in parts {
            assert!(error.contains(part), "{text}\nlacks {part:?}:\n{error}");
        }
    }
}
