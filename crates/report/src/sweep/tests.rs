use super::*;
use measure::record::{Domain, Sampler, SettingValue, SweepParameter, TrialEpoch};
use std::collections::BTreeMap;

fn plan() -> SweepPlan {
    let numbers = |low, high, log| Domain::Numbers {
        low,
        high,
        log,
        integer: false,
        points: None,
    };
    let parameter = |key: &str, values: &str, domain| SweepParameter {
        key: key.into(),
        values: values.into(),
        domain,
    };
    SweepPlan {
        recipe: "<tiny>".into(),
        recipe_toml: String::new(),
        parameters: vec![
            parameter(
                "training.optimizer.learning-rate",
                "log:1e-4..1e-1",
                numbers(1e-4, 0.1, true),
            ),
            parameter(
                "model.layers[0].conv",
                "8,16",
                Domain::Choices {
                    choices: vec!["8".into(), "16".into()],
                },
            ),
        ],
        sampler: Sampler::Tpe,
        metric: SweepMetric::Accuracy,
        halving: Some(3),
        seed: 0,
        train_images: 55_000,
        validation_images: 5_000,
    }
}

fn trials(count: usize) -> Vec<TrialRecord> {
    let trial = |number: usize| {
        let status = match number % 4 {
            0 => TrialStatus::Failed,
            1 => TrialStatus::Finished,
            _ => TrialStatus::Stopped,
        };
        let epochs = match status {
            TrialStatus::Failed => 0,
            TrialStatus::Stopped => 1,
            TrialStatus::Finished => 3,
        };
        let accuracy = 0.9 + 0.002 * (number % 13) as f64;
        let epochs = (1..=epochs).map(|epoch| TrialEpoch {
            epoch,
            accuracy: Some(accuracy),
            loss: Some(1.0 - accuracy),
            seconds: epoch as f64 * number as f64,
            ..TrialEpoch::default()
        });
        let conv = if number.is_multiple_of(2) { "8" } else { "16" };
        TrialRecord {
            trial: number,
            values: BTreeMap::from([
                (
                    "training.optimizer.learning-rate".to_string(),
                    SettingValue::Number(1e-4 * number as f64),
                ),
                (
                    "model.layers[0].conv".to_string(),
                    SettingValue::Choice(conv.into()),
                ),
            ]),
            status,
            reason: (status == TrialStatus::Failed)
                .then(|| "the loss became <NaN>, \"really\"".to_string()),
            value: (status != TrialStatus::Failed).then_some(accuracy),
            epochs: epochs.collect(),
        }
    };
    (1..=count).map(trial).collect()
}

fn page_of(trials: &[TrialRecord], language: Language) -> String {
    sweep_html(&SweepReport {
        plan: &plan(),
        trials,
        best_toml: Some("[data]\nsource = \"<here>\"\n"),
        best_file: "runs/a sweep/best.toml",
        base_file: "runs/a sweep/base.toml",
        command: "atelier sweep",
        date: "2026-01-31T12:00:00Z",
        language,
    })
}

#[test]
fn says_what_was_found() {
    let found = trials(40);
    let text = page_of(&found, Language::English);
    // 0.9 + 0.002 * 12, of the trials that were trained to the end first reached by trial 25.
    for part in [
        "Which settings suit &lt;tiny&gt;?",
        "Trial 25 is the best of 40, with a validation accuracy of 92.40\u{202f}%: learning-rate 0.0025, layers[0].conv 16.",
        "10 of 40 trials finished, 20 were stopped early, 10 failed.",
        "judged on 5,000 training images",
        "Failed, trial 4, 8, 12, 16, 20, 24, 28, 32, 36, 40: the loss became &lt;NaN&gt;, &quot;really&quot;",
        "atelier compare 'runs/a sweep/best.toml' 'runs/a sweep/base.toml' --seeds 3",
        "source = &quot;&lt;here&gt;&quot;",
        "id=\"side-by-side\"",
        "id=\"front\"",
        "after 1, 3, 3², … epochs",
    ] {
        assert!(text.contains(part), "lacks {part}");
    }
    assert!(!text.contains("<script") && !text.contains("<tiny>") && !text.contains("NaN %"));
    let french = page_of(&found, Language::French);
    assert!(french.contains("lang=\"fr\"") && french.contains("L’essai 25 est le meilleur sur 40"));
    for (name, text) in [("English", text), ("French", french)] {
        assert!(
            !text.contains('{') || !text.contains("{trial") && !text.contains("{metric}"),
            "{name}: a key is left"
        );
    }
}

#[test]
fn few_trials_or_none_make_a_page_too() {
    for count in [0, 1, 2, 3, 5] {
        for language in [Language::English, Language::French] {
            let text = page_of(&trials(count), language);
            assert!(text.ends_with("</html>\n"), "{count}");
            assert!(!text.contains("NaN %") && !text.contains("inf"), "{count}");
        }
    }
    let failed: Vec<TrialRecord> = trials(8)
        .into_iter()
        .filter(|t| t.status == TrialStatus::Failed)
        .collect();
    assert!(page_of(&failed, Language::English).contains("None of 2 trials finished"));
}

#[test]
fn names_are_as_short_as_they_can_be() {
    let cases: [(&[&str], &[&str]); 4] = [
        (&["training.optimizer.name"], &["optimizer.name"]),
        (
            &["training.epochs", "training.batch-size"],
            &["epochs", "batch-size"],
        ),
        (
            &["model.roi.weight", "model.rpn.weight"],
            &["roi.weight", "rpn.weight"],
        ),
        (
            &["model.layers[0].conv", "model.layers[2].conv"],
            &["layers[0].conv", "layers[2].conv"],
        ),
    ];
    for (keys, expected) in cases {
        assert_eq!(short_names(keys), expected);
    }
    assert_eq!(short_names(&[]), [""; 0]);
}

#[test]
fn csv_and_json_hold_every_trial() {
    let (plan, trials) = (plan(), trials(9));
    let text = csv(&plan, &trials);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(
        lines[0],
        "trial,training.optimizer.learning-rate,model.layers[0].conv,status,epochs,value,accuracy,ap,loss,seconds,reason"
    );
    assert_eq!(lines.len(), 10);
    assert_eq!(
        lines[4],
        "4,0.0004,8,failed,0,,,,,0,\"the loss became <NaN>, \"\"really\"\"\""
    );
    assert!(
        lines[1].starts_with("1,0.0001,16,finished,3,0.902,0.902,,"),
        "{}",
        lines[1]
    );
    let document = serde_json::to_value(document(&plan, &trials)).unwrap();
    assert_eq!(document["best"], 9);
    assert_eq!(document["ranking"].as_array().unwrap().len(), 9);
    assert_eq!(document["trials"][3]["status"], "failed");
    assert_eq!(document["metric"], "accuracy");
    assert_eq!(document["front"], serde_json::json!([1, 5, 9]));
}
