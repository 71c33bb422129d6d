//! Batch normalisation with channels side by side.

use kernels::{channels, elementwise};

use super::{Saved, affine_of};
use crate::ops::cpu::{FlexTensor, Gradients, Operator, dims, floats, tensor};

/// Batch normalisation, on channels side by side.
#[derive(Clone, Debug)]
pub(super) struct ChannelsNorm {
    pub epsilon: f32,
    pub relu: bool,
}

impl Operator<3> for ChannelsNorm {
    type Saved = Saved;

    fn forward(&self, [x, gamma, beta]: [FlexTensor; 3], _: bool) -> (FlexTensor, Saved) {
        let [_, _, height, width, _] = dims(&x);
        let affine = affine_of(&gamma, &beta, self.epsilon, self.relu);
        let (y, moments) = channels::batch_forward(floats(&x), height * width, affine);
        let y = tensor(y, dims::<5>(&x));
        let saved = Saved {
            x,
            y: y.clone(),
            gamma,
            beta,
            moments,
        };
        (y, saved)
    }

    fn statistics(&self, saved: &Saved) -> Vec<FlexTensor> {
        saved.statistics()
    }

    fn backward(&self, saved: Saved, dy: FlexTensor, _: [bool; 3]) -> Gradients<3> {
        let [_, _, height, width, _] = dims(&dy);
        let affine = affine_of(&saved.gamma, &saved.beta, self.epsilon, self.relu);
        let (x, y, dy) = (floats(&saved.x), floats(&saved.y), floats(&dy));
        let area = height * width;
        let gradients = channels::batch_backward(x, y, dy, area, affine, &saved.moments);
        saved.gradients(gradients)
    }
}

/// Batch normalisation by given statistics, on channels side by side.
#[derive(Clone, Debug)]
pub(super) struct ChannelsGivenMoments {
    pub epsilon: f32,
    pub relu: bool,
}

impl ChannelsGivenMoments {
    /// Of each channel: factor / deviation.
    fn scale(&self, gamma: &FlexTensor, variance: &FlexTensor) -> Vec<f32> {
        let pairs = floats(gamma).iter().zip(floats(variance));
        let scale = pairs.map(|(gamma, variance)| gamma / (variance + self.epsilon).sqrt());
        scale.collect()
    }
}

impl Operator<5> for ChannelsGivenMoments {
    /// The output, and the scale.
    type Saved = (FlexTensor, Vec<f32>);

    fn forward(
        &self,
        [x, mean, variance, gamma, beta]: [FlexTensor; 5],
        _: bool,
    ) -> (FlexTensor, Self::Saved) {
        let [_, _, height, width, _] = dims(&x);
        let scale = self.scale(&gamma, &variance);
        let shift = floats(&beta).iter().zip(floats(&mean)).zip(&scale);
        let shift = shift.map(|((beta, mean), scale)| beta - mean * scale);
        let shift: Vec<f32> = shift.collect();
        let y = channels::scale_shift(floats(&x), height * width, &scale, &shift, self.relu);
        let y = tensor(y, dims::<5>(&x));
        (y.clone(), (y, scale))
    }

    fn backward(&self, (y, scale): Self::Saved, dy: FlexTensor, _: [bool; 5]) -> Gradients<5> {
        let [_, _, height, width, _] = dims(&y);
        let masked = self
            .relu
            .then(|| elementwise::relu_backward(floats(&y), floats(&dy)));
        let dy = masked.as_deref().unwrap_or(floats(&dy));
        let shift = vec![0.0; scale.len()];
        let dx = channels::scale_shift(dy, height * width, &scale, &shift, false);
        [Some(tensor(dx, dims::<5>(&y))), None, None, None, None]
    }
}
