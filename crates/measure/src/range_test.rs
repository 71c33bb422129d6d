//! The learning-rate range test (Smith 2015, "Cyclical Learning Rates for Training Neural Networks", arXiv 1506.01186): the
//! loss of one training whose learning rate rises from step to step, and what its curve says of a good rate.

#[cfg(test)]
mod tests;

use serde::Serialize;

/// The smoothed loss averages over about this fraction of all steps, so that the curve looks alike however many there are.
const SMOOTHED_OVER: f64 = 1.0 / 15.0;
/// A test ends where the smoothed loss is this many times its least, as in fastai and PyTorch Lightning.
const DIVERGED: f64 = 4.0;
/// This fraction of the steps is not judged: at first the smoothed loss averages over few mini-batches.
const UNJUDGED: f64 = 0.1;
/// Where the loss has made this fraction of its fall, it is at the bottom.
const BOTTOM: f64 = 0.98;
/// A loss that never falls below this fraction of its first has not fallen.
const FALLEN: f64 = 0.95;

/// The learning rates of a test.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct RateRange {
    /// The first.
    pub from: f64,
    /// The last.
    pub to: f64,
    /// The number of rates: a step of the optimizer for each.
    pub steps: usize,
}

impl RateRange {
    /// The rate of a step, from 0: each is the one before times the same factor.
    pub fn rate(&self, step: usize) -> f64 {
        let progress = step as f64 / self.steps.saturating_sub(1).max(1) as f64;
        self.from * (self.to / self.from).powf(progress)
    }
}

/// A step of a test.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct RangePoint {
    /// The learning rate.
    pub learning_rate: f64,
    /// The loss of the mini-batch, before the step at this rate.
    pub loss: f64,
    /// The exponential average of the losses so far, without its bias towards 0.
    pub smoothed: f64,
}

/// Why a test ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RangeEnd {
    /// The last rate was reached.
    Finished,
    /// The loss rose to several times its least.
    Diverged,
    /// The loss was no longer a number.
    NotFinite,
}

/// The curve of a test in the making.
#[derive(Debug, Clone)]
pub struct RangeCurve {
    steps: usize,
    /// How much of the average stays from step to step.
    stays: f64,
    average: f64,
    points: Vec<RangePoint>,
}

impl RangeCurve {
    /// An empty curve of a test with this many steps.
    pub fn new(steps: usize) -> Self {
        Self {
            steps,
            stays: 1.0 - 1.0 / (SMOOTHED_OVER * steps as f64).max(1.0),
            average: 0.0,
            points: Vec::new(),
        }
    }

    /// Adds a step.
    pub fn push(&mut self, learning_rate: f64, loss: f64) -> RangePoint {
        self.average = self.stays * self.average + (1.0 - self.stays) * loss;
        let bias = 1.0 - self.stays.powi(self.points.len() as i32 + 1);
        let point = RangePoint {
            learning_rate,
            loss,
            smoothed: self.average / bias,
        };
        self.points.push(point);
        point
    }

    /// Whether the loss has risen so far that larger rates are not worth a try.
    pub fn diverges(&self) -> bool {
        let least = self.least().map(|place| self.points[place].smoothed);
        let last = self.points.last().map(|point| point.smoothed);
        let judged = self.points.len() > self.unjudged();
        judged
            && last
                .zip(least)
                .is_some_and(|(last, least)| last > DIVERGED * least)
    }

    /// The steps.
    pub fn points(&self) -> &[RangePoint] {
        &self.points
    }

    /// Steps that are not judged.
    fn unjudged(&self) -> usize {
        (UNJUDGED * self.steps as f64).ceil() as usize
    }

    /// Where the smoothed loss is least.
    fn least(&self) -> Option<usize> {
        let judged = self.points.iter().enumerate().skip(self.unjudged());
        judged
            .min_by(|(_, one), (_, other)| one.smoothed.total_cmp(&other.smoothed))
            .map(|(place, _)| place)
    }

    /// What the curve says; `None` where the loss never fell.
    pub fn findings(&self) -> Option<RangeFindings> {
        let least = self.least()?;
        let points = &self.points;
        let first = self.unjudged();
        if least <= first || points[least].smoothed > FALLEN * points[first].smoothed {
            return None;
        }
        // Central differences: rates are evenly spaced in their logarithm.
        let slope = |place: usize| points[place + 1].smoothed - points[place - 1].smoothed;
        let inner = first.max(1)..least;
        let steepest = inner.min_by(|one, other| slope(*one).total_cmp(&slope(*other)))?;
        let [top, end] = [first, least].map(|place| points[place].smoothed);
        let bottom = top - BOTTOM * (top - end);
        let bottom = (first..=least).find(|place| points[*place].smoothed <= bottom)?;
        let tenth = points[bottom].learning_rate / 10.0;
        let suggestion = points[..bottom].partition_point(|point| point.learning_rate < tenth);
        Some(RangeFindings {
            suggestion: points[suggestion],
            steepest: points[steepest],
            bottom: points[bottom],
            least: points[least],
            is_least_at_end: least + 1 == self.steps,
        })
    }
}

/// What a curve says.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct RangeFindings {
    /// The rate to try: a tenth of the one at the bottom. fastai's rule "minimum" takes a tenth of the one with the least
    /// loss; but a loss that goes to 0 is least at absurd rates.
    pub suggestion: RangePoint,
    /// Where the smoothed loss falls most from one rate to the next.
    pub steepest: RangePoint,
    /// Where the smoothed loss has made nearly all of its fall, 98 %.
    pub bottom: RangePoint,
    /// Where the smoothed loss is least.
    pub least: RangePoint,
    /// Whether the loss still fell at the last rate, so that larger ones should be tried.
    pub is_least_at_end: bool,
}
