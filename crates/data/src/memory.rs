//! Whether data fits into this machine's memory, asked before it is read.

/// Data that do not fit.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error("needs {} of memory, but only {} are available", recipe::Bytes(*.needed), recipe::Bytes(*.available))]
pub struct NotEnoughMemory {
    /// Bytes of the data.
    pub needed: u64,
    /// Bytes that the machine has left.
    pub available: u64,
}

/// Fails when `needed` bytes are more than are available; passes where the system does not say (anything but Linux).
pub fn check(needed: u64) -> Result<(), NotEnoughMemory> {
    match available() {
        Some(available) if needed > available => Err(NotEnoughMemory { needed, available }),
        _ => Ok(()),
    }
}

/// Bytes of memory that this process can have in all: the machine's, or the limit of its container. None where the system
/// does not say.
pub fn total() -> Option<u64> {
    container().chain(bytes(&meminfo(), "MemTotal:")).min()
}

/// Bytes of memory that are left for this process. None where the system does not say.
pub fn available() -> Option<u64> {
    let left = bytes(&meminfo(), "MemAvailable:")?;
    Some(container().fold(left, u64::min))
}

fn meminfo() -> String {
    std::fs::read_to_string("/proc/meminfo").unwrap_or_default()
}

/// The limits of this process's container, if it is in one.
fn container() -> impl Iterator<Item = u64> {
    let files = [
        "/sys/fs/cgroup/memory.max",
        "/sys/fs/cgroup/memory/memory.limit_in_bytes",
    ];
    let limit = |path| std::fs::read_to_string(path).ok()?.trim().parse().ok();
    files.into_iter().filter_map(limit)
}

fn bytes(meminfo: &str, key: &str) -> Option<u64> {
    let mut lines = meminfo.lines();
    let line = lines.find_map(|line| line.strip_prefix(key))?;
    let kibibytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    kibibytes.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_limited() {
        let text = "MemTotal:  9 kB\nMemAvailable:    2048 kB\n";
        assert_eq!(bytes(text, "MemAvailable:"), Some(2 << 20));
        assert_eq!(bytes("MemTotal: 9 kB\n", "MemAvailable:"), None);
        assert_eq!(bytes(text, "MemTotal:"), Some(9 << 10));
        assert_eq!(check(1), Ok(()));
        if cfg!(target_os = "linux") {
            assert!(check(1 << 60).is_err());
            assert!(total().is_some_and(|bytes| bytes > 1 << 20));
        }
    }
}
