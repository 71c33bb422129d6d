//! In place of `tty.rs` on systems without its calls: a terminal of no size, which shows no dashboard.

use ratatui_core::layout::Size;

pub fn size() -> Option<Size> {
    None
}

pub fn in_foreground() -> bool {
    false
}

pub fn take() -> std::io::Result<()> {
    Err(std::io::ErrorKind::Unsupported.into())
}

pub fn give_back() {}

pub fn keys() -> Vec<u8> {
    Vec::new()
}

pub fn watch() -> std::io::Result<()> {
    Ok(())
}

pub fn asked() -> Option<i32> {
    None
}

pub fn obey(_: i32) {}
