//! The networks of atelier: recipes, data, layers, Faster R-CNN and training, on Burn.

pub mod annotate;
pub mod augment;
pub mod batch;
pub mod bench;
pub mod cnn;
pub mod contact;
pub mod data;
pub mod detector;
pub mod device;
mod draw;
pub mod evaluation;
pub mod exchange;
pub mod explain;
pub mod layers;
pub mod loader;
pub mod loss;
pub mod network;
pub mod ops;
pub mod predict;
pub mod random;
pub mod recipe;
pub mod run;
pub mod speed;
pub mod sweep;
pub mod temperature;
pub mod training;
pub mod weights;
