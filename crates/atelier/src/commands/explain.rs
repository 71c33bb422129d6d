//! `explain`: pictures of how a trained network came to its answer on one image.

use nets::run::Run;

use super::{print, print_json};
use crate::computer;
use crate::error::CommandError;
use crate::flags;

pub fn run(flags: &flags::Explain) -> Result<(), CommandError> {
    let run = Run::open(&flags.place.runs, &flags.run)?;
    let computer = computer::open(&flags.machine)?;
    let trained = run.trained(&computer)?;
    let folder = flags.out.clone().unwrap_or_else(|| {
        let image = flags.image.file_stem().unwrap_or_default();
        run.path().join("explain").join(image)
    });
    let explanation = nets::explain::explain(&trained, &flags.image, &folder, &computer.device)?;
    if flags.json {
        return print_json(&explanation);
    }
    print(&format!(
        "{}: {} ({:.2} %)",
        explanation.image,
        explanation.class,
        100.0 * explanation.score
    ))?;
    for picture in &explanation.files {
        print(&format!("{}  {}", picture.path, picture.shows))?;
    }
    Ok(())
}
