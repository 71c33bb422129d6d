//! Evaluates a COCO results file, and says how long that took: `coco_eval GROUND_TRUTH DETECTIONS [--json]`.

use std::error::Error;
use std::io::Write;
use std::path::Path;
use std::time::Instant;

use measure::detection::{Options, evaluate_files};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [ground_truth, detections, rest @ ..] = arguments.as_slice() else {
        return Err("usage: coco_eval GROUND_TRUTH DETECTIONS [--json]".into());
    };
    let start = Instant::now();
    let report = evaluate_files(
        Path::new(ground_truth),
        Path::new(detections),
        &Options::default(),
    )?;
    let seconds = start.elapsed().as_secs_f64();
    let mut out = std::io::stdout().lock();
    if rest.iter().any(|argument| argument == "--json") {
        writeln!(
            out,
            "{}",
            serde_json::json!({"seconds": seconds, "stats": report.figures.stats()})
        )?;
    } else {
        write!(out, "{}", report.summary())?;
        writeln!(
            out,
            "{} images, {} truths, {} detections: {seconds:.3} s",
            report.images, report.truths, report.detections
        )?;
    }
    Ok(())
}
