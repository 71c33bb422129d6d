//! Recipes that were edited.

use super::*;

#[test]
fn changed_keys_are_named() {
    const CNN: &str = "[model]\nkind = \"cnn\"\nlayers = [\"flatten\", { linear = 10 }]\n";
    let root = tempfile::tempdir().unwrap();
    let run = Run::create(root.path(), "net").unwrap();
    let recipe = |sets: &[&str]| Recipe::parse(CNN, "test", sets).unwrap();
    let begun = Begun {
        environment: Environment::default(),
        recipe_toml: recipe(&[]).to_toml().unwrap(),
        imported: None,
    };
    write_json(run.path().join(record::ENVIRONMENT), &begun).unwrap();
    for (set, expected) in [
        ("training.seed=7", "training.seed (was 0, now 7)"),
        (
            "training.batch-size=7",
            "training.batch-size (was 64, now 7)",
        ),
        ("training.epochs=7", "training.epochs (was "),
        (
            "training.optimizer.learning-rate=0.5",
            "training.optimizer.learning-rate (was ",
        ),
        (
            "training.label-smoothing=0.5",
            "training.label-smoothing (was ",
        ),
        (
            "training.clip-norm=0.5",
            "training.clip-norm (was \"none\", now 0.5)",
        ),
        ("training.ema=0.9", "training.ema (was \"none\", now 0.9)"),
        ("data.validation=7", "data.validation (was "),
        ("data.augment.rotate=7", "data.augment"),
        (
            "model.layers[1].linear=7",
            "model.layers (was a list of 2, now a list of 2)",
        ),
    ] {
        let message = run.check_recipe(&recipe(&[set])).unwrap_err().to_string();
        assert!(message.contains(expected), "{set}: {message}");
        assert!(message.contains("/net: "), "{set}: {message}");
    }
    for set in [
        "data.source=\"elsewhere\"",
        "training.tensorboard=true",
        "training.checkpoints.keep=9",
    ] {
        assert!(run.check_recipe(&recipe(&[set])).is_ok(), "{set}");
    }
}
