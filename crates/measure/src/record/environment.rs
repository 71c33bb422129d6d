//! `environment.json`: on what, with what and from what a run was made, so that it can be repeated.

use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

/// All that is needed to repeat a run beside its recipe.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Environment {
    /// Name of the recipe, whatever the run is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recipe: Option<String>,
    /// Version of atelier.
    pub atelier: String,
    /// Commit that atelier was built from, if known.
    pub commit: Option<String>,
    /// The device that trained, for people: "CPU", "NVIDIA H100 (CUDA 0)".
    pub device: String,
    /// Threads used on the CPU.
    pub threads: usize,
    /// The machine.
    pub machine: Machine,
    /// When the run started, RFC 3339 in UTC; see [`rfc3339_utc`].
    pub date: String,
    /// The command line, program first, one argument an entry.
    pub command: Vec<String>,
    /// The seed of everything random.
    pub seed: u64,
    /// The data.
    pub data: DataIdentity,
}

/// Which data a run was made from.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct DataIdentity {
    /// What the recipe calls it: "mnist" or a path.
    pub name: String,
    /// Digest of the content as `ALGORITHM:HEX`, if computed.
    pub digest: Option<String>,
}

/// Facts about a machine; what it does not tell is `None`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Machine {
    /// Model name of the processor.
    pub cpu: Option<String>,
    /// Logical cores that this process may use.
    pub cores: Option<usize>,
    /// Main memory in MiB.
    pub memory_mib: Option<u64>,
    /// Operating system and architecture: "Debian GNU/Linux 12 (bookworm), x86_64".
    pub os: String,
}

impl Machine {
    /// Asks the machine this runs on: `/proc` and `/etc/os-release` where they exist.
    pub fn gather() -> Self {
        let read = |path| std::fs::read_to_string(path).unwrap_or_default();
        Self::from_texts(
            &read("/proc/cpuinfo"),
            &read("/proc/meminfo"),
            &read("/etc/os-release"),
        )
    }

    fn from_texts(cpuinfo: &str, meminfo: &str, os_release: &str) -> Self {
        // x86 says 'model name'; many ARM boards only 'Model' or 'Hardware'.
        let cpu = ["model name", "Model", "Hardware"]
            .iter()
            .find_map(|key| value(cpuinfo, key, ':'));
        let kib = value(meminfo, "MemTotal", ':')
            .and_then(|text| text.trim_end_matches("kB").trim().parse::<u64>().ok());
        let os = value(os_release, "PRETTY_NAME", '=');
        let os = os.unwrap_or_else(|| std::env::consts::OS.to_string());
        Self {
            cpu,
            cores: std::thread::available_parallelism().ok().map(Into::into),
            memory_mib: kib.map(|kib| kib / 1024),
            os: format!("{os}, {}", std::env::consts::ARCH),
        }
    }
}

/// The first value of `key` in lines of `key SEPARATOR value`, without quotation marks.
fn value(text: &str, key: &str, separator: char) -> Option<String> {
    text.lines().find_map(|line| {
        let (name, value) = line.split_once(separator)?;
        let value = value.trim().trim_matches('"');
        (name.trim() == key && !value.is_empty()).then(|| value.to_string())
    })
}

/// A moment as RFC 3339 in UTC to the second: `2026-01-31T23:59:59Z`. Moments before 1970 are
/// given as its start.
pub fn rfc3339_utc(moment: SystemTime) -> String {
    let since = moment.duration_since(UNIX_EPOCH).unwrap_or_default();
    let (days, second) = (since.as_secs() / 86_400, since.as_secs() % 86_400);
    // Days to a civil date: H. Hinnant, "chrono-Compatible Low-Level Date Algorithms",
    // civil_from_days. Years start in March there, so that the leap day ends them.
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// Seconds from the start of 1970 to a moment as [`rfc3339_utc`] writes it; `None` for other text.
pub fn seconds_since_1970(date: &str) -> Option<f64> {
    let (day, time) = date.strip_suffix('Z')?.split_once('T')?;
    let numbers = |text: &str, separator| -> Option<[i64; 3]> {
        let parts: Option<Vec<i64>> = text.split(separator).map(|n| n.parse().ok()).collect();
        parts?.try_into().ok()
    };
    let ([year, month, day], [hour, minute, second]) = (numbers(day, '-')?, numbers(time, ':')?);
    // The same source, days_from_civil.
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    let days = era * 146_097 + day_of_era - 719_468;
    Some((days * 86_400 + hour * 3600 + minute * 60 + second) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn dates() {
        // Seconds as `date -u -d DATE +%s` gives them.
        for (name, seconds, date) in [
            ("epoch", 0, "1970-01-01T00:00:00Z"),
            ("leap day", 951_782_400, "2000-02-29T00:00:00Z"),
            ("after the leap day", 951_868_800, "2000-03-01T00:00:00Z"),
            ("end of a year", 1_798_761_599, "2026-12-31T23:59:59Z"),
            ("no leap century", 4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            let moment = UNIX_EPOCH + Duration::from_secs(seconds);
            assert_eq!(rfc3339_utc(moment), date, "{name}");
            assert_eq!(seconds_since_1970(date), Some(seconds as f64), "{name}");
        }
        for wrong in ["", "yesterday", "2026-01-31", "2026-01T00:00:00Z"] {
            assert_eq!(seconds_since_1970(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn reads_linux_and_survives_silence() {
        let machine = Machine::from_texts(
            "processor\t: 0\nmodel name\t: Fast CPU @ 2.00GHz\nprocessor\t: 1\nmodel name\t: other\n",
            "MemTotal:        8388608 kB\nMemFree: 1 kB\n",
            "NAME=\"x\"\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n",
        );
        assert_eq!(machine.cpu.as_deref(), Some("Fast CPU @ 2.00GHz"));
        assert_eq!(machine.memory_mib, Some(8192));
        assert!(machine.os.starts_with("Debian GNU/Linux 12 (bookworm), "));
        let silent = Machine::from_texts("", "MemTotal: lots", "");
        assert_eq!((silent.cpu, silent.memory_mib), (None, None));
        assert!(silent.os.contains(std::env::consts::OS));
    }
}
