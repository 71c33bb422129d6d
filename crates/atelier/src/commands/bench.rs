//! `bench`: images a second of training and inference, latency of single images, peak memory.

use measure::record::Machine;
use nets::bench::{BenchSettings, Speed, bench};
use nets::device::Computer;
use recipe::Recipe;
use report::terminal::{grouped, table};

use crate::console::Output;
use crate::error::CommandError;
use crate::{computer, flags};

/// A measurement of speed.
pub struct BenchPlan {
    pub recipe: Recipe,
    pub settings: BenchSettings,
    pub computer: Computer,
    /// Whether to print a table for the documentation.
    pub markdown: bool,
}

impl BenchPlan {
    pub fn of(flags: &flags::Bench) -> Result<Self, CommandError> {
        let mut recipe = Recipe::load(&flags.recipe, &flags.sets)?;
        if let Some(batch_size) = flags.batch_size {
            recipe.training.batch_size = batch_size as usize;
        }
        Ok(Self {
            recipe,
            settings: BenchSettings {
                name: flags.recipe.clone(),
                steps: flags.steps as usize,
                inference_batch: flags.inference_batch_size.map(|size| size as usize),
            },
            computer: computer::open(&flags.machine)?,
            markdown: flags.markdown,
        })
    }
}

pub fn run(plan: &BenchPlan, output: Output) -> Result<(), CommandError> {
    let recipe = &plan.recipe;
    let split = crate::loading::load(&recipe.data, recipe.training.seed)?;
    let speed = bench(recipe, &split, &plan.computer, &plan.settings)?;
    output.show(&speed, || {
        if plan.markdown {
            markdown(&speed)
        } else {
            text(&speed)
        }
    })
}

fn text(speed: &Speed) -> String {
    let row = |name: &str, value: String| vec![name.to_string(), value];
    let ms = |value: f64| format!("{value:.3} ms");
    let mib = |value: Option<f64>| value.map_or("-".to_string(), |mib| format!("{mib:.0} MiB"));
    let loading = format!("{:.1} %", 100.0 * speed.loading_share);
    let mut rows = vec![
        row("training images/s", grouped(speed.train_images_per_s)),
        row("share of loading in a training step", loading),
        row("inference images/s", grouped(speed.infer_images_per_s)),
        row("latency of one image, p50", ms(speed.latency_1_p50_ms)),
        row("latency of one image, p95", ms(speed.latency_1_p95_ms)),
        row("latency of one image, p99", ms(speed.latency_1_p99_ms)),
    ];
    rows.extend(speed.throughput.iter().map(|at| {
        let name = format!("inference images/s, batch {}", at.batch_size);
        row(&name, grouped(at.images_per_s))
    }));
    rows.push(row(
        "peak memory of training",
        mib(speed.train_peak_rss_mib),
    ));
    rows.push(row("peak memory", mib(speed.peak_rss_mib)));
    let reads = speed.reads_per_step;
    rows.extend(reads.map(|reads| row("reads from the GPU per step", format!("{reads:.2}"))));
    let setup = format!(
        "batch {} on {}, {} threads",
        speed.batch_size, speed.device, speed.threads
    );
    table([speed.recipe.clone(), setup], rows)
}

/// A row for the table of `docs/guide/gpu.md`, under its header.
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
        "| device | system | recipe | training images/s | inference images/s | one image, p50 | reads per step | atelier |\n\
         | --- | --- | --- | ---: | ---: | ---: | ---: | --- |\n\
         | {row} |"
    )
}
