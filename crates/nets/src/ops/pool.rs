//! Max and average pooling.

use std::sync::Arc;

use burn::tensor::ops::{AvgPoolOptions, MaxPoolOptions};
use burn::tensor::{Tensor, TensorData, module};
use kernels::lanes::LANES;
pub use kernels::pool::Pool;
use kernels::{adaptive_pool, pool};

use super::cpu::{self, FlexTensor, Gradients, Operator, dims, floats, tensor};
use super::maps::{Maps, like};

/// 2x2 with stride 2, which a convolution does in the same pass.
pub const HALVING: Pool = Pool {
    kernel: [2, 2],
    stride: [2, 2],
    padding: [0, 0],
};

impl Maps {
    /// Max pooling: `[N, C, H, W] -> [N, C, H', W']`.
    pub fn max_pool(self, pool: &Pool) -> Self {
        let pool = *pool;
        self.map(
            |x| cpu::apply(MaxPool { pool }, [x.into_dispatch()]),
            |x| composed_max_pool(x, &pool),
        )
    }

    /// Average pooling: `[N, C, H, W] -> [N, C, H', W']`; padding counts as zeros, as PyTorch's default.
    pub fn average_pool(self, pool: &Pool) -> Self {
        let pool = *pool;
        self.map(
            |x| {
                let shape = x.dims();
                let size = [shape[2], shape[3]];
                cpu::apply_linear(
                    x,
                    output(&pool, shape),
                    move |x| pool::average_forward(x, size, pool),
                    move |dy| pool::average_backward(dy, size, pool),
                )
            },
            |x| {
                let options = AvgPoolOptions {
                    kernel_size: pool.kernel,
                    stride: pool.stride,
                    padding: pool.padding.map(|side| (side, side)),
                    count_include_pad: true,
                    ceil_mode: false,
                };
                module::avg_pool2d(x, options)
            },
        )
    }

    /// Average pooling to a map of this size, with PyTorch's windows: `[N, C, H, W] -> [N, C, rows, columns]`.
    pub fn adaptive_average_pool(self, output: [usize; 2]) -> Self {
        self.map(
            |x| {
                let [blocks, channels, height, width, _] = x.dims();
                let size = [height, width];
                cpu::apply_linear(
                    x,
                    [blocks, channels, output[0], output[1], LANES],
                    move |x| adaptive_pool::forward(x, size, output),
                    move |dy| adaptive_pool::backward(dy, size, output),
                )
            },
            |x| composed_adaptive_pool(x, output),
        )
    }

    /// The average of each channel: `[N, C, H, W] -> [N, C, 1, 1]`.
    pub fn global_average_pool(self) -> Self {
        let [_, height, width] = self.shape();
        self.average_pool(&Pool {
            kernel: [height, width],
            stride: [height, width],
            padding: [0, 0],
        })
    }
}

/// Of Burn's operators: as products with the windows' shares, which any device has a gradient for.
fn composed_adaptive_pool(x: Tensor<4>, output: [usize; 2]) -> Tensor<4> {
    let [_, _, height, width] = x.dims();
    let device = x.device();
    let shares = |count: usize, size: usize| -> Tensor<4> {
        let mut shares = vec![0.0; count * size];
        for (index, row) in shares.chunks_exact_mut(size).enumerate() {
            let window = adaptive_pool::window(index, count, size);
            let share = 1.0 / window.len() as f32;
            row[window].fill(share);
        }
        Tensor::from_data(TensorData::new(shares, [1, 1, count, size]), &device)
    };
    let rows = like(shares(output[0], height), &x);
    let columns = like(shares(output[1], width), &x);
    rows.matmul(x).matmul(columns.swap_dims(2, 3))
}

/// Of Burn's operators.
pub(super) fn composed_max_pool(x: Tensor<4>, pool: &Pool) -> Tensor<4> {
    let options = MaxPoolOptions {
        kernel_size: pool.kernel,
        stride: pool.stride,
        padding: pool.padding.map(|side| (side, side)),
        dilation: [1, 1],
        ceil_mode: false,
    };
    module::max_pool2d(x, options)
}

/// The shape of lanes after pooling.
fn output(pool: &Pool, [blocks, channels, height, width, _]: [usize; 5]) -> [usize; 5] {
    let [rows, columns] = pool.output([height, width]);
    [blocks, channels, rows, columns, LANES]
}

/// On lanes `[B, C, H, W, 16]`.
#[derive(Clone, Debug)]
struct MaxPool {
    pool: Pool,
}

impl Operator<1> for MaxPool {
    /// The shape of the input, and where in each window the maximum was.
    type Saved = ([usize; 5], Arc<Vec<u16>>);

    fn forward(&self, [x]: [FlexTensor; 1], _: bool) -> (FlexTensor, Self::Saved) {
        let shape = dims::<5>(&x);
        let pooled = pool::max_forward(floats(&x), [shape[2], shape[3]], self.pool);
        let y = tensor(pooled.y, output(&self.pool, shape));
        (y, (shape, Arc::new(pooled.offset)))
    }

    fn backward(&self, (shape, offset): Self::Saved, dy: FlexTensor, _: [bool; 1]) -> Gradients<1> {
        let dx = pool::max_backward(floats(&dy), &offset, [shape[2], shape[3]], self.pool);
        [Some(tensor(dx, shape))]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::tests::check;

    #[test]
    fn pools() {
        for (kernel, stride, padding) in [(2, 2, 0), (3, 2, 1), (3, 1, 0)] {
            let pool = Pool {
                kernel: [kernel, kernel],
                stride: [stride, stride],
                padding: [padding, padding],
            };
            let shape = [18, 3, 8, 9];
            check(&format!("max {pool:?}"), shape, [], |x, []| {
                x.max_pool(&pool)
            });
            check(&format!("average {pool:?}"), shape, [], |x, []| {
                x.average_pool(&pool)
            });
        }
    }

    #[test]
    fn adaptive_pools() {
        for output in [[1, 1], [4, 3], [3, 5], [8, 9]] {
            let name = format!("adaptive to {output:?}");
            check(&name, [18, 3, 8, 9], [], |x, []| {
                x.adaptive_average_pool(output)
            });
        }
    }
}
