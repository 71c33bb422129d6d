//! The report as one HTML page: no script, no network, light and dark, screen, print and reader.
//!
//! Each section is a file and a function from [`Page`] to HTML; a section with nothing to say is
//! empty and leaves the table of contents.

mod box_mistakes;
mod calibration;
mod classes;
mod confusion;
mod cost;
mod curves;
mod detections;
mod figures;
mod gallery;
mod picture;
mod recipes;
mod repeat;
mod scenes;
mod seeds;
mod summary;
mod suspects;
mod thresholds;

use super::format::Text;
use super::plot::swatch;
use super::seeds::{shown, trainings};
use super::words::Words;
use super::{Contestant, Language, Report, sentences};

const STYLE: &str = include_str!("html/style.css");

/// A report and the words it is told in.
struct Page<'a> {
    /// With one contestant a column (see [`shown`]).
    report: &'a Report<'a>,
    /// With every training.
    whole: &'a Report<'a>,
    words: &'static Words,
    language: Language,
}

/// The whole page. Names, recipes and commands may hold anything: they are escaped.
pub fn html(report: &Report<'_>) -> String {
    let columns = shown(report);
    let page = Page {
        report: &columns,
        whole: report,
        words: Words::of(report.language),
        language: report.language,
    };
    let words = page.words;
    let sections = [
        ("seeds", words.over_seeds, seeds::section(&page)),
        ("curves", words.curves, curves::section(&page)),
        (
            "differences",
            page.differences_title(),
            gallery::section(&page),
        ),
        ("suspects", words.suspects, suspects::section(&page)),
        ("confusion", words.confusion, confusion::section(&page)),
        ("classes", words.classes, classes::section(&page)),
        ("confident", words.confident, gallery::most_confident(&page)),
        ("boxes", words.boxes, detections::section(&page)),
        ("scenes", words.scenes, scenes::section(&page)),
        (
            "box-mistakes",
            words.box_mistakes,
            box_mistakes::section(&page),
        ),
        (
            "calibration",
            words.calibration,
            calibration::section(&page),
        ),
        ("thresholds", words.thresholds, thresholds::section(&page)),
        ("cost", words.costs, cost::section(&page)),
        ("figures", words.further, figures::section(&page)),
        ("recipes", page.recipes_title(), recipes::section(&page)),
        ("repeat", words.repeat, repeat::section(&page)),
    ];
    self::page(
        words,
        &page.title(),
        &summary::eyebrow(&page),
        &summary::lead(&page),
        &summary::section(&page),
        &sections,
    )
}

/// A page of titled sections after a summary; a section without anything to say is left out, also of the contents.
pub(super) fn page(
    words: &Words,
    title: &str,
    eyebrow: &str,
    lead: &str,
    summary: &str,
    sections: &[(&str, &str, String)],
) -> String {
    let told = || sections.iter().filter(|(_, _, body)| !body.is_empty());
    let contents: String = told()
        .map(|(id, title, _)| format!("<li><a href=\"#{id}\">{title}</a></li>"))
        .collect();
    let body: String = told()
        .map(|(id, title, body)| {
            format!("<section id=\"{id}\" aria-labelledby=\"{id}-title\"><h2 id=\"{id}-title\">{title}</h2>\n{body}</section>\n")
        })
        .collect();
    format!(
        "<!DOCTYPE html>\n<html lang=\"{lang}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"generator\" content=\"atelier\">\n\
         <title>{title} · atelier</title>\n<link rel=\"icon\" href=\"data:,\">\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
         <a class=\"skip\" href=\"#main\">{skip}</a>\n<div class=\"page\">\n\
         <header>\n{eyebrow}<h1>{title}</h1>\n{lead}</header>\n\
         <nav aria-label=\"{contents_name}\"><ul>{contents}</ul></nav>\n\
         <main id=\"main\">\n{summary}\n{body}</main>\n<footer>{footer}</footer>\n</div>\n</body>\n</html>\n",
        lang = words.lang,
        skip = words.skip,
        contents_name = words.contents,
        footer = words.footer,
    )
}

impl<'a> Page<'a> {
    fn contestants(&self) -> &[Contestant<'_>] {
        &self.report.contestants
    }

    /// Every training with the place of its column.
    fn trainings(&self) -> Vec<(usize, Contestant<'a>)> {
        trainings(self.whole)
    }

    /// Escaped.
    fn title(&self) -> String {
        Text(&sentences::title(self.whole)).to_string()
    }

    fn differences_title(&self) -> &'static str {
        match self.contestants().len() {
            0 | 1 => self.words.mistakes,
            _ => self.words.differences,
        }
    }

    fn recipes_title(&self) -> &'static str {
        match self.contestants().len() {
            0 | 1 => self.words.recipe,
            _ => self.words.recipes,
        }
    }

    /// Name of a class, escaped.
    fn class(&self, class: usize) -> String {
        Text(&self.report.class(class)).to_string()
    }

    /// A contestant's marker and name.
    fn key(&self, slot: usize) -> String {
        let name = self.contestants().get(slot).map_or("", |c| c.name);
        match self.contestants().len() {
            1 => Text(name).to_string(),
            _ => format!("{} {}", swatch(slot), Text(name)),
        }
    }

    /// A heading with a contestant's name; none where there is only one.
    fn heading(&self, slot: usize) -> String {
        match self.contestants().len() {
            1 => String::new(),
            _ => format!("<h3>{}</h3>", self.key(slot)),
        }
    }

    /// Column headings, one a contestant, after a first one for the rows.
    fn columns(&self, first: &str) -> String {
        let names = (0..self.contestants().len())
            .map(|slot| format!("<th scope=\"col\">{}</th>", self.key(slot)));
        format!(
            "<thead><tr><th scope=\"col\">{first}</th>{}</tr></thead>",
            names.collect::<String>()
        )
    }

    /// The key to the colours; nothing where there is only one.
    fn legend(&self) -> String {
        match self.contestants().len() {
            1 => String::new(),
            _ => super::plot::legend(self.contestants().iter().map(|c| c.name)),
        }
    }
}

/// A captioned plot; nothing without a plot.
pub(super) fn figure(plot: Option<String>, caption: &str) -> String {
    plot.map_or(String::new(), |plot| {
        format!("<figure><figcaption>{caption}</figcaption>{plot}</figure>\n")
    })
}

/// What opens on demand.
pub(super) fn details(summary: &str, body: &str) -> String {
    format!("<details><summary>{summary}</summary>\n{body}</details>\n")
}

/// A block that scrolls sideways on its own when it is too wide, with the keyboard too.
pub(super) fn scroll(name: &str, body: &str) -> String {
    format!(
        "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"{name}\">{body}</div>\n"
    )
}

pub(super) fn paragraph(text: &str) -> String {
    format!("<p>{text}</p>\n")
}

pub(super) fn note(text: &str) -> String {
    format!("<p class=\"note\">{text}</p>\n")
}
