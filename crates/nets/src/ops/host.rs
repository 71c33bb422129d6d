//! From the device to the host. A GPU works behind the program; reading a value waits until it has caught up, so reads
//! are few, go together, and are counted.

use std::cell::Cell;

use burn::tensor::{Tensor, Transaction};

use super::has_lanes;

thread_local! {
    static READS: Cell<u64> = const { Cell::new(0) };
}

/// How often this thread has read values from a device: each read waits for all that was asked of it before.
pub fn reads() -> u64 {
    READS.get()
}

fn count() {
    READS.set(READS.get() + 1);
}

/// The values of a tensor, in row-major order; waits for the device.
pub fn to_host<const D: usize>(x: Tensor<D>) -> Vec<f32> {
    count();
    x.into_data()
        .convert::<f32>()
        .try_into_vec()
        .expect("converted to f32")
}

/// The values of two tensors, in row-major order; waits for the device once.
pub fn both_to_host<const A: usize, const B: usize>(
    a: Tensor<A>,
    b: Tensor<B>,
) -> (Vec<f32>, Vec<f32>) {
    if has_lanes(&a.device()) {
        return (to_host(a), to_host(b));
    }
    let split = a.shape().num_elements();
    let length = b.shape().num_elements();
    let joined = Tensor::cat(
        vec![a.inner().reshape([split]), b.inner().reshape([length])],
        0,
    );
    let mut first: Vec<f32> = to_host(joined);
    let second = first.split_off(split);
    (first, second)
}

/// One number that a device has worked out or will.
///
/// On the CPU it is known at once. On a GPU it stays there until [`read`] fetches it, with others.
#[allow(clippy::large_enum_variant)] // there are a few hundred at most
#[derive(Clone, Debug)]
pub enum Scalar {
    /// On the host.
    Known(f64),
    /// On the device, `[1]`.
    Pending(Tensor<1>),
}

impl Scalar {
    /// The only value of `x`, `[1]`.
    pub fn of(x: Tensor<1>) -> Self {
        match has_lanes(&x.device()) {
            true => Self::Known(f64::from(x.into_scalar::<f32>())),
            false => Self::Pending(x.inner()),
        }
    }

    /// The value, where the host knows it.
    pub fn known(&self) -> Option<f64> {
        match self {
            Self::Known(value) => Some(*value),
            Self::Pending(_) => None,
        }
    }
}

/// The sum of these, each times its factor; waits for no device.
pub fn weighted_sum(terms: impl IntoIterator<Item = (Scalar, f64)>) -> Scalar {
    let mut known = 0.0;
    let mut pending: Option<Tensor<1>> = None;
    for (term, factor) in terms {
        match term {
            Scalar::Known(value) => known += value * factor,
            Scalar::Pending(x) => {
                let x = x * factor;
                pending = Some(match pending {
                    Some(sum) => sum + x,
                    None => x,
                });
            }
        }
    }
    match pending {
        Some(sum) => Scalar::Pending(sum + known),
        None => Scalar::Known(known),
    }
}

/// The values of all these, in their order; waits for the device once, or not at all.
pub fn read(scalars: Vec<Scalar>) -> Vec<f64> {
    let mut transaction = Transaction::default();
    let mut pending = false;
    for scalar in &scalars {
        if let Scalar::Pending(x) = scalar {
            transaction = transaction.register(x.clone());
            pending = true;
        }
    }
    let mut fetched = Vec::new();
    if pending {
        count();
        fetched = transaction.execute();
    }
    let mut fetched = fetched.into_iter();
    let mut next = || {
        let data = fetched.next().expect("as many as were asked for");
        let values: Vec<f32> = data
            .convert::<f32>()
            .try_into_vec()
            .expect("converted to f32");
        f64::from(values[0])
    };
    scalars
        .into_iter()
        .map(|scalar| match scalar {
            Scalar::Known(value) => value,
            Scalar::Pending(_) => next(),
        })
        .collect()
}
