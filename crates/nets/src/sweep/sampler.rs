//! Which point of the search space a trial gets.

use measure::record::{Sampler, SweepMetric, SweepParameter, TrialRecord, ranked};

use super::space::{self, Point};
use super::{SweepError, tpe};
use data::random::{Key, Purpose, Stream};

/// Trials that TPE draws at random before it uses their results.
pub const START: usize = 10;
/// Attempts to draw a new point.
const TRIES: usize = 50;

/// Chooses points. Its choice for a trial depends on the seed, the trial's number, and the points and records given.
#[derive(Clone, Debug)]
pub struct Proposer {
    pub(super) parameters: Vec<SweepParameter>,
    pub(super) sampler: Sampler,
    pub(super) metric: SweepMetric,
    seed: u64,
    /// Every point in order, if there are few enough to list.
    all: Option<Vec<Point>>,
}

/// Spaces of up to this many points are listed, so that no point is tried twice.
const LISTED: usize = 20_000;

impl Proposer {
    /// For a search space.
    ///
    /// # Errors
    /// [`SweepError::Vary`] for a grid over a range without a number of values.
    pub fn new(
        parameters: &[SweepParameter],
        sampler: Sampler,
        metric: SweepMetric,
        seed: u64,
    ) -> Result<Self, SweepError> {
        let few = space::space_size(parameters).is_some_and(|size| size <= LISTED);
        if sampler == Sampler::Grid {
            // The error names the range without a number of values.
            parameters
                .iter()
                .try_for_each(|one| space::grid(one).map(|_| ()))?;
            if !few {
                return Err(SweepError::LargeGrid { most: LISTED });
            }
        }
        let all = few.then(|| combinations(parameters)).transpose()?;
        Ok(Self {
            parameters: parameters.to_vec(),
            sampler,
            metric,
            seed,
            all,
        })
    }

    /// The number of points; `None` if there are too many to list.
    pub fn size(&self) -> Option<usize> {
        self.all.as_ref().map(Vec::len)
    }

    /// The point of trial `number` (from 1), unlike all of `taken`; `None` when there is no other.
    ///
    /// `records` are the finished trials; only TPE uses them. Points that are `taken` without a record belong to running
    /// trials and count as bad, so that it looks elsewhere.
    pub fn point(&self, number: usize, taken: &[Point], records: &[TrialRecord]) -> Option<Point> {
        if self
            .all
            .as_ref()
            .is_some_and(|all| taken.len() >= all.len())
        {
            return None;
        }
        if let (Sampler::Grid, Some(all)) = (self.sampler, &self.all) {
            return all.get(number - 1).cloned();
        }
        let key = Key {
            seed: self.seed,
            purpose: Purpose::Sweep,
            epoch: 0,
            index: number as u64,
        };
        let mut stream = key.stream();
        if self.sampler == Sampler::Tpe && records.len() >= START {
            let points = self.ranked(taken, records);
            let points: Vec<&Point> = points.iter().collect();
            for retry in 0..TRIES {
                // With few points, the best of many candidates is soon one that was tried already.
                let candidates = (tpe::CANDIDATES >> (retry / 4)).max(1);
                let point = tpe::suggest(&self.parameters, &points, candidates, &mut stream);
                if !taken.contains(&point) {
                    return Some(point);
                }
            }
        }
        self.random(taken, &mut stream)
    }

    /// Any new point.
    fn random(&self, taken: &[Point], stream: &mut Stream) -> Option<Point> {
        if let Some(all) = &self.all {
            let new: Vec<&Point> = all.iter().filter(|point| !taken.contains(point)).collect();
            return new
                .get(stream.below(new.len()))
                .map(|point| (*point).clone());
        }
        let mut draw = || -> Point {
            let value = |one: &SweepParameter| space::at(&one.domain, stream.unit());
            self.parameters.iter().map(value).collect()
        };
        // There are so many that the first is nearly always new.
        (0..TRIES)
            .map(|_| draw())
            .find(|point| !taken.contains(point))
    }

    /// The points that were tried: the best first, running ones last.
    fn ranked(&self, taken: &[Point], records: &[TrialRecord]) -> Vec<Point> {
        let point = |record: &TrialRecord| -> Option<Point> {
            let value = |one: &SweepParameter| record.values.get(&one.key).cloned();
            self.parameters.iter().map(value).collect()
        };
        let over = ranked(records, self.metric).into_iter();
        let mut points: Vec<Point> = over.filter_map(|place| point(&records[place])).collect();
        let under_way: Vec<Point> = taken
            .iter()
            .filter(|p| !points.contains(p))
            .cloned()
            .collect();
        points.extend(under_way);
        points
    }
}

/// Every combination, the last parameter changing fastest.
fn combinations(parameters: &[SweepParameter]) -> Result<Vec<Point>, SweepError> {
    let mut points: Vec<Point> = vec![Vec::new()];
    for parameter in parameters {
        let values = space::grid(parameter)?;
        let longer = points.iter().flat_map(|point| {
            let with = |value: &_| {
                let mut point = point.clone();
                point.push(Clone::clone(value));
                point
            };
            values.iter().map(with).collect::<Vec<Point>>()
        });
        points = longer.collect();
    }
    Ok(points)
}

#[cfg(test)]
mod tests;
