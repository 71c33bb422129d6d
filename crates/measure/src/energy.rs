//! Energy, read from the processor's counters in Linux's `/sys/class/powercap` or from a GPU's.

#[cfg(feature = "nvml")]
pub mod nvml;

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::record::{EnergyMeter, NoEnergy};

/// Where Linux shows the counters: Documentation/power/powercap in its sources.
const POWERCAP: &str = "/sys/class/powercap";

/// Counts the joules used since it was opened.
///
/// For processors (and memory, where it has a counter of its own) it reads RAPL, the running average power limit of Intel
/// and AMD. These counters cover the whole machine, other programs included, and they wrap: read at least every ten
/// minutes. For a GPU it counts what the card uses, not the processor.
///
/// ```
/// use measure::energy::Meter;
/// // Most virtual machines have no counters, and most systems keep them to root.
/// if let Ok(mut meter) = Meter::open() {
///     assert!(meter.joules().is_some());
/// }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Meter {
    source: Source,
    microjoules: u64,
}

/// What counts.
#[derive(Clone, Debug, PartialEq)]
enum Source {
    Zones(Vec<Counter>),
    #[cfg(feature = "nvml")]
    Card {
        card: nvml::Card,
        /// Millijoules that it showed last.
        last: u64,
    },
}

/// A zone of the machine.
#[derive(Clone, Debug, PartialEq)]
struct Counter {
    /// Its `energy_uj`.
    file: PathBuf,
    /// It starts again from 0 after this many microjoules.
    range: u64,
    /// What it showed last.
    last: u64,
}

impl Meter {
    /// Finds the counters of this machine.
    ///
    /// # Errors
    /// [`NoEnergy`] when there are none, or none that this user may read.
    pub fn open() -> Result<Self, NoEnergy> {
        Self::at(Path::new(POWERCAP))
    }

    /// Finds the counter of the GPU at this address of the bus, as in `0000:01:00.0`.
    ///
    /// # Errors
    /// [`NoEnergy`] when there is none, none that this user may read, or this build cannot read it.
    pub fn of_gpu(address: &str) -> Result<Self, NoEnergy> {
        #[cfg(feature = "nvml")]
        {
            let card = nvml::Card::at(address)?;
            let last = card.millijoules()?;
            Ok(Self {
                source: Source::Card { card, last },
                microjoules: 0,
            })
        }
        #[cfg(not(feature = "nvml"))]
        {
            let _ = address;
            Err(NoEnergy::Gpu)
        }
    }

    /// What is read.
    pub fn kind(&self) -> EnergyMeter {
        match self.source {
            Source::Zones(_) => EnergyMeter::Rapl,
            #[cfg(feature = "nvml")]
            Source::Card { .. } => EnergyMeter::Nvml,
        }
    }

    fn at(folder: &Path) -> Result<Self, NoEnergy> {
        let zones = fs::read_dir(folder).map_err(|_| NoEnergy::NoCounter)?;
        let mut paths: Vec<PathBuf> = zones.flatten().map(|zone| zone.path()).collect();
        paths.sort();
        let mut counters = Vec::new();
        for path in paths.iter().filter(|path| counts(path)) {
            let file = path.join("energy_uj");
            let last = match read(&file) {
                Ok(last) => last,
                Err(ErrorKind::PermissionDenied) => return Err(NoEnergy::NotPermitted),
                Err(_) => continue,
            };
            let range = read(&path.join("max_energy_range_uj")).unwrap_or(u64::MAX);
            counters.push(Counter { file, range, last });
        }
        if counters.is_empty() {
            return Err(NoEnergy::NoCounter);
        }
        Ok(Self {
            source: Source::Zones(counters),
            microjoules: 0,
        })
    }

    /// Joules since the meter was opened; `None` when a counter can't be read any more.
    pub fn joules(&mut self) -> Option<f64> {
        match &mut self.source {
            Source::Zones(counters) => {
                for counter in counters {
                    let now = read(&counter.file).ok()?;
                    self.microjoules += match now.checked_sub(counter.last) {
                        Some(taken) => taken,
                        None => counter.range.saturating_sub(counter.last) + now,
                    };
                    counter.last = now;
                }
            }
            #[cfg(feature = "nvml")]
            Source::Card { card, last } => {
                let now = card.millijoules().ok()?;
                self.microjoules += 1000 * now.saturating_sub(*last);
                *last = now;
            }
        }
        Some(self.microjoules as f64 / 1e6)
    }
}

/// Whether a zone is to be counted: processor packages, and memory beside them. Cores and graphics are parts of their
/// package, `psys` holds everything once more, and `intel-rapl-mmio` shows the same packages a second time.
fn counts(zone: &Path) -> bool {
    let folder = zone.file_name().unwrap_or_default().to_string_lossy();
    let name = fs::read_to_string(zone.join("name")).unwrap_or_default();
    folder.starts_with("intel-rapl:") && (name.starts_with("package") || name.trim_end() == "dram")
}

fn read(file: &Path) -> Result<u64, ErrorKind> {
    let text = fs::read_to_string(file).map_err(|cause| cause.kind())?;
    text.trim().parse().map_err(|_| ErrorKind::InvalidData)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::TempDir;

    fn zone(folder: &TempDir, zone: &str, name: &str, microjoules: u64) {
        let path = folder.path().join(zone);
        fs::create_dir_all(&path).unwrap();
        fs::write(path.join("name"), format!("{name}\n")).unwrap();
        fs::write(path.join("max_energy_range_uj"), "1000000\n").unwrap();
        fs::write(path.join("energy_uj"), format!("{microjoules}\n")).unwrap();
    }

    #[test]
    fn packages_and_memory_are_counted_once_and_counters_wrap() {
        let folder = tempfile::tempdir().unwrap();
        let show = |package: u64, memory: u64| {
            zone(&folder, "intel-rapl:0", "package-0", package);
            zone(&folder, "intel-rapl:0:0", "core", 5 * package);
            zone(&folder, "intel-rapl:0:2", "dram", memory);
            zone(&folder, "intel-rapl:1", "psys", 9 * package);
            zone(&folder, "intel-rapl-mmio:0", "package-0", package);
        };
        show(600_000, 100_000);
        let mut meter = Meter::at(folder.path()).unwrap();
        assert_eq!(meter.joules(), Some(0.0));
        show(900_000, 150_000);
        assert_eq!(meter.joules(), Some(0.35));
        // The package's counter has started again.
        show(100_000, 150_000);
        assert_eq!(meter.joules(), Some(0.55));
        fs::remove_file(folder.path().join("intel-rapl:0:2/energy_uj")).unwrap();
        assert_eq!(meter.joules(), None);
    }

    #[test]
    fn no_counters() {
        let folder = tempfile::tempdir().unwrap();
        let nowhere = folder.path().join("nowhere");
        assert_eq!(Meter::at(&nowhere), Err(NoEnergy::NoCounter));
        zone(&folder, "intel-rapl:0:0", "core", 1);
        assert_eq!(Meter::at(folder.path()), Err(NoEnergy::NoCounter));
    }
}
