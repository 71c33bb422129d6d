//! From the device to the host. A GPU runs behind the program, and reading a value waits until it has caught up: reads
//! are few, batched, and counted.

use std::cell::Cell;

use burn::tensor::{Tensor, TensorData, Transaction};

use super::maps::has_lanes;

thread_local! {
    static READS: Cell<u64> = const { Cell::new(0) };
}

/// How often this thread has read values from a device: each read waits for everything queued before it.
pub fn reads() -> u64 {
    READS.get()
}

fn count() {
    READS.set(READS.get() + 1);
}

/// The values of a tensor, in row-major order; waits for the device.
pub fn to_host<const D: usize>(x: Tensor<D>) -> Vec<f32> {
    count();
    floats(x.into_data())
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
    let flat = vec![a.inner().flatten(0, A - 1), b.inner().flatten(0, B - 1)];
    let mut first = to_host::<1>(Tensor::cat(flat, 0));
    let second = first.split_off(split);
    (first, second)
}

/// One number from a device: on the CPU known at once, on a GPU pending until [`read`] fetches it with others.
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
        if has_lanes(&x.device()) {
            Self::Known(f64::from(x.into_scalar::<f32>()))
        } else {
            Self::Pending(x.inner())
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
    let mut fetched = fetched.into_iter().map(|data| f64::from(floats(data)[0]));
    let values = scalars.into_iter().map(|scalar| match scalar {
        Scalar::Known(value) => value,
        Scalar::Pending(_) => fetched.next().expect("one for each pending scalar"),
    });
    values.collect()
}

fn floats(data: TensorData) -> Vec<f32> {
    data.convert::<f32>()
        .try_into_vec()
        .expect("converted to f32")
}
