//! The binary as a user meets it.

mod checkup;
mod coco_eval;
mod contact;
mod digits;
mod errors;
mod evidence;
mod faults;
mod import;
mod init;
mod inside;
mod layers;
mod onnx;
mod own_images;
mod own_sources;
mod predict;
mod records;
#[cfg(all(feature = "remote", unix))]
mod remote;
mod resume;
mod scenes;
mod serve;
mod shells;
mod studio;
mod studio_recipes;
mod support;
mod sweep;
mod training;
