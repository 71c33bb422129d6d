//! Nearest upsampling onto a finer map, and the sum with it, as feature pyramids do (Lin et al. 2017).
//!
//! 'fine' is the larger map, 'coarse' the one that is enlarged to its size.

use burn::tensor::{Int, Tensor, TensorData};
use kernels::upsample;

use super::cpu::{self, FlexTensor, Gradients, Operator, dims, floats, tensor};
use super::maps::Maps;

impl Maps {
    /// This map plus a coarser one of the same channels, enlarged to this one's size by repeating its cells:
    /// `[N, C, H, W] + [N, C, h, w] -> [N, C, H, W]`.
    pub fn add_upsampled(self, coarse: Self) -> Self {
        self.zip(
            coarse,
            |fine, coarse| cpu::apply(AddUpsampled, [fine, coarse].map(Tensor::into_dispatch)),
            composed,
        )
    }
}

/// Of Burn's operators.
fn composed(fine: Tensor<4>, coarse: Tensor<4>) -> Tensor<4> {
    let [_, _, height, width] = fine.dims();
    let [_, _, rows, columns] = coarse.dims();
    let device = fine.device();
    let cells = |from, to| {
        let cells = upsample::sources(from, to)
            .into_iter()
            .map(|cell| cell as i32);
        Tensor::<1, Int>::from_data(TensorData::new(cells.collect(), [to]), &device)
    };
    let enlarged = coarse
        .select(2, cells(rows, height))
        .select(3, cells(columns, width));
    fine + enlarged
}

/// On lanes, `[B, C, H, W, 16]` and `[B, C, h, w, 16]`.
#[derive(Clone, Debug)]
struct AddUpsampled;

impl Operator<2> for AddUpsampled {
    /// The shapes of the fine and the coarse map.
    type Saved = [[usize; 5]; 2];

    fn forward(&self, [fine, coarse]: [FlexTensor; 2], _: bool) -> (FlexTensor, Self::Saved) {
        let shapes = [dims(&fine), dims(&coarse)];
        let [fine_size, coarse_size] = shapes.map(size);
        let sum = upsample::add(floats(&fine), fine_size, floats(&coarse), coarse_size);
        (tensor(sum, shapes[0]), shapes)
    }

    fn backward(
        &self,
        shapes: Self::Saved,
        dy: FlexTensor,
        [_, coarse_wanted]: [bool; 2],
    ) -> Gradients<2> {
        let coarse = coarse_wanted.then(|| {
            let [fine_size, coarse_size] = shapes.map(size);
            let planes = shapes[1][0] * shapes[1][1];
            let gradient = upsample::backward(floats(&dy), fine_size, coarse_size, planes);
            tensor(gradient, shapes[1])
        });
        [Some(dy), coarse]
    }
}

fn size([_, _, height, width, _]: [usize; 5]) -> [usize; 2] {
    [height, width]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::maps::Layout;
    use crate::ops::tests::{check, leaf};

    #[test]
    fn upsampling() {
        for (coarse, fine) in [([2, 3], [4, 6]), ([4, 4], [8, 7]), ([1, 2], [3, 2])] {
            let shape = [18, 3, coarse[0], coarse[1]];
            let larger = [18, 3, fine[0], fine[1]];
            let parameters = [leaf::<1>(3, [larger.iter().product()])];
            let name = format!("{coarse:?} added to {fine:?}");
            check(&name, shape, parameters, |x, [other]| {
                let other = other.clone().reshape(larger);
                let other = match x.layout {
                    Layout::Plain(_) => Maps::plain(other),
                    _ => Maps::new(other),
                };
                other.add_upsampled(x)
            });
        }
    }
}
