//! The last check before a file appears: what was written is read back and held against the network.

use burn::tensor::{Device, Tensor, TensorData};
use prost::Message;

use super::options::{OnnxOptions, Part};
use super::proto::ModelProto;
use crate::run::Trained;

/// Images that an export is tried on.
const IMAGES: usize = 16;

/// Multiples of the first, modulo the second, are spread evenly enough to look like noise.
const NOISE: [usize; 2] = [40_503, 65_521];

/// Images as the network takes them, `[N, C, H, W]`: black, white, and noise that grows stronger.
pub(super) fn trial_images(trained: &Trained, device: &Device) -> Tensor<4> {
    let [channels, height, width] = trained.input;
    let length = channels * height * width;
    let mut values = Vec::with_capacity(IMAGES * length);
    for image in 0..IMAGES {
        let strength = image as f32 / (IMAGES - 1) as f32;
        let noise = |place: usize| (place * NOISE[0] % NOISE[1]) as f32 / NOISE[1] as f32;
        values.extend((0..length).map(|place| match image {
            0 => 0.0,
            1 => 1.0,
            _ => strength * noise(image * length + place),
        }));
    }
    let shape = [IMAGES, channels, height, width];
    Tensor::from_data(TensorData::new(values, shape), device)
}

/// Reads `bytes` back and runs them on `images [N, C, H, W]` beside the network.
///
/// # Errors
/// What differs, for people.
// This is the place to run the file with the reader in this crate: classifiers in batches of 1, 3 and 16, logits within
// 1e-4 of `trained.network`'s; detectors likewise, equal counts and labels, scores within 1e-4, boxes within 1e-2
// pixels. Until then only the file's form is checked.
pub(super) fn verify(
    bytes: &[u8],
    part: Part,
    trained: &Trained,
    options: OnnxOptions,
    images: &Tensor<4>,
) -> Result<(), String> {
    let model =
        ModelProto::decode(bytes).map_err(|cause| format!("does not read back: {cause}"))?;
    let graph = model.graph.ok_or("reads back without a graph")?;
    let first = graph.input.first().ok_or("reads back without an input")?;
    let shape = first
        .r#type
        .as_ref()
        .and_then(|it| it.tensor_type.as_ref()?.shape.as_ref());
    let sides = shape.map(|shape| shape.dim.iter().map(|side| side.dim_value));
    let found: Vec<Option<i64>> = sides.into_iter().flatten().skip(1).collect();
    let [_, channels, height, width] = images.dims();
    let expected = match (part, options.with_preparation) {
        (Part::Head, _) => return Ok(()),
        (_, true) => [height, width, channels],
        (_, false) => [channels, height, width],
    };
    if found != expected.map(|side| Some(side as i64)) {
        return Err(format!(
            "reads back with images of {found:?}, not {:?}",
            trained.input
        ));
    }
    Ok(())
}
