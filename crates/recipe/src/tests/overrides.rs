//! `--set key=value`.

use super::*;

#[test]
fn set_overrides_any_key() {
    let training = |set: &[&str]| super::set(set).unwrap().training;
    assert_eq!(training(&["training.epochs=1"]).epochs, 1);
    assert_eq!(
        training(&["training.epochs=1", "training.epochs = 2"]).epochs,
        2
    );
    assert_eq!(training(&["training.clip-norm=10"]).clip_norm, Some(10.0));
    assert_eq!(training(&["training.clip-norm=none"]).clip_norm, None);
    let checkpoints = training(&[
        "training.checkpoints.every-steps=7",
        "training.checkpoints.every-seconds=none",
    ]);
    let Checkpoints {
        every_seconds,
        every_steps,
        ..
    } = checkpoints.checkpoints;
    assert_eq!((every_seconds, every_steps), (None, Some(7)));
    assert_eq!(
        training(&["training.optimizer.learning-rate=.5"])
            .optimizer
            .learning_rate(),
        0.5
    );
    assert_eq!(
        training(&["training.optimizer.name=sgd"]).optimizer,
        Optimizer::Sgd(Sgd::default())
    );
    assert_eq!(
        training(&["training.schedule={name=\"cosine\",final=0.1}"]).schedule,
        Schedule::Cosine(Cosine {
            last: 0.1,
            warm_up: 0
        })
    );
    assert_eq!(
        set(&["data.source=/some where/else"]).unwrap().data.source,
        "/some where/else"
    );
    let recipe = set(&["model.layers[1].linear=16", "model.layers[0]=relu"]).unwrap();
    assert_eq!(
        recipe.model.layers(),
        [
            Layer::Relu,
            Layer::Linear {
                features: 16,
                bias: true
            }
        ]
    );
}

#[test]
fn set_errors_name_the_argument() {
    #[rustfmt::skip]
    let cases: [(&str, &[&str]); 15] = [
        ("training.epoch=1", &["--set training.epoch=1", "unknown key `epoch`", "did you mean `training.epochs`?"]),
        ("epoch=1", &["did you mean `training.epochs`?"]),
        ("epochs=1", &["did you mean `training.epochs`?"]),
        ("learning-rate=1", &["did you mean `training.optimizer.learning-rate`?"]),
        ("trainig.epochs=1", &["did you mean `training.epochs`?"]),
        ("training.epochs", &["there is no `=`"]),
        ("training.epochs=", &["no value"]),
        ("=1", &["a name is missing"]),
        ("a[1=1", &["does not end with `]`"]),
        ("a[x]=1", &["not an index"]),
        ("training.epochs=many", &["expected a whole number, found the text \"many\""]),
        ("training.epochs=[1", &["not complete TOML"]),
        ("model.layers[2]=relu", &["model.layers has 2 elements, counted from 0"]),
        ("model.layers[0].conv=3", &["model.layers[0] is \"flatten\", which has no key `conv`"]),
        ("training[0]=3", &["training is not a list"]),
    ];
    for (argument, parts) in cases {
        let error = message(set(&[argument]));
        for part in parts {
            assert!(error.contains(part), "{argument}\nlacks {part:?}:\n{error}");
        }
        assert!(error.starts_with("--set "), "{error}");
    }
}
