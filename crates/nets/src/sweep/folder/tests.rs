//! Tests of `folder`.

use super::*;
use crate::sweep::space::parameter;
use measure::record::{Sampler, SettingValue, SweepMetric, TrialStatus};
use std::collections::BTreeMap;

fn plan() -> SweepPlan {
    SweepPlan {
        recipe: "tiny".into(),
        recipe_toml: "[data]\nvalidation = 10\n".into(),
        parameters: vec![parameter("training.batch-size=16,32").unwrap()],
        sampler: Sampler::Random,
        metric: SweepMetric::Accuracy,
        halving: Some(3),
        seed: 0,
        train_images: 90,
        validation_images: 10,
    }
}

fn trial(number: usize) -> TrialRecord {
    TrialRecord {
        trial: number,
        values: BTreeMap::from([("a".into(), SettingValue::Number(0.1 * number as f64))]),
        status: TrialStatus::Failed,
        reason: Some("a \"reason\"\nof two lines".into()),
        value: None,
        epochs: Vec::new(),
    }
}

#[test]
fn trials_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a/b");
    let opened = SweepFolder::open(&path, &plan()).unwrap();
    assert!(opened.trials.is_empty());
    opened.folder.keep(&[trial(1), trial(2)]).unwrap();
    // While it is held nobody else gets it.
    let busy = SweepFolder::open(&path, &plan()).unwrap_err();
    assert!(matches!(busy, SweepError::Run(_)), "{busy}");
    drop(opened);
    let opened = SweepFolder::open(&path, &plan()).unwrap();
    assert_eq!(opened.trials, [trial(1), trial(2)]);
    assert_eq!(opened.torn, None);
}

#[test]
fn a_torn_last_line_is_named_and_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    SweepFolder::open(path, &plan())
        .unwrap()
        .folder
        .keep(&[trial(1), trial(2)])
        .unwrap();
    let whole = std::fs::read_to_string(path.join(TRIALS)).unwrap();
    // Cut at every position of the last line except its end.
    let start = whole.find('\n').unwrap() + 1;
    for end in start + 1..whole.len() - 1 {
        std::fs::write(path.join(TRIALS), &whole[..end]).unwrap();
        let opened = SweepFolder::open(path, &plan()).unwrap();
        assert_eq!(opened.trials, [trial(1)], "{end}");
        let torn = opened.torn.unwrap();
        assert!(torn.contains("trials.jsonl: line 2"), "{torn}");
    }
    std::fs::write(path.join(TRIALS), &whole[..whole.len() - 1]).unwrap();
    assert_eq!(SweepFolder::open(path, &plan()).unwrap().trials.len(), 2);
    let (damaged, doubled) = (format!("{{\n{whole}"), whole.repeat(2));
    for (text, part) in [
        (damaged, "line 1"),
        (doubled, "line 3: trial 1 appears twice"),
    ] {
        std::fs::write(path.join(TRIALS), text).unwrap();
        let message = SweepFolder::open(path, &plan()).unwrap_err().to_string();
        assert!(message.contains(part), "{message}");
    }
}

#[test]
fn another_sweep_is_refused_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sweep");
    drop(SweepFolder::open(&path, &plan()).unwrap());
    let other = |change: fn(&mut SweepPlan)| {
        let mut plan = plan();
        change(&mut plan);
        SweepFolder::open(&path, &plan).unwrap_err().to_string()
    };
    for (message, part) in [
        (
            other(|plan| plan.parameters[0] = parameter("training.batch-size=16,64").unwrap()),
            "begun with --vary training.batch-size=16,32 there, --vary training.batch-size=16,64 here",
        ),
        (
            other(|plan| plan.sampler = Sampler::Tpe),
            "--sampler is random there, tpe here",
        ),
        (
            other(|plan| plan.halving = None),
            "--halving is 3 there, none here",
        ),
        (other(|plan| plan.seed = 1), "--seed is 0 there, 1 here"),
        (
            other(|plan| plan.recipe_toml = "[data]\nvalidation = 20\n".into()),
            "`validation = 10` there, `validation = 20` here",
        ),
    ] {
        assert!(
            message.contains(part) && message.contains("--out"),
            "{message}"
        );
    }
    // A folder of something else is left alone.
    let run = folder.path().join("run");
    std::fs::create_dir(&run).unwrap();
    std::fs::write(run.join("recipe.toml"), "").unwrap();
    let message = SweepFolder::open(&run, &plan()).unwrap_err().to_string();
    assert!(message.contains("holds no sweep"), "{message}");
    assert_eq!(std::fs::read_dir(&run).unwrap().count(), 1);
}
