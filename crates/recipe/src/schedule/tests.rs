//! Rates held against PyTorch's.

use super::*;

fn close(found: f64, expected: f64, name: &str) {
    let error = (found - expected).abs();
    assert!(
        error <= 1e-12 * expected.abs() + 1e-15,
        "{name}: {found} for {expected}"
    );
}

/// PyTorch's algorithm (`torch/optim/lr_scheduler.py`, class OneCycleLR, annealing 'cos'),
/// restated in Python and run for these rows: the phases end at steps `pct_start * total - 1`
/// and `total - 1`, and each goes from a to b as b + (a - b) / 2 * (1 + cos(pi * progress)).
#[test]
fn one_cycle_is_pytorchs() {
    let rows = [
        (0, 10, 0.01, 0.3, 0.000_399_999_999_999_999_3),
        (1, 10, 0.01, 0.3, 0.0052),
        (2, 10, 0.01, 0.3, 0.01),
        (3, 10, 0.01, 0.3, 0.009_504_846_320_134_737),
        (6, 10, 0.01, 0.3, 0.003_887_419_780_637_108),
        (9, 10, 0.01, 0.3, 4e-8),
        (30, 100, 0.1, 0.25, 0.098_429_164_339_799_33),
        (99, 100, 0.1, 0.25, 4e-7),
        (1000, 100, 0.1, 0.25, 4e-7),
    ];
    for (step, total, peak, rise, expected) in rows {
        let schedule = Schedule::OneCycle(OneCycle {
            peak: Some(peak),
            rise,
            ..OneCycle::default()
        });
        let name = format!("step {step} of {total}");
        close(schedule.learning_rate(step, total, 123.0), expected, &name);
    }
    let from_base = Schedule::OneCycle(OneCycle::default());
    close(
        from_base.learning_rate(2, 10, 0.01),
        0.01,
        "the peak is the base by default",
    );
}

#[test]
fn other_schedules() {
    let constant = |warm_up| Schedule::Constant(Constant { warm_up });
    let step = |warm_up| {
        Schedule::Step(Step {
            every: 10,
            gamma: 0.1,
            warm_up,
        })
    };
    let cosine = |last, warm_up| Schedule::Cosine(Cosine { last, warm_up });
    let cycle = |warm_up| {
        Schedule::OneCycle(OneCycle {
            start_division: 4.0,
            warm_up,
            ..OneCycle::default()
        })
    };
    let rows = [
        ("constant", constant(0), 7, 2.0),
        ("first step of the warm-up", constant(4), 0, 0.5),
        ("last step of the warm-up", constant(4), 3, 2.0),
        ("after the warm-up", constant(4), 4, 2.0),
        ("before the first cut", step(0), 9, 2.0),
        ("first cut", step(0), 10, 0.2),
        ("third cut", step(0), 39, 0.002),
        ("cuts count after the warm-up", step(5), 14, 2.0),
        ("cut after the warm-up", step(5), 15, 0.2),
        ("cosine starts at the base", cosine(0.0, 0), 0, 2.0),
        ("cosine's middle", cosine(0.5, 0), 50, 1.5),
        ("cosine's first third", cosine(0.0, 10), 40, 1.5),
        ("one-cycle's first step", cycle(0), 0, 0.5),
        ("before one-cycle's first step", cycle(10), 4, 0.25),
        (
            "one-cycle's first step after the warm-up",
            cycle(10),
            10,
            0.5,
        ),
        (
            "one-cycle's peak in the 27th step of 90",
            cycle(10),
            36,
            2.0,
        ),
        ("one-cycle's end", cycle(10), 99, 0.5e-4),
    ];
    for (name, schedule, at, expected) in rows {
        close(schedule.learning_rate(at, 100, 2.0), expected, name);
    }
}

#[test]
fn very_short_runs_get_a_rate() {
    let schedules = [
        Schedule::default(),
        Schedule::Step(Step {
            warm_up: 3,
            ..Step::default()
        }),
        Schedule::Cosine(Cosine {
            last: 0.0,
            warm_up: 3,
        }),
        Schedule::OneCycle(OneCycle::default()),
        Schedule::OneCycle(OneCycle {
            warm_up: 3,
            ..OneCycle::default()
        }),
    ];
    for schedule in schedules {
        for total in 0..5 {
            for step in 0..=total {
                let rate = schedule.learning_rate(step, total, 0.1);
                assert!(
                    rate > 0.0 && rate <= 0.1,
                    "{schedule:?} {step} of {total}: {rate}"
                );
            }
        }
    }
}

/// torch.optim.lr_scheduler.ReduceLROnPlateau (2.15) with factor 0.5, patience 2, threshold 0.01, min_lr 0.02, from 0.1.
#[test]
fn reduce_on_plateau_is_pytorchs() {
    let schedule = Schedule::ReduceOnPlateau(ReduceOnPlateau {
        factor: 0.5,
        patience: 2,
        threshold: 0.01,
        minimum: 0.02,
        warm_up: 0,
    });
    let rows = [
        (1.0, 0.1),
        (0.9, 0.1),
        (0.895, 0.1),
        (0.893, 0.1),
        (0.892, 0.05),
        (0.8, 0.05),
        (0.81, 0.05),
        (0.8, 0.05),
        (0.8, 0.025),
        (0.8, 0.025),
        (0.8, 0.025),
        (0.8, 0.02),
        (0.79, 0.02),
        (0.785, 0.02),
        (0.9, 0.02),
        (0.7, 0.02),
    ];
    for count in 0..=rows.len() {
        let losses = rows[..count].iter().map(|(loss, _)| *loss);
        let expected = count.checked_sub(1).map_or(0.1, |last| rows[last].1);
        let base = schedule.base_after(0.1, losses);
        close(base, expected, &format!("after {count} epochs"));
        close(schedule.learning_rate(7, 100, base), expected, "its step");
    }
    let nan = schedule.base_after(0.1, [f64::NAN; 6].into_iter());
    close(nan, 0.025, "a loss that is no number is not better");
}
