//! A doctor for data sets: decodes every picture once and says what must be fixed before training, and what to look at.
//!
//! Memory is bounded: less than a kilobyte per picture is kept, and what at most 10,000 boxes look like. Pictures to show
//! are decoded again.

mod alike;
mod balance;
mod checkup;
mod cleaned;
mod duplicates;
mod facts;
mod look;
mod material;
mod objects;
mod quick;
#[cfg(test)]
mod tests;

use std::path::Path;

use recipe::{MNIST, SCENES};

pub use self::checkup::{
    Checkup, ClassSummary, Example, Finding, Kind, ModeSummary, PartSummary, QuickModel, Severity,
    Shown, SizeSummary,
};
pub use self::cleaned::Cleaned;
use self::facts::Reading;
pub use self::facts::{Mode, Thumbnail};
use self::look::Look;
use self::material::{EXAMPLES, Material, part_name};
use self::quick::{Item, Judgement};
use crate::error::DataError;
use crate::listing::{Labels, Listing, Problem};
use crate::prepare::{self, Progress};
use crate::source::paths::Part;
use crate::{mnist, source};

/// Likely label errors that are listed.
const DOUBTS: usize = 50;

/// A data set that was looked at.
pub struct Examination {
    checkup: Checkup,
    material: Material,
    /// Groups of exact duplicates.
    exact: Vec<Vec<usize>>,
    reading: Reading,
}

/// What a recipe's data holds, before any picture is decoded.
///
/// # Errors
/// A source that can't be read, or that is composed.
pub fn list(data: &recipe::Data) -> Result<Listing, DataError> {
    match data.source.as_str() {
        MNIST => mnist::listing(),
        SCENES => Err(DataError::file(
            Path::new(SCENES),
            "scenes are composed during training, so there are no files to check",
        )),
        path => source::list(Path::new(path), data),
    }
}

/// Whether a quick model looks for label errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LabelErrors {
    /// It does, which takes most of the time.
    Find,
    /// Labels are taken as they are.
    Leave,
}

/// Looks at everything that a listing names.
pub fn examine(
    listing: Listing,
    data: &recipe::Data,
    label_errors: LabelErrors,
    progress: Progress<'_>,
) -> Examination {
    let input = prepare::input(&data.image, &listing.train);
    let Listing {
        classes,
        train,
        validation,
        test,
        notes,
        mut problems,
    } = listing;
    let mut entries = Vec::new();
    let mut parts = Vec::new();
    for (part, of_part) in [
        (Part::Train, Some(train)),
        (Part::Validation, validation),
        (Part::Test, test),
    ] {
        let of_part = of_part.unwrap_or_default();
        parts.extend(vec![part; of_part.len()]);
        entries.extend(of_part);
    }
    let has_boxes = |entry: &crate::listing::Entry| matches!(entry.labels, Labels::Boxes(_));
    let with_boxes = entries.iter().any(has_boxes);
    let doubts_labels = classes.len() > 1 && label_errors == LabelErrors::Find;
    let crops = facts::crops(&entries, if doubts_labels { quick::MOST } else { 0 });
    let reading = Reading {
        background: input.background,
        max_pixels: data.max_pixels,
    };
    let seen = facts::see(&entries, &crops, reading, progress);
    let material = Material {
        classes,
        entries,
        parts,
        seen,
    };

    let classes = balance::classes(&material);
    let (sizes, distinct_sizes) = balance::sizes(&material);
    let modes = balance::modes(&material);
    let exact = duplicates::exact(&material);
    let judged = doubts_labels.then(|| judge(&material)).flatten();
    let mut findings = faults(&material, &mut problems);
    findings.extend(duplicates::exact_findings(&material, &exact));
    findings.extend(duplicates::near_findings(&material, &exact));
    if with_boxes {
        findings.extend(objects::findings(&material, &input));
    }
    findings.extend(
        judged
            .as_ref()
            .and_then(|(judged, items)| doubts(&material, judged, items)),
    );
    findings.extend(balance::class_findings(&classes));
    findings.extend(balance::picture_findings(&material, &modes, distinct_sizes));
    findings.retain(|finding| finding.count > 0);
    findings.sort_by_key(|finding| (finding.severity, finding.kind));

    let boxes = with_boxes.then(|| {
        (0..material.entries.len())
            .map(|index| match &material.entries[index].labels {
                Labels::Class(_) => 0,
                Labels::Boxes(boxes) => boxes.len(),
            })
            .sum()
    });
    let checkup = Checkup {
        source: data.source.clone(),
        pictures: material.entries.len(),
        unusable: material.seen.iter().filter(|seen| seen.is_err()).count(),
        boxes,
        parts: part_summaries(&material),
        classes,
        sizes,
        distinct_sizes,
        modes,
        input: input.size.map(recipe::InputSize::nominal),
        quick_model: judged.map(|(judged, _)| QuickModel {
            accuracy: judged.accuracy,
            chance: judged.chance,
            pictures: judged.items,
            trusted: judged.is_trusted(),
        }),
        must_fix: findings
            .iter()
            .filter(|finding| finding.severity == Severity::MustFix)
            .count(),
        findings,
        notes,
    };
    Examination {
        checkup,
        material,
        exact,
        reading,
    }
}

impl Examination {
    /// What was found.
    pub fn checkup(&self) -> &Checkup {
        &self.checkup
    }

    /// A few training pictures that can be decoded, evenly spread: sources are often sorted by class.
    pub fn samples(&self, count: usize) -> Vec<Shown> {
        let good: Vec<usize> = self.material.facts().map(|(index, _)| index).collect();
        let train = |index: &usize| self.material.parts[*index] == Part::Train;
        let train: Vec<usize> = good.into_iter().filter(train).collect();
        let count = count.min(train.len());
        (0..count)
            .map(|place| train[place * train.len() / count])
            .map(|index| self.material.shown(index, None))
            .collect()
    }

    /// A picture of an example, or the box of it that the example is about, at most `side` pixels wide and high; `None` if
    /// it can't be decoded.
    pub fn thumbnail(&self, shown: &Shown, side: u32) -> Option<Thumbnail> {
        let entry = self.material.entries.get(shown.index)?;
        facts::thumbnail(entry, shown.crop, side, self.reading)
    }

    /// A list of the good pictures, with paths relative to `folder`, where the list will be.
    ///
    /// # Errors
    /// Pictures that are not files of their own.
    pub fn cleaned(&self, folder: &Path) -> Result<Cleaned, DataError> {
        cleaned::clean(&self.checkup.source, &self.material, &self.exact, folder)
    }
}

fn part_summaries(material: &Material) -> Vec<PartSummary> {
    let summary = |part: Part| {
        let of_part =
            || (0..material.entries.len()).filter(move |index| material.parts[*index] == part);
        PartSummary {
            part: part_name(part),
            pictures: of_part().count(),
            bytes: of_part()
                .filter_map(|index| Some(material.seen[index].as_ref().ok()?.bytes))
                .sum(),
        }
    };
    let all = [Part::Train, Part::Validation, Part::Test].map(summary);
    all.into_iter().filter(|part| part.pictures > 0).collect()
}

/// The problems that the reader, the decoder and the check of boxes report, by kind.
fn faults(material: &Material, problems: &mut Vec<Problem>) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    let mut add = |problem: &Problem, shown: Option<Shown>| {
        let kind = Kind::of(problem.fault);
        let place = findings.iter().position(|finding| finding.kind == kind);
        let place = place.unwrap_or_else(|| {
            findings.push(Finding::new(kind, 0, Vec::new()));
            findings.len() - 1
        });
        let finding = &mut findings[place];
        finding.count += 1;
        if finding.examples.len() < EXAMPLES {
            let is_named = shown.as_ref().is_some_and(|it| it.name == problem.place);
            finding.examples.push(Example {
                what: if is_named {
                    problem.what.clone()
                } else {
                    problem.to_string()
                },
                pictures: shown.into_iter().collect(),
            });
        }
    };
    for problem in problems.drain(..) {
        add(&problem, None);
    }
    for (index, seen) in material.seen.iter().enumerate() {
        match seen {
            Err(problem) => add(problem, Some(material.shown(index, None))),
            Ok(facts) => {
                for placed in &facts.boxes {
                    let problem = match placed {
                        Ok((_, problem)) => problem.as_ref(),
                        Err(problem) => Some(problem),
                    };
                    if let Some(problem) = problem {
                        add(problem, Some(material.shown(index, None)));
                    }
                }
            }
        }
    }
    findings
}

/// Where a judged item comes from: a picture, or a box of it.
type Origin = (usize, Option<usize>);

/// What the quick model says of all pictures with a class, and of boxes.
fn judge(material: &Material) -> Option<(Judgement, Vec<Origin>)> {
    let mut all: Vec<(Origin, &Look, usize)> = Vec::new();
    for (index, facts) in material.facts() {
        match &material.entries[index].labels {
            Labels::Class(class) => all.push(((index, None), &facts.look, *class)),
            Labels::Boxes(boxes) => all.extend(
                facts
                    .crops
                    .iter()
                    .map(|(number, look)| ((index, Some(*number)), look, boxes[*number].class)),
            ),
        }
    }
    let count = all.len().min(quick::MOST);
    // Evenly spread: sources are often sorted by class.
    let chosen: Vec<_> = (0..count)
        .map(|place| all[place * all.len() / count])
        .collect();
    let items: Vec<Item<'_>> = chosen
        .iter()
        .map(|&(_, look, class)| Item { look, class })
        .collect();
    let judged = quick::judge(&items, material.classes.len())?;
    Some((
        judged,
        chosen.into_iter().map(|(origin, ..)| origin).collect(),
    ))
}

fn doubts(material: &Material, judged: &Judgement, origins: &[Origin]) -> Option<Finding> {
    if !judged.is_trusted() {
        return None;
    }
    let examples = judged.doubts.iter().take(DOUBTS).map(|doubt| {
        let (index, crop) = origins[doubt.item];
        let shown = material.shown(index, crop);
        Example {
            what: format!(
                "labelled {} ({:.0} %), looks like {} ({:.0} %)",
                shown.class.as_deref().unwrap_or("?"),
                100.0 * doubt.own,
                material.class_name(doubt.better),
                100.0 * doubt.other
            ),
            pictures: vec![shown],
        }
    });
    let finding = Finding::new(
        Kind::LikelyLabelErrors,
        judged.doubts.len().min(DOUBTS),
        examples.collect(),
    );
    Some(finding.with_detail(format!(
        "the quick model is right for {:.1} % of {} (the largest class: {:.1} %) and doubts {} labels",
        100.0 * judged.accuracy,
        judged.items,
        100.0 * judged.chance,
        judged.doubts.len()
    )))
}
