//! The dashboard's pictures, held against files in `tests/golden/dashboard/`, and a made-up training to try it with.
//!
//! After a change that is meant, `ATELIER_GOLDENS=write cargo test --release -p atelier pictures` writes them anew.

mod tmux;

use std::path::Path;
use std::time::Duration;

use ratatui_core::backend::TestBackend;
use ratatui_core::terminal::Terminal;

use super::draw::draw;
use super::view::{Phase, View};
use super::*;

/// Step `step` (from 1) of a training that never was.
pub fn step(step: usize, batches: usize, epochs: usize) -> StepReport {
    let progress = (step as f64 / 60.0).min(40.0);
    let wobble = 1.0 + 0.3 * (step as f64 * 1.7).sin();
    let loss = (2.3 * (-progress).exp() + 0.02) * wobble;
    let right = 64.0 * (1.0 - 0.9 * (-progress).exp() - 0.01 * wobble);
    StepReport {
        epoch: (step - 1) / batches + 1,
        epochs,
        batch: (step - 1) % batches + 1,
        batches,
        batch_loss: loss,
        batch_correct: [right as usize, 64],
        learning_rate: 0.001,
        loss,
        accuracy: right / 64.0,
        images_per_batch: 64.0,
        images_per_s: 11_586.4,
    }
}

/// The end of its epoch `epoch`.
pub fn record(epoch: usize, batches: usize) -> EpochRecord {
    let last = step(epoch * batches, batches, epoch);
    EpochRecord {
        epoch,
        step: (epoch * batches) as u64,
        train_loss: last.loss,
        train_accuracy: Some(last.accuracy),
        validation_loss: Some(last.loss * 1.1 + 0.01),
        validation_accuracy: Some(last.accuracy - 0.004 - 0.001 * epoch as f64),
        learning_rate: 0.001,
        seconds: 5.2 * epoch as f64,
        images_per_s: 11_586.4,
        ..EpochRecord::default()
    }
}

fn new(epochs: usize) -> View {
    View {
        name: "fast-cnn".to_string(),
        epochs,
        ..View::default()
    }
}

/// After so many steps, told as `Progress` tells it.
fn trained(steps: usize, batches: usize, epochs: usize) -> View {
    let mut view = new(epochs);
    view.part = Some([1, 2]);
    for at in 1..=steps {
        view.step(&step(at, batches, epochs));
        if at % batches == 0 && at < steps {
            let record = record(at / batches, batches);
            view.epoch(&record);
            view.say(&epoch_line("fast-cnn", epochs, &record));
        }
    }
    view
}

fn without_numbers() -> View {
    let mut view = new(3);
    for at in 1..=150 {
        view.step(&StepReport {
            batch_loss: f64::NAN,
            batch_correct: [0, 0],
            loss: f64::NAN,
            accuracy: f64::NAN,
            images_per_s: f64::NAN,
            ..step(at, 100, 3)
        });
        if at == 100 {
            view.epoch(&EpochRecord {
                epoch: 1,
                train_loss: f64::NAN,
                validation_loss: Some(f64::NAN),
                validation_accuracy: Some(f64::NAN),
                ..EpochRecord::default()
            });
        }
    }
    view.say(
        "warning: a checkpoint is damaged and not used: runs/fast-cnn/checkpoints/1.safetensors",
    );
    view
}

fn of_scenes() -> View {
    let mut view = trained(430, 100, 5);
    view.part = None;
    for record in &mut view.history {
        record.validation_accuracy = None;
        record.validation_map = Some(0.2 * record.epoch as f64);
    }
    view
}

fn resumed() -> View {
    let mut view = new(5);
    view.resumed(&[record(1, 100), record(2, 100)]);
    view.say("resuming after step 210 from runs/fast-cnn/checkpoints/210.safetensors");
    for at in 211..=260 {
        view.step(&step(at, 100, 5));
    }
    view
}

fn views() -> Vec<(&'static str, View)> {
    vec![
        ("training", trained(730, 235, 5)),
        ("long", trained(46_900, 938, 100)),
        ("validating", trained(470, 235, 5)),
        ("before", new(5)),
        ("no-number", without_numbers()),
        ("scenes", of_scenes()),
        ("resumed", resumed()),
    ]
}

/// What is to be read on a screen of this size.
fn picture(view: &View, width: u16, height: u16) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    let seconds = Duration::from_secs(72);
    let frame = terminal.draw(|frame| draw(frame.buffer_mut(), view, seconds));
    let buffer = frame.unwrap().buffer;
    let row = |y| {
        let cells = (0..width).map(|x| buffer[(x, y)].symbol());
        cells.collect::<String>().trim_end().to_string() + "\n"
    };
    (0..height).map(row).collect()
}

#[test]
fn pictures_are_as_stored() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/dashboard");
    let write = std::env::var("ATELIER_GOLDENS").is_ok_and(|what| what == "write");
    for (name, view) in views() {
        let sizes: &[(u16, u16)] = match name {
            "training" => &[(120, 30), (80, 24), (60, 16), (40, 10), (20, 5)],
            _ => &[(80, 24)],
        };
        for &(width, height) in sizes {
            let path = folder.join(format!("{name}-{width}x{height}.txt"));
            let now = picture(&view, width, height);
            if write {
                measure::files::write_atomically(&path, &now).unwrap();
                continue;
            }
            let then = std::fs::read_to_string(&path)
                .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            assert!(
                now == then,
                "{} is now\n{now}\nand was\n{then}\nIf that is meant: ATELIER_GOLDENS=write",
                path.display()
            );
        }
    }
}

#[test]
fn every_size_can_be_drawn() {
    for (_, view) in views() {
        for width in (0..130).step_by(7) {
            for height in 0..32 {
                picture(&view, width, height);
            }
        }
    }
}

#[test]
fn phases_follow_from_events() {
    let mut view = new(2);
    assert_eq!(view.phase(), Phase::Preparation);
    for epoch in 1..=2 {
        view.step(&step(2 * epoch - 1, 2, 2));
        assert_eq!(view.phase(), Phase::Training);
        view.step(&step(2 * epoch, 2, 2));
        assert_eq!(view.phase(), Phase::Validation);
        view.epoch(&record(epoch, 2));
    }
    assert_eq!(view.phase(), Phase::Evaluation);
    assert_eq!(view.done(), 1.0);

    let mut early = new(9);
    early.step(&step(2, 2, 9));
    early.epoch(&record(1, 2));
    assert_eq!(early.phase(), Phase::Training);
    early.over = true;
    assert_eq!(early.phase(), Phase::Evaluation);
}

#[test]
fn the_first_of_equal_epochs_is_the_best() {
    let mut view = new(4);
    for (epoch, accuracy) in [(1, f64::NAN), (2, 0.7), (3, 0.9), (4, 0.9)] {
        view.epoch(&EpochRecord {
            epoch,
            validation_accuracy: Some(accuracy),
            ..EpochRecord::default()
        });
    }
    assert_eq!(view.best(), Some((3.0, 0.9)));
}
