//! Weights in Winograd's domain, kept for the next image: transforming them takes longer than one image's convolution.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use burn::tensor::Bytes;
use kernels::conv::Conv;
use kernels::small_batch::winograd::TransformedWeights;

use crate::ops::cpu::{FlexTensor, floats};

/// Transformed parameters, the least recently used first.
///
/// A parameter is known by the address of its values. As long as an entry is here the address is taken: a `Weak` keeps
/// the place of what it points to, and whoever changes the parameter must move its values to another.
static CACHE: Mutex<VecDeque<(Weak<Bytes>, Arc<TransformedWeights>)>> = Mutex::new(VecDeque::new());

/// Parameters kept: more than the networks that answer for single images have.
const CAPACITY: usize = 64;

/// The transformed weights of a parameter.
pub(super) fn weights(conv: &Conv, parameter: &FlexTensor) -> Arc<TransformedWeights> {
    let values = Arc::downgrade(&parameter.data_arc());
    find(conv, &values).unwrap_or_else(|| {
        // Not under the lock: other threads may come here while this one works on the pool.
        let weights = Arc::new(TransformedWeights::new(conv, floats(parameter)));
        let mut cache = CACHE.lock().unwrap_or_else(PoisonError::into_inner);
        if cache.len() == CAPACITY {
            cache.pop_front();
        }
        cache.push_back((values, Arc::clone(&weights)));
        weights
    })
}

fn find(conv: &Conv, values: &Weak<Bytes>) -> Option<Arc<TransformedWeights>> {
    let mut cache = CACHE.lock().unwrap_or_else(PoisonError::into_inner);
    cache.retain(|(parameter, _)| parameter.strong_count() > 0);
    let at = cache
        .iter()
        .position(|(parameter, weights)| parameter.ptr_eq(values) && weights.fits(conv))?;
    let entry = cache.remove(at)?;
    let weights = Arc::clone(&entry.1);
    cache.push_back(entry);
    Some(weights)
}
