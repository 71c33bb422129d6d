//! `bench`: images a second of training and inference, latency of single images, peak memory.

use measure::record::Machine;
use nets::bench::{Settings, Speed, bench};

use super::{print, print_json};
use crate::computer;
use crate::error::CommandError;
use crate::flags;
use recipe::Recipe;
use report::terminal::{grouped, table};

pub fn run(flags: &flags::Bench) -> Result<(), CommandError> {
    let mut recipe = Recipe::load(&flags.recipe, &flags.sets)?;
    if let Some(batch_size) = flags.batch_size {
        recipe.training.batch_size = batch_size as usize;
    }
    let computer = computer::open(&flags.machine)?;
    let split = data::load(&recipe.data, recipe.training.seed)?;
    let settings = Settings {
        name: flags.recipe.clone(),
        steps: flags.steps as usize,
        inference_batch: flags.inference_batch_size.map(|size| size as usize),
    };
    let figures = bench(&recipe, &split, &computer, &settings)?;
    if flags.json {
        return print_json(&figures);
    }
    if flags.markdown {
        return print(&markdown(&figures));
    }
    let rows = [
        ("training images/s", grouped(figures.train_images_per_s)),
        (
            "loading, of a training step",
            format!("{:.1} %", 100.0 * figures.loading_share),
        ),
        ("inference images/s", grouped(figures.infer_images_per_s)),
        (
            "latency of one image, p50",
            format!("{:.3} ms", figures.latency_1_p50_ms),
        ),
        (
            "latency of one image, p95",
            format!("{:.3} ms", figures.latency_1_p95_ms),
        ),
        (
            "latency of one image, p99",
            format!("{:.3} ms", figures.latency_1_p99_ms),
        ),
        (
            "peak memory of training",
            figures
                .train_peak_rss_mib
                .map_or("-".to_string(), |mib| format!("{mib:.0} MiB")),
        ),
        (
            "peak memory",
            figures
                .peak_rss_mib
                .map_or("-".to_string(), |mib| format!("{mib:.0} MiB")),
        ),
    ];
    let waits = figures.reads_per_step.map(|reads| {
        vec![
            "reads from the GPU a step".to_string(),
            format!("{reads:.2}"),
        ]
    });
    let mut rows: Vec<Vec<String>> = rows
        .into_iter()
        .map(|(name, value)| vec![name.to_string(), value])
        .collect();
    // Before the memory.
    let after_latency = rows.len() - 2;
    let sizes = figures.throughput.iter().map(|at| {
        let name = format!("inference images/s, {} at a time", at.batch_size);
        vec![name, grouped(at.images_per_s)]
    });
    rows.splice(after_latency..after_latency, sizes);
    rows.extend(waits);
    let header = vec![
        figures.recipe,
        format!(
            "batch {} on {}, {} threads",
            figures.batch_size, figures.device, figures.threads
        ),
    ];
    print(&table(header, rows))
}

/// The row for the table of `docs/guide/gpu.md`, under its header.
fn markdown(figures: &Speed) -> String {
    let machine = Machine::gather();
    let cpu = machine.cpu.unwrap_or_default();
    let device = match &figures.device_description {
        Some(description) => format!("{description} (`{}`)", figures.device),
        None => format!("{cpu}, {} threads", figures.threads),
    };
    let reads = figures.reads_per_step;
    let cells = [
        device,
        machine.os,
        format!("{}, batch {}", figures.recipe, figures.batch_size),
        grouped(figures.train_images_per_s),
        grouped(figures.infer_images_per_s),
        format!("{:.2} ms", figures.latency_1_p50_ms),
        reads.map_or("-".to_string(), |reads| format!("{reads:.2}")),
        env!("CARGO_PKG_VERSION").to_string(),
    ];
    // A bar would end its cell.
    let row = cells.map(|cell| cell.replace('|', "/")).join(" | ");
    format!(
        "| device | system | recipe | training images/s | inference images/s | one image, p50 | reads a step | atelier |\n\
         | --- | --- | --- | ---: | ---: | ---: | ---: | --- |\n\
         | {row} |"
    )
}
