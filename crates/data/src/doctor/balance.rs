//! How many pictures there are of each class, size and kind.

use std::collections::{BTreeMap, HashMap};

use super::checkup::{ClassSummary, Finding, Kind, ModeSummary, SizeSummary};
use super::facts::{Facts, Mode};
use super::material::Material;
use crate::listing::Labels;
use crate::source::paths::Part;

/// A class with fewer training pictures is small.
const FEW: usize = 10;
/// The largest class may have this many times the pictures of the smallest.
const IMBALANCE: usize = 10;
/// The longer side may be this many times the shorter.
const RATIO: usize = 4;
/// Most sizes that are listed.
const SIZES: usize = 10;
/// Most classes that a line names.
const NAMED: usize = 8;

/// Pictures, or boxes, of each class and part.
pub(super) fn classes(material: &Material) -> Vec<ClassSummary> {
    let mut counts: Vec<ClassSummary> = material
        .classes
        .iter()
        .map(|class| ClassSummary {
            class: class.name.clone(),
            train: 0,
            validation: 0,
            test: 0,
        })
        .collect();
    for (entry, part) in material.entries.iter().zip(&material.parts) {
        let mut add = |class: usize| {
            if let Some(counts) = counts.get_mut(class) {
                *match part {
                    Part::Train => &mut counts.train,
                    Part::Validation => &mut counts.validation,
                    Part::Test => &mut counts.test,
                } += 1;
            }
        };
        match &entry.labels {
            Labels::Class(class) => add(*class),
            Labels::Boxes(boxes) => boxes.iter().for_each(|it| add(it.class)),
        }
    }
    counts
}

/// Empty and small classes, and classes of very different size.
pub(super) fn class_findings(classes: &[ClassSummary]) -> Vec<Finding> {
    let those = |kind, wanted: &dyn Fn(usize) -> bool| {
        let names: Vec<String> = classes
            .iter()
            .filter(|class| wanted(class.train))
            .map(|class| match class.train {
                0 => class.class.clone(),
                count => format!("{} ({count})", class.class),
            })
            .collect();
        Finding::new(kind, names.len(), Vec::new()).with_detail(named(&names))
    };
    let counts = || {
        classes
            .iter()
            .map(|class| class.train)
            .filter(|count| *count > 0)
    };
    let most = counts().max().unwrap_or(0);
    let least = counts().min().unwrap_or(0);
    let mut findings = vec![
        those(Kind::EmptyClasses, &|count| count == 0),
        those(Kind::SmallClasses, &|count| (1..FEW).contains(&count)),
    ];
    if most > IMBALANCE * least {
        let below = |count: usize| count > 0 && count * IMBALANCE < most;
        let mut finding = those(Kind::ClassImbalance, &below);
        finding.detail = format!(
            "from {least} to {most} per class; below a tenth of that: {}",
            finding.detail
        );
        findings.push(finding);
    }
    findings
}

fn named(names: &[String]) -> String {
    let mut text = names
        .iter()
        .take(NAMED)
        .cloned()
        .collect::<Vec<_>>()
        .join(", ");
    if names.len() > NAMED {
        text += &format!(" and {} more", names.len() - NAMED);
    }
    text
}

/// The most frequent sizes, and how many there are.
pub(super) fn sizes(material: &Material) -> (Vec<SizeSummary>, usize) {
    let mut counts: HashMap<[usize; 2], usize> = HashMap::new();
    for (_, facts) in material.facts() {
        *counts.entry(facts.size).or_default() += 1;
    }
    let distinct = counts.len();
    let mut sizes: Vec<SizeSummary> = counts
        .into_iter()
        .map(|([height, width], pictures)| SizeSummary {
            width,
            height,
            pictures,
        })
        .collect();
    sizes.sort_by_key(|size| (usize::MAX - size.pictures, size.width, size.height));
    sizes.truncate(SIZES);
    (sizes, distinct)
}

/// How pixels are stored.
pub(super) fn modes(material: &Material) -> Vec<ModeSummary> {
    let mut counts: BTreeMap<Mode, usize> = BTreeMap::new();
    for (_, facts) in material.facts() {
        *counts.entry(facts.mode).or_default() += 1;
    }
    counts
        .into_iter()
        .map(|(mode, pictures)| ModeSummary { mode, pictures })
        .collect()
}

/// Findings about single pictures.
pub(super) fn picture_findings(
    material: &Material,
    modes: &[ModeSummary],
    sizes: usize,
) -> Vec<Finding> {
    let those = |kind, wanted: &dyn Fn(&Facts) -> bool, what: &dyn Fn(&Facts) -> String| {
        let found = material.facts().filter(|(_, facts)| wanted(facts));
        let found: Vec<usize> = found.map(|(index, _)| index).collect();
        let what = |index: usize| {
            material.seen[index]
                .as_ref()
                .map_or_else(|_| String::new(), what)
        };
        Finding::new(kind, found.len(), material.examples(&found, what))
    };
    let size = |facts: &Facts| format!("{} x {} pixels", facts.size[1], facts.size[0]);
    let is_extreme = |facts: &Facts| {
        let [height, width] = facts.size;
        height.max(width) > RATIO * height.min(width)
    };
    let turned = |facts: &Facts| format!("EXIF orientation {}", facts.orientation);
    let mode = |facts: &Facts| facts.mode.name().to_string();
    let mut findings = vec![
        those(Kind::ExtremeShapes, &is_extreme, &size),
        those(Kind::ExifTurned, &|facts| facts.orientation != 1, &turned),
        those(Kind::Transparent, &|facts| facts.transparent, &mode),
        those(Kind::BlankPictures, &|facts| facts.blank, &size),
    ];
    if sizes > 1 {
        findings.push(size_finding(material, sizes));
    }
    if modes.len() > 1 {
        let rarest = modes.iter().min_by_key(|it| it.pictures).map(|it| it.mode);
        let mut finding = those(
            Kind::MixedColours,
            &|facts| Some(facts.mode) == rarest,
            &mode,
        );
        finding.count = modes.len();
        let counts = modes
            .iter()
            .map(|it| format!("{}: {}", it.mode.name(), it.pictures));
        finding.detail = counts.collect::<Vec<_>>().join(", ");
        findings.push(finding);
    }
    findings
}

fn size_finding(material: &Material, sizes: usize) -> Finding {
    let area = |facts: &Facts| facts.size[0] * facts.size[1];
    let smallest = material.facts().min_by_key(|(_, facts)| area(facts));
    let largest = material.facts().max_by_key(|(_, facts)| area(facts));
    let both: Vec<usize> = [smallest, largest]
        .into_iter()
        .flatten()
        .map(|it| it.0)
        .collect();
    let size = |index: usize| match &material.seen[index] {
        Ok(facts) => format!("{} x {} pixels", facts.size[1], facts.size[0]),
        Err(_) => String::new(),
    };
    let texts: Vec<String> = both.iter().map(|index| size(*index)).collect();
    Finding::new(Kind::SeveralSizes, sizes, material.examples(&both, size))
        .with_detail(format!("from {}", texts.join(" to ")))
}
