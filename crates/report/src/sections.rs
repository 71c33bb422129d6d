//! The sections of a report, built once per language for every format.

mod boxes;
mod classes;
mod confusion;
mod cost;
mod curves;
mod gallery;
mod recipes;
mod repeat;
mod scenes;
mod seeds;
mod summary;
mod thresholds;

pub use curves::time_unit;

use crate::metrics::Group;
use crate::model::{Block, Document, Line, Section, Sign, Span};
use crate::seeds::{shown, trainings};
use crate::words::Words;
use crate::{Contestant, Language, Report, sentences};

/// A report and the words it is written in.
struct View<'a> {
    /// With one contestant per column (see [`shown`]).
    report: &'a Report<'a>,
    /// With every run.
    whole: &'a Report<'a>,
    words: &'static Words,
    language: Language,
}

/// What a report says.
pub fn document(report: &Report<'_>) -> Document {
    let columns = shown(report);
    let words = Words::of(report.language);
    let view = &View {
        report: &columns,
        whole: report,
        words,
        language: report.language,
    };
    let (mistakes, recipes) = match columns.contestants.len() {
        0 | 1 => (words.mistakes, words.recipe),
        _ => (words.differences, words.recipes),
    };
    let further = summary::metrics(view, &[Group::Further], words.further_caption);
    let sections = [
        ("seeds", words.over_seeds, seeds::blocks(view)),
        ("curves", words.curves, curves::blocks(view)),
        ("differences", mistakes, gallery::mistakes(view)),
        ("suspects", words.suspects, gallery::suspects(view)),
        ("confusion", words.confusion, confusion::blocks(view)),
        ("classes", words.classes, classes::blocks(view)),
        ("confident", words.confident, gallery::confident(view)),
        ("boxes", words.boxes, gallery::boxes(view)),
        ("scenes", words.scenes, scenes::blocks(view)),
        ("box-mistakes", words.box_mistakes, boxes::mistakes(view)),
        (
            "calibration",
            words.calibration,
            thresholds::calibration(view),
        ),
        ("thresholds", words.thresholds, thresholds::blocks(view)),
        ("cost", words.costs, cost::blocks(view)),
        (
            "figures",
            words.further,
            further.block().into_iter().collect(),
        ),
        ("recipes", recipes, recipes::blocks(view)),
        ("repeat", words.repeat, repeat::blocks(view)),
    ];
    let lead = [sentences::verdict(report), sentences::cost(report)];
    Document {
        title: sentences::title(report),
        eyebrow: sentences::eyebrow(report),
        lead: lead.into_iter().filter(|text| !text.is_empty()).collect(),
        summary_title: words.figures.to_string(),
        summary: summary::blocks(view),
        sections: sections
            .map(|(id, title, blocks)| Section::new(id, title, blocks))
            .into(),
    }
}

impl<'a> View<'a> {
    fn contestants(&self) -> &'a [Contestant<'a>] {
        &self.report.contestants
    }

    /// The contestants with their places.
    fn slots(&self) -> impl Iterator<Item = (usize, &'a Contestant<'a>)> {
        self.contestants().iter().enumerate()
    }

    fn several(&self) -> bool {
        self.contestants().len() > 1
    }

    /// Every run with the place of its column.
    fn trainings(&self) -> Vec<(usize, Contestant<'a>)> {
        trainings(self.whole)
    }

    /// A contestant's sign, where there are several, and name.
    fn key(&self, slot: usize) -> Span {
        let name = self
            .contestants()
            .get(slot)
            .map_or("", |c| c.name)
            .to_string();
        if self.several() {
            Span::Key(slot, name)
        } else {
            Span::Text(name)
        }
    }

    /// A heading with a contestant's name; none where there is only one.
    fn heading(&self, slot: usize) -> Option<Block> {
        let name = Line(vec![self.key(slot)]);
        self.several().then_some(Block::Heading(3, name))
    }

    /// Column headings, one per contestant, after a first one for the rows.
    fn columns(&self, first: &str) -> Vec<Line> {
        let names = self.slots().map(|(slot, _)| Line(vec![self.key(slot)]));
        std::iter::once(first.into()).chain(names).collect()
    }

    /// Headings that span `span` columns per contestant, after `before` columns; none where there is only one contestant.
    fn groups(&self, before: usize, span: usize) -> Vec<(Line, usize)> {
        let names = self
            .slots()
            .map(|(slot, _)| (Line(vec![self.key(slot)]), span));
        let all = std::iter::once((Line::default(), before)).chain(names);
        all.filter(|_| self.several()).collect()
    }

    /// The key to the colours; none where there is only one contestant.
    fn legend(&self) -> Option<Block> {
        let names = self
            .slots()
            .map(|(slot, c)| (Sign::Marker(slot), c.name.to_string()));
        self.several().then(|| Block::Legend(names.collect()))
    }
}
