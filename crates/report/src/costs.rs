//! Quality against cost, from the runs' records.

use serde::Serialize;

use super::Report;
use super::seeds::trainings;
use measure::cost::pareto_front;
use measure::record::Evaluation;

/// A cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Cost {
    /// Seconds of training.
    TrainTime,
    /// Milliseconds for a single image, median.
    Latency,
    /// Multiply-adds for one image.
    MultiplyAdds,
}

/// A quality.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Gain {
    /// Share of the images classified correctly.
    Accuracy,
    /// COCO's average precision, where images show several objects.
    Map,
}

/// A run with its cost and its quality.
#[derive(Debug, Clone)]
pub struct Priced<'a> {
    /// Place of its column.
    pub slot: usize,
    /// Its name.
    pub name: &'a str,
    /// Its cost, positive.
    pub cost: f64,
    /// Its quality, a fraction.
    pub gain: f64,
    /// 95 % interval of the quality.
    pub interval: Option<[f64; 2]>,
}

/// Quality against a cost: the runs that have both, and the Pareto front.
#[derive(Debug, Clone)]
pub struct Tradeoff<'a> {
    /// The cost.
    pub cost: Cost,
    /// The quality.
    pub gain: Gain,
    /// The runs.
    pub priced: Vec<Priced<'a>>,
    /// Places in `priced`, the cheapest first.
    pub front: Vec<usize>,
}

impl Gain {
    /// Its name in data files.
    pub fn key(self) -> &'static str {
        match self {
            Self::Accuracy => "accuracy",
            Self::Map => "map",
        }
    }
}

impl Cost {
    /// Its name in data files.
    pub fn key(self) -> &'static str {
        match self {
            Self::TrainTime => "train_time",
            Self::Latency => "latency",
            Self::MultiplyAdds => "multiply_adds",
        }
    }

    fn of(self, evaluation: &Evaluation) -> Option<f64> {
        let cost = match self {
            Self::TrainTime => evaluation.train_s,
            Self::Latency => evaluation.speed.as_ref()?.latency_1.p50_ms,
            Self::MultiplyAdds => evaluation.multiply_adds as f64,
        };
        (cost > 0.0 && cost.is_finite()).then_some(cost)
    }
}

/// The tradeoffs in which at least two columns can be compared.
pub fn tradeoffs<'a>(report: &Report<'a>) -> Vec<Tradeoff<'a>> {
    let trainings = trainings(report);
    let classify = |e: &Evaluation| e.classification.is_some();
    let gain = if trainings.iter().all(|(_, c)| classify(c.evaluation)) {
        Gain::Accuracy
    } else {
        Gain::Map
    };
    let quality = |evaluation: &Evaluation| match gain {
        Gain::Accuracy => {
            let answers = evaluation.classification.as_ref()?;
            let interval = answers.accuracy_interval;
            let known = interval.iter().all(|end| end.is_finite());
            Some((answers.accuracy, known.then_some(interval)))
        }
        Gain::Map => Some((evaluation.localisation.as_ref()?.map?, None)),
    };
    let tradeoff = |cost: Cost| {
        let priced = trainings.iter().filter_map(|(slot, contestant)| {
            let (gain, interval) = quality(contestant.evaluation)?;
            Some(Priced {
                slot: *slot,
                name: contestant.name,
                cost: cost.of(contestant.evaluation)?,
                gain: Some(gain).filter(|gain| gain.is_finite())?,
                interval,
            })
        });
        let priced: Vec<Priced<'a>> = priced.collect();
        let first = priced.first()?.slot;
        if priced.iter().all(|one| one.slot == first) {
            return None;
        }
        let points: Vec<[f64; 2]> = priced.iter().map(|p| [p.cost, p.gain]).collect();
        Some(Tradeoff {
            cost,
            gain,
            front: pareto_front(&points),
            priced,
        })
    };
    let costs = [Cost::TrainTime, Cost::Latency, Cost::MultiplyAdds];
    costs.into_iter().filter_map(tradeoff).collect()
}
