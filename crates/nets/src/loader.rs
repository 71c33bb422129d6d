//! Batches made ahead: while a step computes, idle threads prepare the images of the next batch.
//!
//! The images are prepared by the threads that compute, a few at a time, as tasks of the pool: cores that a step leaves
//! idle do it, and no thread beyond those that were asked for competes with the step for a core. What is not ready when
//! the batch is wanted is prepared then, by all threads: loading ahead is never slower than loading in between, however
//! slow the source. One batch is ahead at most, and what is in it depends on the images' numbers and the epoch alone.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use burn::tensor::{Device, Tensor, TensorData};
use rayon::Scope;
use rayon::prelude::*;

use crate::batch::Batch;
use crate::detector::Truth;
use data::Dataset;
use data::preparation::Preparation;

/// Prepares the batches of a data set within a scope of the thread pool.
pub struct Loader<'s, 'scope> {
    scope: &'s Scope<'scope>,
    data: &'scope Dataset,
    preparation: Preparation,
    /// The batch that is being prepared.
    next: Option<Arc<Pending>>,
}

impl<'s, 'scope> Loader<'s, 'scope> {
    /// Nothing is prepared yet.
    pub fn new(scope: &'s Scope<'scope>, data: &'scope Dataset, preparation: Preparation) -> Self {
        Self {
            scope,
            data,
            preparation,
            next: None,
        }
    }

    /// The batch of the images with these numbers in `epoch`, which is taken over where it was begun; `then`, the numbers
    /// of the batch after it, is begun.
    ///
    /// # Panics
    /// If there is no such image, as slices do.
    pub fn batch(
        &mut self,
        numbers: &[usize],
        then: Option<&[usize]>,
        epoch: usize,
        device: &Device,
    ) -> Batch {
        let begun = self.next.take();
        let batch = match begun.filter(|begun| begun.is(numbers, epoch)) {
            Some(begun) => begun.finish(self.data, &self.preparation, device),
            None => Batch::prepare(&self.preparation, self.data, numbers, epoch, device),
        };
        if let Some(then) = then {
            self.begin(then, epoch);
        }
        batch
    }

    fn begin(&mut self, numbers: &[usize], epoch: usize) {
        // A single thread has nothing idle.
        if numbers.is_empty() || rayon::current_num_threads() < 2 {
            return;
        }
        let pending = Arc::new(Pending::new(self.data, numbers, epoch));
        for _ in 0..pending.count() {
            let (pending, data, preparation) = (pending.clone(), self.data, self.preparation);
            self.scope.spawn(move |_| {
                pending.work(data, &preparation);
            });
        }
        self.next = Some(pending);
    }
}

impl Drop for Loader<'_, '_> {
    fn drop(&mut self) {
        if let Some(next) = &self.next {
            next.abandon();
        }
    }
}

/// Some images of a batch.
struct Part {
    values: Vec<f32>,
    labels: Vec<Option<usize>>,
    truths: Vec<Vec<Truth>>,
}

/// A part, or what its preparation panicked with.
type Made = Result<Part, Box<dyn Any + Send>>;

/// A batch in preparation.
struct Pending {
    numbers: Vec<usize>,
    epoch: usize,
    /// Images of a part; the last may have fewer.
    images: usize,
    /// Parts that somebody prepares or has prepared.
    claimed: AtomicUsize,
    parts: Mutex<Vec<Option<Made>>>,
    /// Told after every part.
    made: Condvar,
}

impl Pending {
    fn new(data: &Dataset, numbers: &[usize], epoch: usize) -> Self {
        let images = Preparation::images_a_task(data);
        let count = numbers.len().div_ceil(images);
        Self {
            numbers: numbers.to_vec(),
            epoch,
            images,
            claimed: AtomicUsize::new(0),
            parts: Mutex::new((0..count).map(|_| None).collect()),
            made: Condvar::new(),
        }
    }

    fn count(&self) -> usize {
        self.numbers.len().div_ceil(self.images)
    }

    fn is(&self, numbers: &[usize], epoch: usize) -> bool {
        self.numbers == numbers && self.epoch == epoch
    }

    /// Prepares a part that nobody has claimed, if there is one.
    fn work(&self, data: &Dataset, preparation: &Preparation) {
        let index = self.claimed.fetch_add(1, Ordering::Relaxed);
        let Some(numbers) = self.numbers.chunks(self.images).nth(index) else {
            return;
        };
        let part = || Part::new(data, preparation, numbers, self.epoch);
        // Whoever waits for the batch panics instead: here nobody would hear of it.
        let made = catch_unwind(AssertUnwindSafe(part));
        self.parts()[index] = Some(made);
        self.made.notify_one();
    }

    /// Leaves unclaimed parts undone.
    fn abandon(&self) {
        self.claimed.fetch_add(self.count(), Ordering::Relaxed);
    }

    /// The batch, after what was left of it is prepared by all threads.
    fn finish(&self, data: &Dataset, preparation: &Preparation, device: &Device) -> Batch {
        let left = self
            .count()
            .saturating_sub(self.claimed.load(Ordering::Relaxed));
        (0..left)
            .into_par_iter()
            .with_max_len(1)
            .for_each(|_| self.work(data, preparation));
        let mut parts = self.parts();
        // Only what other threads are at this moment at work on: a few images each.
        while parts.iter().any(Option::is_none) {
            parts = self
                .made
                .wait(parts)
                .unwrap_or_else(PoisonError::into_inner);
        }
        let mut values = Vec::with_capacity(self.numbers.len() * data.image_len());
        let (mut labels, mut truths) = (Vec::new(), Vec::with_capacity(self.numbers.len()));
        for made in std::mem::take(&mut *parts).into_iter().flatten() {
            let part = made.unwrap_or_else(|panic| resume_unwind(panic));
            values.extend_from_slice(&part.values);
            labels.extend(part.labels.into_iter().flatten());
            truths.extend(part.truths);
        }
        let shape = [self.numbers.len(), data.channels, data.height, data.width];
        Batch {
            images: Tensor::from_data(TensorData::new(values, shape), device),
            labels,
            truths,
            mixed: None,
            indices: self.numbers.clone(),
            epoch: self.epoch,
        }
    }

    /// No panic happens while it is locked.
    fn parts(&self) -> MutexGuard<'_, Vec<Option<Made>>> {
        self.parts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Part {
    fn new(data: &Dataset, preparation: &Preparation, numbers: &[usize], epoch: usize) -> Self {
        let length = data.image_len();
        let mut values = vec![0.0; numbers.len() * length];
        let (labels, truths) = values
            .chunks_exact_mut(length.max(1))
            .zip(numbers)
            .map(|(values, &number)| preparation.image(data, number, epoch, values))
            .unzip();
        Self {
            values,
            labels,
            truths,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use data::scenes;
    use recipe::{Augment, Normalize, Scenes};

    fn preparation() -> Preparation {
        let augment = Augment {
            shift: 2,
            rotate: 20.0,
            elastic: 1.0,
            contrast: 0.3,
            noise: 0.1,
            erase: 0.5,
            ..Augment::default()
        };
        Preparation {
            normalize: Normalize::default(),
            augment: Some((augment, 3)),
        }
    }

    fn data() -> Dataset {
        let options = Scenes {
            size: 64,
            train_images: 60,
            test_images: 1,
            ..Scenes::default()
        };
        scenes::load(&options, 0).unwrap().train
    }

    fn values(batch: &Batch) -> Vec<f32> {
        batch.images.clone().into_data().try_to_vec().unwrap()
    }

    fn same(a: &Batch, b: &Batch) -> bool {
        let about = |batch: &Batch| (batch.labels.clone(), batch.indices.clone(), batch.epoch);
        values(a) == values(b) && about(a) == about(b) && a.truths == b.truths
    }

    fn pool(threads: usize) -> rayon::ThreadPool {
        rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap()
    }

    #[test]
    fn batches_ahead_are_those_made_in_between_whatever_the_threads() {
        let (data, device) = (data(), Device::flex());
        let numbers: Vec<usize> = (0..50).map(|i| i * 7 % 60).collect();
        let chunks: Vec<&[usize]> = numbers.chunks(9).collect();
        let expected: Vec<Batch> = chunks
            .iter()
            .map(|numbers| Batch::prepare(&preparation(), &data, numbers, 2, &device))
            .collect();
        for threads in [1, 2, 5] {
            let batches = pool(threads).install(|| {
                rayon::in_place_scope(|scope| {
                    let mut loader = Loader::new(scope, &data, preparation());
                    let batches = (0..chunks.len()).map(|at| {
                        let then = chunks.get(at + 1).copied();
                        loader.batch(chunks[at], then, 2, &device)
                    });
                    batches.collect::<Vec<_>>()
                })
            });
            for (batch, expected) in batches.iter().zip(&expected) {
                assert!(same(batch, expected), "{threads} threads");
            }
        }
    }

    #[test]
    fn an_image_does_not_depend_on_its_batch() {
        let (data, device) = (data(), Device::flex());
        let alone = Batch::prepare(&preparation(), &data, &[7], 4, &device);
        let among = Batch::prepare(&preparation(), &data, &[3, 58, 7, 1], 4, &device);
        let length = data.image_len();
        assert_eq!(values(&alone), values(&among)[2 * length..3 * length]);
        assert_eq!(alone.truths[0], among.truths[2]);
        let later = Batch::prepare(&preparation(), &data, &[7], 5, &device);
        assert_ne!(values(&alone), values(&later));
    }

    #[test]
    fn other_numbers_than_those_begun_are_what_is_asked_for() {
        let (data, device) = (data(), Device::flex());
        pool(2).install(|| {
            rayon::in_place_scope(|scope| {
                let mut loader = Loader::new(scope, &data, preparation());
                loader.batch(&[1, 2], Some(&[3, 4]), 1, &device);
                for (numbers, epoch) in [([5, 6], 1), ([3, 4], 2)] {
                    let batch = loader.batch(&numbers, Some(&[3, 4]), epoch, &device);
                    let expected = Batch::prepare(&preparation(), &data, &numbers, epoch, &device);
                    assert!(same(&batch, &expected), "{numbers:?}");
                }
                // Dropped with a batch begun: it ends all the same.
            });
        });
    }

    #[test]
    fn a_panic_reaches_whoever_wants_the_batch() {
        let (data, device) = (data().subset(&[0, 1, 2]), Device::flex());
        let panic = catch_unwind(AssertUnwindSafe(|| {
            pool(2).install(|| {
                rayon::in_place_scope(|scope| {
                    let mut loader = Loader::new(scope, &data, preparation());
                    loader.batch(&[0], Some(&[1, 99]), 1, &device);
                    loader.batch(&[1, 99], None, 1, &device);
                });
            });
        }));
        assert!(panic.is_err());
    }
}
