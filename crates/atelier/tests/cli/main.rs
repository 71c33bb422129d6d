//! The binary as a user meets it.

mod contact;
mod errors;
mod evidence;
mod faults;
mod init;
mod layers;
mod records;
#[cfg(all(feature = "remote", unix))]
mod remote;
mod resume;
mod scenes;
mod support;
mod sweep;
mod training;
