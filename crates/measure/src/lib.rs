//! Metrics, statistics and run records: plain values in, plain values out.
//!
//! Nothing here depends on tensors or a framework. [`record`] defines what a run stores;
//! [`classification`], [`calibration`] and [`significance`] turn its predictions into figures, and
//! [`cost`] its timings; [`energy`] reads the machine's meter.

pub mod calibration;
pub mod classification;
pub mod cost;
pub mod detection;
pub mod digest;
pub mod energy;
pub mod files;
pub mod importance;
pub mod range_test;
pub mod record;
pub mod significance;
pub mod tensorboard;
