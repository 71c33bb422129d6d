//! Tests of `runner`.

use super::*;
use crate::sweep::space::parameter;
use measure::record::{SettingValue, SweepMetric};

/// A made-up training: learns by the point's values alone, and fails or stands still where told.
struct MadeUp {
    epochs: usize,
    /// Sets the sweep's flag when this trial's point comes up for the so many-th epoch.
    interrupt: Option<(usize, usize)>,
    seen: Mutex<Vec<Point>>,
    /// The epoch that is kept in the end.
    kept: Option<usize>,
}

impl MadeUp {
    fn new(epochs: usize) -> Self {
        Self {
            epochs,
            interrupt: None,
            seen: Mutex::new(Vec::new()),
            kept: None,
        }
    }

    fn accuracy(point: &Point, epoch: usize) -> f64 {
        let place = point[0].number().unwrap();
        // The late bloomers cross the early ones.
        1.0 - (place - 0.6).abs() / (1.0 + place * epoch as f64)
    }
}

impl Objective for MadeUp {
    fn epochs(&self, _: &Point) -> usize {
        self.epochs
    }

    fn run(
        &self,
        point: &Point,
        stop: &AtomicBool,
        after_epoch: &mut dyn FnMut(TrialEpoch) -> Next,
    ) -> Result<Option<usize>, String> {
        let number = {
            let mut seen = self.seen.lock().unwrap();
            seen.push(point.clone());
            seen.len()
        };
        match &point[1] {
            SettingValue::Choice(choice) if choice == "fails" => {
                return Err("the loss became NaN".to_string());
            }
            SettingValue::Choice(choice) if choice == "panics" => panic!("a made-up bug"),
            _ => {}
        }
        for epoch in 1..=self.epochs {
            // Some are slow: the order in which trials end is not that in which they begin.
            std::thread::sleep(Duration::from_micros(
                (point[0].number().unwrap() * 2000.0) as u64,
            ));
            if self.interrupt == Some((number, epoch)) {
                stop.store(true, Ordering::Relaxed);
            }
            if stop.load(Ordering::Relaxed) {
                return Ok(None);
            }
            let diverges = point[1] == SettingValue::Choice("diverges".into());
            let accuracy = Some(match epoch {
                2.. if diverges => f64::NAN,
                _ => Self::accuracy(point, epoch),
            });
            if after_epoch(TrialEpoch {
                epoch,
                accuracy,
                seconds: epoch as f64,
                ..TrialEpoch::default()
            }) == Next::Stop
            {
                return Ok(None);
            }
        }
        Ok(self.kept)
    }
}

struct Sweep {
    parameters: Vec<SweepParameter>,
    sampler: Sampler,
    jobs: usize,
    halving: Option<Halving>,
    trials: usize,
}

impl Sweep {
    fn new(sampler: Sampler, jobs: usize) -> Self {
        let parameters = ["a=lin:0..1/41", "b=works,works too,fails"]
            .map(|argument| parameter(argument).unwrap());
        Self {
            parameters: parameters.to_vec(),
            sampler,
            jobs,
            halving: Some(Halving { factor: 3 }),
            trials: 40,
        }
    }

    fn run(&self, before: Vec<TrialRecord>, made_up: &MadeUp) -> (Vec<TrialRecord>, SweepEnding) {
        let proposer =
            Proposer::new(&self.parameters, self.sampler, SweepMetric::Accuracy, 7).unwrap();
        let runner = Runner {
            proposer: &proposer,
            halving: self.halving,
            trials: self.trials,
            jobs: self.jobs,
            threads: self.jobs,
        };
        runner
            .run(before, made_up, &AtomicBool::new(false), &mut |_| Ok(()))
            .unwrap()
    }
}

fn same(a: &[TrialRecord], b: &[TrialRecord]) {
    assert_eq!(a.len(), b.len());
    for (a, b) in a.iter().zip(b) {
        assert!(a.agrees(b), "{a:?}\n{b:?}");
    }
}

#[test]
fn a_figure_that_is_not_a_number_fails_the_trial_and_stays_in_its_record() {
    let sweep = Sweep {
        parameters: ["a=lin:0..1/2", "b=works,diverges"]
            .map(|argument| parameter(argument).unwrap())
            .to_vec(),
        halving: None,
        trials: 4,
        ..Sweep::new(Sampler::Grid, 1)
    };
    let (trials, _) = sweep.run(Vec::new(), &MadeUp::new(3));
    for trial in &trials {
        if trial.values["b"] == SettingValue::Choice("works".into()) {
            assert_eq!(trial.status, TrialStatus::Finished);
            continue;
        }
        assert_eq!(trial.status, TrialStatus::Failed);
        let reason = trial.reason.as_deref();
        assert_eq!(reason, Some("the validation accuracy is NaN after epoch 2"));
        assert_eq!((trial.value, trial.epochs.len()), (None, 2));
        assert!(trial.epochs[1].accuracy.is_some_and(f64::is_nan));
    }
    assert_eq!(trials.len(), 4);
}

#[test]
fn trials_finish_stop_and_fail() {
    let (trials, ending) = Sweep::new(Sampler::Random, 1).run(Vec::new(), &MadeUp::new(5));
    assert_eq!((trials.len(), ending), (40, SweepEnding::Finished));
    let numbers: Vec<usize> = trials.iter().map(|trial| trial.trial).collect();
    assert_eq!(numbers, (1..=40).collect::<Vec<_>>());
    for trial in &trials {
        let fails = trial.values["b"] == SettingValue::Choice("fails".into());
        match trial.status {
            TrialStatus::Finished => assert_eq!(trial.epochs.len(), 5),
            TrialStatus::Stopped => assert!([1, 3].contains(&trial.epochs.len()), "{trial:?}"),
            TrialStatus::Failed => assert_eq!(trial.reason.as_deref(), Some("the loss became NaN")),
        }
        assert_eq!(trial.status == TrialStatus::Failed, fails);
        assert_eq!(trial.value.is_none(), fails);
    }
    let of = |status| trials.iter().filter(|trial| trial.status == status).count();
    assert!(
        of(TrialStatus::Stopped) > of(TrialStatus::Finished),
        "{trials:?}"
    );
    // Without halving every trial that can is trained to its end.
    let whole = Sweep {
        halving: None,
        ..Sweep::new(Sampler::Random, 1)
    };
    let (trials, _) = whole.run(Vec::new(), &MadeUp::new(5));
    assert!(
        trials
            .iter()
            .all(|trial| trial.status != TrialStatus::Stopped)
    );
}

#[test]
fn how_many_run_at_a_time_changes_nothing() {
    for sampler in [Sampler::Random, Sampler::Grid] {
        let (one, _) = Sweep::new(sampler, 1).run(Vec::new(), &MadeUp::new(9));
        for jobs in [2, 5] {
            let (several, _) = Sweep::new(sampler, jobs).run(Vec::new(), &MadeUp::new(9));
            same(&one, &several);
        }
    }
}

#[test]
fn a_resumed_sweep_equals_one_that_was_not_stopped() {
    for (sampler, jobs) in [
        (Sampler::Random, 1),
        (Sampler::Random, 3),
        (Sampler::Grid, 2),
        (Sampler::Tpe, 1),
    ] {
        let sweep = Sweep::new(sampler, jobs);
        let (whole, _) = sweep.run(Vec::new(), &MadeUp::new(4));
        let mut trials = Vec::new();
        for interrupt in [(3, 1), (9, 1), (5, 2), (40, 1)] {
            let (some, ending) = sweep.run(
                trials,
                &MadeUp {
                    interrupt: Some(interrupt),
                    ..MadeUp::new(4)
                },
            );
            trials = some;
            assert_eq!(ending == SweepEnding::Finished, trials.len() == 40);
        }
        let (trials, ending) = sweep.run(trials, &MadeUp::new(4));
        assert_eq!(ending, SweepEnding::Finished, "{sampler} {jobs}");
        same(&whole, &trials);
        // More trials later are the same as more at once.
        let more = Sweep {
            trials: 55,
            ..Sweep::new(sampler, jobs)
        };
        same(
            &more.run(trials, &MadeUp::new(4)).0,
            &more.run(Vec::new(), &MadeUp::new(4)).0,
        );
    }
}

#[test]
fn tpe_looks_where_it_is_good() {
    // A range without steps: no point comes twice, and none is drawn at random instead. One trial at a time: what is known
    // when one begins does not depend on the clock.
    let parameters = ["a=lin:0..1", "b=works,works too,fails"];
    let sweep = Sweep {
        parameters: parameters
            .map(|argument| parameter(argument).unwrap())
            .to_vec(),
        trials: 60,
        ..Sweep::new(Sampler::Tpe, 1)
    };
    let (trials, _) = sweep.run(Vec::new(), &MadeUp::new(3));
    let late = trials
        .iter()
        .skip(30)
        .filter(|trial| trial.status != TrialStatus::Failed)
        .count();
    // By chance two in three would not fail.
    assert!(late > 24, "{late} of 30");
}

#[test]
fn an_exhausted_space_ends_the_sweep() {
    let sweep = Sweep {
        trials: 500,
        ..Sweep::new(Sampler::Random, 2)
    };
    let (trials, ending) = sweep.run(Vec::new(), &MadeUp::new(2));
    assert_eq!((trials.len(), ending), (123, SweepEnding::Exhausted));
}

#[test]
fn a_bug_in_one_trial_does_not_end_the_others() {
    let sweep = Sweep {
        parameters: vec![
            parameter("a=lin:0..1/3").unwrap(),
            parameter("b=works,panics").unwrap(),
        ],
        trials: 6,
        ..Sweep::new(Sampler::Grid, 2)
    };
    let (trials, ending) = sweep.run(Vec::new(), &MadeUp::new(3));
    assert_eq!((trials.len(), ending), (6, SweepEnding::Finished));
    let failed: Vec<usize> = trials
        .iter()
        .filter(|t| t.status == TrialStatus::Failed)
        .map(|t| t.trial)
        .collect();
    assert_eq!(failed, [2, 4, 6]);
}

#[test]
fn a_refused_write_ends_the_sweep_with_its_error() {
    let parameters = [
        parameter("a=lin:0..1").unwrap(),
        parameter("b=works").unwrap(),
    ];
    let proposer = Proposer::new(&parameters, Sampler::Random, SweepMetric::Accuracy, 0).unwrap();
    let runner = Runner {
        proposer: &proposer,
        halving: None,
        trials: 10,
        jobs: 2,
        threads: 2,
    };
    let mut over = 0;
    let mut listener = |event: Event<'_>| match event {
        Event::Over { trials, .. } => {
            over = trials.len();
            match over {
                3 => Err(SweepError::Threads("disk full".to_string())),
                _ => Ok(()),
            }
        }
        _ => Ok(()),
    };
    let error = runner.run(
        Vec::new(),
        &MadeUp::new(2),
        &AtomicBool::new(false),
        &mut listener,
    );
    assert!(error.unwrap_err().to_string().contains("disk full"));
    assert!(over <= 4, "{over}");
}

#[test]
fn a_trial_is_worth_what_is_kept_of_it() {
    let sweep = Sweep {
        halving: None,
        trials: 6,
        ..Sweep::new(Sampler::Random, 1)
    };
    let made_up = MadeUp {
        kept: Some(2),
        ..MadeUp::new(4)
    };
    let (trials, _) = sweep.run(Vec::new(), &made_up);
    let finished: Vec<&TrialRecord> = trials
        .iter()
        .filter(|trial| trial.status == TrialStatus::Finished)
        .collect();
    assert!(!finished.is_empty());
    for trial in finished {
        assert_eq!(trial.value, trial.epochs[1].accuracy);
    }
}
