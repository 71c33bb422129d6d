//! The input of a network.

use data::preparation::scale_and_shift;
use recipe::Image;

use super::graph::Attribute::{Int, Ints};
use super::graph::{BATCH, Graph, Value};
use crate::proto::DataType;

/// The pictures that a network takes.
#[derive(Clone, Copy, Debug)]
pub struct Picture<'a> {
    /// `[C, H, W]`
    pub shape: [usize; 3],
    /// How bytes become the network's input, where the graph is to do it.
    pub preparation: Option<&'a Image>,
}

/// The graph's input `image`: values as the network takes them, `[N, C, H, W]`, or, with preparation, bytes of pictures of
/// its size, `[N, H, W, C]`. What is returned is the former.
pub(super) fn image(graph: &mut Graph, picture: &Picture) -> Value {
    let [channels, height, width] = picture.shape;
    let Some(preparation) = picture.preparation else {
        let shape = [BATCH, channels.into(), height.into(), width.into()];
        return graph.input("image", DataType::Float, &shape);
    };
    let shape = [BATCH, height.into(), width.into(), channels.into()];
    let bytes = graph.input("image", DataType::Uint8, &shape);
    graph.enter("preparation");
    let (scale, shift): (Vec<f32>, Vec<f32>) = (0..channels)
        .map(|channel| scale_and_shift(preparation, channel))
        .unzip();
    let float = i64::from(i32::from(DataType::Float));
    let values = graph.node("Cast", &[bytes], &[("to", Int(float))]);
    let scale = graph.numbers(&scale);
    let values = graph.node("Mul", &[values, scale], &[]);
    let shift = graph.numbers(&shift);
    let values = graph.node("Add", &[values, shift], &[]);
    graph.node("Transpose", &[values], &[("perm", Ints(&[0, 3, 1, 2]))])
}
