//! The report of a checked data set: one page that looks like the others, with small pictures. It is in English, like the
//! terminal's text.

use crate::html::page;
use crate::model::{Block, Card, Document, Gallery, Line, Outline, Picture, Row, Section, Table};
use crate::{Image, Language};

/// Characters of a name that fit under a picture.
const NAME: usize = 18;

/// What was found in a data set.
#[derive(Debug, Clone, Default)]
pub struct CheckupReport {
    /// What was checked.
    pub title: String,
    /// The result in sentences, the most important first.
    pub lead: Vec<String>,
    /// Numbers of the data set with their names.
    pub facts: Vec<(&'static str, String)>,
    /// Each class with its pictures for training, validation and test.
    pub classes: Vec<(String, [usize; 3])>,
    /// What was found.
    pub findings: Vec<CheckupFinding>,
    /// What was assumed.
    pub notes: Vec<String>,
}

/// Something to fix, or to look at.
#[derive(Debug, Clone, Default)]
pub struct CheckupFinding {
    /// A few words.
    pub title: String,
    /// How many there are.
    pub count: usize,
    /// Whether it must be fixed.
    pub must_fix: bool,
    /// Numbers that say more; may be empty.
    pub detail: String,
    /// Why it matters, and what to do.
    pub advice: String,
    /// The first few cases.
    pub examples: Vec<CheckupExample>,
}

/// One case of a finding.
#[derive(Debug, Clone, Default)]
pub struct CheckupExample {
    /// Its pictures; there may be none.
    pub pictures: Vec<CheckupPicture>,
    /// What is wrong or odd about it.
    pub what: String,
}

/// A picture of a case.
#[derive(Debug, Clone, Default)]
pub struct CheckupPicture {
    /// Its pixels, where they can be shown.
    pub image: Option<Image>,
    /// Boxes in its pixels.
    pub boxes: Vec<[f32; 4]>,
    /// Its name in the data set.
    pub name: String,
    /// Its part of the data set and its class.
    pub place: String,
}

/// The whole page.
pub fn checkup_html(report: &CheckupReport) -> String {
    page(&document(report), Language::English)
}

fn document(report: &CheckupReport) -> Document {
    let those = |must_fix: bool| -> Vec<Block> {
        let findings = report.findings.iter().filter(|it| it.must_fix == must_fix);
        findings.flat_map(finding).collect()
    };
    let class_rows = report
        .classes
        .iter()
        .map(|(name, counts)| Row::text(name.as_str(), counts.iter().map(ToString::to_string)));
    let classes = Table::plain("", ["class", "train", "validation", "test"], class_rows);
    let notes: Vec<Line> = report
        .notes
        .iter()
        .map(|note| note.as_str().into())
        .collect();
    let list = (!notes.is_empty()).then_some(Block::List(notes));
    Document {
        title: report.title.clone(),
        eyebrow: "data check".to_string(),
        lead: report.lead.clone(),
        summary_title: "Summary".to_string(),
        summary: summary(report),
        sections: vec![
            Section::new("must-fix", "Must be fixed", those(true)),
            Section::new("look", "To look at", those(false)),
            Section::new("classes", "Classes", classes.block().into_iter().collect()),
            Section::new("assumed", "What was assumed", list.into_iter().collect()),
        ],
    }
}

fn summary(report: &CheckupReport) -> Vec<Block> {
    let rows = report.findings.iter().map(|finding| {
        let severity = if finding.must_fix {
            "must be fixed"
        } else {
            "look"
        };
        let cells = [finding.count.to_string(), severity.to_string()];
        Row::text(finding.title.as_str(), cells)
    });
    let table = Table::plain("", ["finding", "count", ""], rows).block();
    let facts = Block::Facts(report.facts.clone());
    [facts].into_iter().chain(table).collect()
}

fn finding(finding: &CheckupFinding) -> Vec<Block> {
    let heading = format!("{} ({})", finding.title, finding.count);
    let mut blocks = vec![Block::Heading(3, heading.into())];
    blocks.push(Block::Paragraph(finding.advice.as_str().into()));
    if !finding.detail.is_empty() {
        blocks.push(Block::Paragraph(finding.detail.as_str().into()));
    }
    // Cases of one picture stand side by side; groups have a line of their own.
    let mut single = Vec::new();
    let mut others = Vec::new();
    for example in &finding.examples {
        match &example.pictures[..] {
            [] => others.push(Block::Note(example.what.as_str().into())),
            [picture] => single.push(card(picture, &example.what)),
            pictures => {
                others.push(Block::Note(example.what.as_str().into()));
                others.push(gallery(pictures.iter().map(|it| card(it, "")).collect()));
            }
        }
    }
    if !single.is_empty() {
        blocks.push(gallery(single));
    }
    blocks.extend(others);
    let shown = finding.examples.len();
    if 0 < shown && shown < finding.count {
        let note = match shown {
            1 => "The first one is shown.".to_string(),
            _ => format!("The first {shown} are shown."),
        };
        blocks.push(Block::Note(note.into()));
    }
    blocks
}

fn gallery(cards: Vec<Card>) -> Block {
    Block::Gallery(Gallery {
        large: false,
        cards,
    })
}

fn card(shown: &CheckupPicture, what: &str) -> Card {
    let outline = |bounds: &[f32; 4]| Outline {
        slot: None,
        strong: false,
        bounds: *bounds,
    };
    let picture = shown.image.clone().map(|image| Picture {
        image,
        alt: shown.name.clone(),
        boxes: shown.boxes.iter().map(outline).collect(),
    });
    Card {
        picture: picture.ok_or("–"),
        title: short(&shown.name).into(),
        lines: vec![vec![shown.place.as_str().into()]],
        remark: what.to_string(),
    }
}

/// The end of a name, which distinguishes pictures.
fn short(name: &str) -> String {
    let letters = name.chars().count();
    if letters <= NAME {
        return name.to_string();
    }
    let end: String = name.chars().skip(letters + 1 - NAME).collect();
    format!("…{end}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_shows_pictures_and_escapes_names() {
        let picture = |name: &str, pixels: Vec<u8>| CheckupPicture {
            image: Some(Image {
                width: 2,
                height: 1,
                pixels,
                truth: None,
            }),
            boxes: vec![[0.0, 0.0, 1.0, 1.0]],
            name: name.to_string(),
            place: "train, cat".to_string(),
        };
        let report = CheckupReport {
            title: "photos".to_string(),
            lead: vec!["1 finding must be fixed.".to_string()],
            classes: vec![("<b>cat".to_string(), [3, 0, 1])],
            findings: vec![
                CheckupFinding {
                    title: "copies".to_string(),
                    count: 7,
                    must_fix: true,
                    examples: vec![CheckupExample {
                        pictures: vec![
                            picture("a.png", vec![0, 255]),
                            picture("b.png", vec![1, 2, 3, 4, 5, 6]),
                        ],
                        what: "the same pixels".to_string(),
                    }],
                    ..CheckupFinding::default()
                },
                CheckupFinding {
                    title: "damaged".to_string(),
                    count: 1,
                    examples: vec![CheckupExample {
                        pictures: vec![CheckupPicture::default()],
                        what: "<script>".to_string(),
                    }],
                    ..CheckupFinding::default()
                },
            ],
            ..CheckupReport::default()
        };
        let html = checkup_html(&report);
        assert_eq!(html.matches("data:image/png").count(), 2);
        for text in [
            "Must be fixed",
            "To look at",
            "the same pixels",
            "The first one is shown",
            "&lt;script&gt;",
            "&lt;b&gt;cat",
        ] {
            assert!(html.contains(text), "{text}");
        }
        assert!(!html.contains("What was assumed"), "nothing was");
        assert!(!html.contains("<script"));
    }

    #[test]
    fn long_names_keep_their_end() {
        assert_eq!(short("a/b.png"), "a/b.png");
        assert_eq!(
            short("folder/of/many/letters/0001.png"),
            "…/letters/0001.png"
        );
    }
}
