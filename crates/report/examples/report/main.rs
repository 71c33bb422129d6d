//! Writes a report to look at, of made-up runs on MNIST's real test images; the name of the file says in which format:
//! `cargo run --release -p atelier-report --example report -- report.html [en|fr] [one|lab|seeds|scenes] [FOLDER]`
//!
//! With a FOLDER the runs are stored there as well, for `atelier report NAME... --runs FOLDER` (except scenes, whose
//! images no recipe makes). Prints how long the report took, including the tests of significance.

mod made_up;

use std::error::Error;
use std::path::Path;
use std::time::Instant;

use measure::files::write_atomically;
use report::{Format, Language};

fn main() -> Result<(), Box<dyn Error>> {
    let argument = |place| std::env::args().nth(place);
    let path = argument(1).unwrap_or("report.html".into());
    let language: Language = argument(2).unwrap_or("en".into()).parse()?;
    let runs = made_up::Runs::of(&argument(3).unwrap_or("lab".into()))?;
    if let Some(folder) = argument(4) {
        runs.keep(Path::new(&folder))?;
    }
    let format: Format = Path::new(&path)
        .extension()
        .and_then(|extension| extension.to_str())
        .unwrap_or("html")
        .parse()?;
    let start = Instant::now();
    let text = runs.report(language, |report| report.to_text(format))?;
    let (took, bytes) = (start.elapsed(), text.len());
    write_atomically(&path, text)?;
    eprintln!("wrote {path}: {bytes} bytes after {took:.1?}");
    Ok(())
}
