//! Tests of `saving`.

use super::*;

#[test]
fn checkpoints_are_due_by_time_by_steps_and_by_what_they_cost() {
    let options = |every_seconds, every_steps| Checkpoints {
        every_seconds,
        every_steps,
        ..Checkpoints::default()
    };
    let seconds = Duration::from_secs;
    // Asked for each 30 s; the last, after step 100, took 1 s.
    for (name, every, waited, step, ends_epoch, due) in [
        ("not yet", Some(30.0), 29, 101, false, false),
        (
            "too expensive, though an epoch ends",
            Some(30.0),
            99,
            101,
            true,
            false,
        ),
        ("time", Some(30.0), 100, 101, false, true),
        ("nothing new", Some(30.0), 100, 100, true, false),
        ("epochs only, within one", None, 1000, 101, false, false),
        ("epochs only, at an end", None, 100, 101, true, true),
    ] {
        let mut saver = Saver::new(Path::new(""), options(every, None), 100);
        saver.cost = seconds(1);
        let found = saver.is_due_after(seconds(waited), step, ends_epoch, every);
        assert_eq!(found, due, "{name}");
    }
    let mut saver = Saver::new(Path::new(""), options(Some(1000.0), Some(5)), 100);
    saver.cost = seconds(1000);
    assert_eq!(
        [104, 105].map(|step| saver.is_due(step, true)),
        [false, true]
    );
}
