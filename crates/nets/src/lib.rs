//! The networks of atelier: layers, Faster R-CNN, training and runs, on Burn.

pub mod annotate;
pub mod batch;
pub mod bench;
pub mod cnn;
pub mod coco;
pub mod detector;
pub mod device;
pub mod evaluation;
pub mod exchange;
pub mod explain;
pub mod foreign;
pub mod layers;
pub mod loader;
pub mod loss;
pub mod network;
pub mod onnx;
pub mod ops;
pub mod predict;
pub mod prediction;
pub mod run;
pub mod speed;
pub mod sweep;
pub mod temperature;
pub mod training;
pub mod warnings;
pub mod weights;
