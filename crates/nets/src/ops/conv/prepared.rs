//! Parameters of convolutions in the order in which kernels read them, kept for the next call: preparing them takes longer than
//! one image's convolution.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use burn::tensor::Bytes;
use kernels::channels::winograd::{self, TransformedWeights};
use kernels::channels::{DepthwiseWeights, Weights};
use kernels::conv::Conv;

use crate::ops::cpu::{FlexTensor, floats};

/// Prepared parameters, the least recently used first.
///
/// Parameters are known by the addresses of their values. As long as an entry is here the addresses are taken: a `Weak` keeps
/// the place of what it points to, and whoever changes a parameter must move its values to another.
static CACHE: Mutex<VecDeque<Entry>> = Mutex::new(VecDeque::new());

/// Convolutions kept: those of several large networks.
const CAPACITY: usize = 1024;

struct Entry {
    parameters: Vec<Weak<Bytes>>,
    key: Key,
    prepared: Arc<Prepared>,
}

#[derive(Clone, Copy, PartialEq)]
struct Key {
    conv: Conv,
    form: Form,
    has_bias: bool,
    /// Of the normalisation that is part of the weights.
    epsilon: Option<f32>,
}

/// Which kernel they are prepared for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ops) enum Form {
    Direct,
    Winograd,
    Depthwise,
}

impl Form {
    /// Of a dense convolution for this number of images of this size.
    pub fn of(conv: &Conv, images: usize, size: [usize; 2]) -> Self {
        if std::env::var("NOWINO").is_err() && winograd::supports(conv, images, size) {
            Self::Winograd
        } else {
            Self::Direct
        }
    }
}

/// The parameters of one convolution.
pub(in crate::ops) enum Prepared {
    Direct(Weights),
    Winograd(TransformedWeights),
    Depthwise(DepthwiseWeights),
}

/// A convolution's parameters as its layers have them.
pub(in crate::ops) struct Parameters<'a> {
    pub weight: &'a FlexTensor,
    pub bias: Option<&'a FlexTensor>,
    /// Of a normalisation behind it: factor, summand, mean and variance of each channel, and epsilon.
    pub norm: Option<([&'a FlexTensor; 4], f32)>,
}

impl Parameters<'_> {
    /// The same for a kernel.
    pub fn prepared(&self, conv: &Conv, form: Form) -> Arc<Prepared> {
        let key = Key {
            conv: *conv,
            form,
            has_bias: self.bias.is_some(),
            epsilon: self.norm.map(|(_, epsilon)| epsilon),
        };
        let norm = self.norm.iter().flat_map(|(parameters, _)| *parameters);
        let all = std::iter::once(self.weight).chain(self.bias).chain(norm);
        let parameters: Vec<_> = all.map(|one| Arc::downgrade(&one.data_arc())).collect();
        if let Some(found) = find(&key, &parameters) {
            return found;
        }
        // Not under the lock: other threads may come here while this one works on the pool.
        let prepared = Arc::new(self.prepare(conv, form));
        let mut cache = CACHE.lock().unwrap_or_else(PoisonError::into_inner);
        if cache.len() == CAPACITY {
            cache.pop_front();
        }
        cache.push_back(Entry {
            parameters,
            key,
            prepared: Arc::clone(&prepared),
        });
        prepared
    }

    fn prepare(&self, conv: &Conv, form: Form) -> Prepared {
        let (weight, bias) = self.folded(conv.out_channels);
        match form {
            Form::Direct => Prepared::Direct(Weights::new(conv, &weight, &bias)),
            Form::Winograd => Prepared::Winograd(TransformedWeights::new(conv, &weight, &bias)),
            Form::Depthwise => Prepared::Depthwise(DepthwiseWeights::new(conv, &weight, &bias)),
        }
    }

    /// Weights and biases with the normalisation in them: (conv(x) + bias - mean) * factor / deviation + summand.
    fn folded(&self, outputs: usize) -> (Vec<f32>, Vec<f32>) {
        let mut weight = floats(self.weight).to_vec();
        let mut bias = match self.bias {
            Some(bias) => floats(bias).to_vec(),
            None => vec![0.0; outputs],
        };
        if let Some((parameters, epsilon)) = self.norm {
            let [factor, summand, mean, variance] = parameters.map(floats);
            let kernel = (weight.len() / outputs.max(1)).max(1);
            for (channel, weights) in weight.chunks_exact_mut(kernel).enumerate() {
                let scale = factor[channel] / (variance[channel] + epsilon).sqrt();
                weights.iter_mut().for_each(|weight| *weight *= scale);
                bias[channel] = (bias[channel] - mean[channel]) * scale + summand[channel];
            }
        }
        (weight, bias)
    }
}

fn find(key: &Key, parameters: &[Weak<Bytes>]) -> Option<Arc<Prepared>> {
    let mut cache = CACHE.lock().unwrap_or_else(PoisonError::into_inner);
    cache.retain(|entry| entry.parameters.iter().all(|one| one.strong_count() > 0));
    let at = cache.iter().position(|entry| {
        let mut pairs = entry.parameters.iter().zip(parameters);
        entry.key == *key && pairs.all(|(kept, given)| kept.ptr_eq(given))
    })?;
    let entry = cache.remove(at)?;
    let prepared = Arc::clone(&entry.prepared);
    cache.push_back(entry);
    Some(prepared)
}
