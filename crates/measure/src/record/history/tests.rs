//! Histories that come back as written, and a broken line.

use super::*;

#[test]
fn comes_back_as_written() {
    let epochs = vec![
        EpochRecord {
            epoch: 1,
            step: 938,
            train_loss: 0.1 + 0.2,
            losses: BTreeMap::from([("objectness".into(), 0.25), ("rpn_box".into(), 0.05)]),
            ..Default::default()
        },
        EpochRecord {
            epoch: 2,
            train_accuracy: Some(0.99),
            ..Default::default()
        },
    ];
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.jsonl");
    write_history(&path, &epochs).unwrap();
    assert_eq!(read_history(&path).unwrap(), epochs);
    assert_eq!(read_text(&path).unwrap().lines().count(), 2);
}

#[test]
fn figures_that_are_not_finite_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.jsonl");
    let nan = f64::NAN;
    for value in [nan, f64::INFINITY, f64::NEG_INFINITY, -0.0, 3.0, 1e300] {
        let epoch = EpochRecord {
            train_loss: value,
            losses: BTreeMap::from([("class".into(), value)]),
            validation_loss: Some(value),
            validation_losses: BTreeMap::from([("box".into(), value)]),
            ..Default::default()
        };
        write_history(&path, std::slice::from_ref(&epoch)).unwrap();
        let back = &read_history(&path).unwrap()[0];
        let bits = |epoch: &EpochRecord| {
            [
                epoch.train_loss,
                epoch.losses["class"],
                epoch.validation_loss.unwrap(),
                epoch.validation_losses["box"],
            ]
            .map(f64::to_bits)
        };
        assert_eq!(bits(back), bits(&epoch), "{value}");
    }
    let text = r#"{"epoch":1,"step":2,"train_loss":"Infinite"}"#;
    write_atomically(&path, text).unwrap();
    let message = read_history(&path).unwrap_err().to_string();
    assert!(message.contains(r#"expected a number, "NaN""#), "{message}");
}

#[test]
fn a_newer_field_is_ignored_and_a_broken_line_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.jsonl");
    let good = r#"{"epoch":1,"step":2,"train_loss":0.5,"validation_loss":null,"learning_rate":0.1,"seconds":1.0,"images_per_s":3.0,"checkpoint_s":0.0,"from_the_future":[]}"#;
    write_atomically(&path, format!("{good}\n")).unwrap();
    assert_eq!(read_history(&path).unwrap()[0].train_loss, 0.5);
    write_atomically(&path, format!("{good}\n{{\"epoch\":\n")).unwrap();
    let message = read_history(&path).unwrap_err().to_string();
    assert!(message.contains("history.jsonl: line 2: "), "{message}");
}
