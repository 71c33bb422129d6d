//! kernels
pub mod boxes;
mod buffer;
pub mod conv;
mod fill;
pub mod lanes;
pub mod linear;
pub mod loss;
pub mod memory;
mod micro;
pub mod nms;
pub mod norm;
pub mod optimizer;
pub mod pool;
pub mod reference;
pub mod roi_align;
pub mod simd;
#[cfg(test)]
mod testing;
