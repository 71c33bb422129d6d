#![doc = include_str!("../README.md")]

pub mod adaptive_pool;
pub mod box_coder;
pub mod boxes;
mod buffer;
pub mod channels;
pub mod conv;
pub mod elementwise;
pub mod gate;
pub mod grouped;
pub mod lanes;
pub mod linear;
mod micro;
pub mod nms;
pub mod norm;
pub mod optimizer;
pub mod pool;
pub mod reference;
pub mod roi_align;
pub mod scores;
pub mod simd;
#[cfg(test)]
mod tests;
pub mod upsample;
