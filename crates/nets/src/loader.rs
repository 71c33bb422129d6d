//! Prefetching: while a step computes, idle threads prepare the images of the next batch.
//!
//! The images are prepared as tasks of the thread pool, a few at a time: only cores that a step leaves idle work on them,
//! and there are no extra threads to compete with the step. Whatever is not ready when the batch is needed is then
//! prepared by all threads, so prefetching is never slower than loading between steps. At most one batch is prefetched,
//! and its contents depend only on the images' numbers and the epoch.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use burn::tensor::Device;
use rayon::Scope;
use rayon::prelude::*;

use crate::batch::{Batch, Prepared};
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
    /// A loader that has prefetched nothing yet.
    pub fn new(scope: &'s Scope<'scope>, data: &'scope Dataset, preparation: Preparation) -> Self {
        Self {
            scope,
            data,
            preparation,
            next: None,
        }
    }

    /// The batch of the images with these numbers in `epoch`, prefetched where an earlier call asked for it. Starts to
    /// prefetch `then`, the numbers of the batch after it.
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
        let next = self.next.take();
        let batch = match next.filter(|next| next.is(numbers, epoch)) {
            Some(next) => next.finish(self.data, &self.preparation, device),
            None => Batch::prepare(&self.preparation, self.data, numbers, epoch, device),
        };
        if let Some(then) = then {
            self.prefetch(then, epoch);
        }
        batch
    }

    fn prefetch(&mut self, numbers: &[usize], epoch: usize) {
        // A single thread is never idle.
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

/// Some of the batch's images, or the panic of their preparation.
type Part = Result<Prepared, Box<dyn Any + Send>>;

/// A batch in preparation.
struct Pending {
    numbers: Vec<usize>,
    epoch: usize,
    /// Images of a part; the last may have fewer.
    images: usize,
    /// Parts that a thread is preparing or has prepared.
    claimed: AtomicUsize,
    parts: Mutex<Vec<Option<Part>>>,
    /// Notified after every part.
    ready: Condvar,
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
            ready: Condvar::new(),
        }
    }

    fn count(&self) -> usize {
        self.numbers.len().div_ceil(self.images)
    }

    fn is(&self, numbers: &[usize], epoch: usize) -> bool {
        self.numbers == numbers && self.epoch == epoch
    }

    /// Prepares a part that no thread has claimed, if there is one.
    fn work(&self, data: &Dataset, preparation: &Preparation) {
        let index = self.claimed.fetch_add(1, Ordering::Relaxed);
        let Some(numbers) = self.numbers.chunks(self.images).nth(index) else {
            return;
        };
        let prepare = || Prepared::new(preparation, data, numbers, self.epoch);
        // The thread that waits for the batch panics instead: here the panic would go unnoticed.
        let part = catch_unwind(AssertUnwindSafe(prepare));
        self.parts()[index] = Some(part);
        self.ready.notify_one();
    }

    /// Leaves unclaimed parts undone.
    fn abandon(&self) {
        self.claimed.fetch_add(self.count(), Ordering::Relaxed);
    }

    /// The batch; all threads prepare what is left of it.
    fn finish(&self, data: &Dataset, preparation: &Preparation, device: &Device) -> Batch {
        let left = self
            .count()
            .saturating_sub(self.claimed.load(Ordering::Relaxed));
        (0..left)
            .into_par_iter()
            .with_max_len(1)
            .for_each(|_| self.work(data, preparation));
        let mut parts = self.parts();
        // Other threads are still preparing these: a few images each.
        while parts.iter().any(Option::is_none) {
            parts = self
                .ready
                .wait(parts)
                .unwrap_or_else(PoisonError::into_inner);
        }
        let parts = std::mem::take(&mut *parts).into_iter().flatten();
        let parts = parts.map(|part| part.unwrap_or_else(|panic| resume_unwind(panic)));
        Batch::from_parts(parts, data, &self.numbers, self.epoch, device)
    }

    /// No code panics while holding this lock.
    fn parts(&self) -> MutexGuard<'_, Vec<Option<Part>>> {
        self.parts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
