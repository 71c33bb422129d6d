//! The library as others use it: conformance of the detector, and trainings of seconds.

// Helpers of tests are tests too.
#![allow(clippy::unwrap_used)]

mod better_training;
mod branches;
mod coco_files;
mod detection_golden;
mod devices;
mod exchange;
mod explain;
#[path = "../../../measure/tests/it/fault.rs"]
mod fault;
mod freeze;
#[cfg(feature = "remote")]
mod remote;
mod replicas;
mod resume;
mod scene_detectors;
mod scenes;
mod torchvision;
mod torchvision_detectors;
mod training;
mod training_faults;
