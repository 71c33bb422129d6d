//! All that is needed to repeat it: commands, seeds, versions, machine, data.

use super::{Page, paragraph};
use crate::report::Contestant;
use crate::report::format::{ABSENT, Text, count, with_unit};

/// The command, and the facts of each run.
pub fn section(page: &Page<'_>) -> String {
    let words = page.words;
    let mut html = String::new();
    if !page.report.command.is_empty() {
        html += &paragraph(words.repeat_note);
        html += &format!(
            "<pre class=\"command\" tabindex=\"0\">{}</pre>\n",
            Text(page.report.command)
        );
    }
    let columns = page.contestants().iter().enumerate();
    let columns =
        columns.map(|(slot, c)| format!("<div>{}{}</div>", page.heading(slot), facts(page, c)));
    html + &format!(
        "<div class=\"pair\">{}</div>\n",
        columns.collect::<String>()
    )
}

fn facts(page: &Page<'_>, contestant: &Contestant<'_>) -> String {
    let words = page.words;
    let environment = contestant.environment;
    let machine = &environment.machine;
    let version = match &environment.commit {
        Some(commit) => format!("{} ({commit})", environment.atelier),
        None => environment.atelier.clone(),
    };
    let data = match &environment.data.digest {
        Some(digest) => format!("{}, {digest}", environment.data.name),
        None => environment.data.name.clone(),
    };
    let pairs = [
        (words.command, environment.command.join(" ")),
        (words.seed, environment.seed.to_string()),
        (words.epochs, count(contestant.evaluation.epochs as u64)),
        (words.data, data),
        (words.device, environment.device.clone()),
        (words.threads, count(environment.threads as u64)),
        (words.processor, machine.cpu.clone().unwrap_or_default()),
        (
            words.cores,
            machine.cores.map_or(String::new(), |n| count(n as u64)),
        ),
        (
            words.memory,
            machine
                .memory_mib
                .map_or(String::new(), |m| with_unit(&count(m), "MiB")),
        ),
        (words.system, machine.os.clone()),
        (words.version, version),
        (words.date, environment.date.clone()),
    ];
    let pairs = pairs.iter().map(|(name, value)| {
        let value = if value.is_empty() {
            ABSENT
        } else {
            value.as_str()
        };
        format!("<dt>{name}</dt><dd>{}</dd>", Text(value))
    });
    format!("<dl>{}</dl>", pairs.collect::<String>())
}
