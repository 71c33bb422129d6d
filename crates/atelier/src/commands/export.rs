//! `export`: a run's weights in a form that other programs read.

use measure::record;
use nets::device;
use nets::run::Run;
use serde::Serialize;

use super::{print, print_json};
use crate::error::CommandError;
use crate::flags;

/// Name of the export in the run's folder where no other is given.
const NAME: &str = "pytorch.safetensors";

/// What `--json` prints.
#[derive(Serialize)]
struct Exported {
    run: String,
    format: String,
    file: String,
}

pub fn run(flags: &flags::Export) -> Result<(), CommandError> {
    let run = Run::open(&flags.place.runs, &flags.run)?;
    let path = flags.out.clone().unwrap_or_else(|| run.path().join(NAME));
    if path == run.path().join(record::MODEL) {
        return Err(CommandError::Usage(format!(
            "{} is the run's own file; give --out another name",
            path.display()
        )));
    }
    run.export(&path, &device::open("cpu")?)?;
    let exported = Exported {
        run: run.path().display().to_string(),
        format: flags.format.clone(),
        file: path.display().to_string(),
    };
    if flags.json {
        return print_json(&exported);
    }
    print(&exported.file)
}
