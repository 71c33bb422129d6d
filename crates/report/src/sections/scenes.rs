//! Images of several objects with what a detector missed, confused, misplaced or made up.

use super::View;
use super::gallery::{noted, picture};
use crate::format::fill;
use crate::model::{Block, Card, Gallery, Line, Outline, Span};
use crate::scenes::{Kind, LEAST_SCORE, Scene, Wrong, category, scenes};
use crate::words::phrases;
use measure::detection::Xywh;

/// Pictures shown of a kind of mistake.
const SHOWN: usize = 5;
/// Lines below a picture.
const LISTED: usize = 4;

/// The mistakes of each contestant by kind; nothing where images show one object each.
pub fn blocks(view: &View<'_>) -> Vec<Block> {
    let mut blocks = Vec::new();
    for (slot, contestant) in view.slots() {
        let Some(scenes) = scenes(view.report, contestant) else {
            continue;
        };
        blocks.extend(view.heading(slot));
        for kind in Kind::ALL {
            blocks.extend(of_kind(view, slot, &scenes, kind));
        }
    }
    let score = view.language.decimal(LEAST_SCORE, 2);
    noted(fill(view.words.scenes_note, &[("score", &score)]), blocks)
}

fn of_kind(view: &View<'_>, slot: usize, scenes: &[Scene<'_>], kind: Kind) -> Vec<Block> {
    let mut worst: Vec<&Scene<'_>> = scenes.iter().filter(|s| s.of(kind).0 > 0).collect();
    if worst.is_empty() {
        return Vec::new();
    }
    let number: usize = worst.iter().map(|scene| scene.of(kind).0).sum();
    // Many missed objects, or a confident mistake, first.
    worst.sort_by(|a, b| {
        let ((ours, sure), (theirs, surer)) = (a.of(kind), b.of(kind));
        match kind {
            Kind::Missed => theirs.cmp(&ours),
            _ => surer.total_cmp(&sure),
        }
    });
    let level = if view.several() { 4 } else { 3 };
    let name = phrases::box_mistake(view.language, kind);
    let title = format!("{name} ({})", view.language.count(number as u64));
    let cards = worst
        .iter()
        .take(SHOWN)
        .map(|scene| card(view, slot, scene, kind));
    let gallery = Gallery {
        large: true,
        cards: cards.collect(),
    };
    vec![Block::Heading(level, title.into()), Block::Gallery(gallery)]
}

fn card(view: &View<'_>, slot: usize, scene: &Scene<'_>, kind: Kind) -> Card {
    let words = view.words;
    let outline = |slot, strong, bounds: Xywh| Outline {
        slot,
        strong,
        bounds: corners(bounds),
    };
    let objects = scene
        .objects
        .iter()
        .map(|object| outline(None, false, object.bounds));
    let right = scene
        .right
        .iter()
        .map(|found| outline(Some(slot), false, found.bounds));
    let wrong = scene.wrong.iter().filter_map(|wrong| {
        let strong = wrong.kind == kind;
        match (wrong.detection, wrong.object) {
            (Some(found), _) => Some(outline(Some(slot), strong, found.bounds)),
            (None, object) => Some(outline(None, strong, object?.bounds)),
        }
    });
    let boxes = objects.chain(right).chain(wrong).collect();
    let wrong: Vec<&Wrong<'_>> = scene.wrong.iter().filter(|w| w.kind == kind).collect();
    let count = |number: usize| view.language.count(number as u64);
    let (number, objects) = (count(scene.index), count(scene.objects.len()));
    let values = [
        ("number", &*number),
        ("objects", &*objects),
        ("wrong", &*count(wrong.len())),
        ("kind", phrases::box_mistake(view.language, kind)),
    ];
    let alt = fill(words.scene_alt, &values);
    let objects = fill(words.objects_in_it, &[("objects", &objects)]);
    let title = Span::Small(format!("{} {number} · {objects}", words.number));
    Card {
        picture: picture(view, scene.index, alt, boxes),
        title: title.into(),
        lines: lines(view, &wrong, kind),
        remark: String::new(),
    }
}

fn lines(view: &View<'_>, wrong: &[&Wrong<'_>], kind: Kind) -> Vec<Vec<Line>> {
    if kind == Kind::Missed {
        // There is nothing to say of a missed object but its class.
        let classes = wrong.iter().filter_map(|wrong| wrong.object);
        let classes = classes.map(|object| category(view.report, object.category));
        return vec![vec![Line::bold(classes.collect::<Vec<_>>().join(", "))]];
    }
    let shown = wrong.iter().take(LISTED).map(|wrong| line(view, wrong));
    let more = (wrong.len() > LISTED).then(|| vec![Line::from("…")]);
    shown.chain(more).collect()
}

/// A mistake in a line: `3 → 8`, its score, and how much the boxes overlap.
fn line(view: &View<'_>, wrong: &Wrong<'_>) -> Vec<Line> {
    let class = |id: i64| category(view.report, id);
    let object = wrong.object.map(|object| class(object.category));
    let found = wrong.detection.map(|found| class(found.category));
    let what = match (object, found) {
        (Some(object), Some(found))
            if !matches!(wrong.kind, Kind::Localisation | Kind::Duplicate) =>
        {
            format!("{object} → {found}")
        }
        (object, found) => found.or(object).unwrap_or_default(),
    };
    let score = wrong
        .detection
        .map(|d| view.language.percent(d.score.clamp(0.0, 1.0), 0));
    let overlap = wrong
        .iou()
        .map(|iou| format!("IoU {}", view.language.decimal(iou, 2)));
    let rest: Vec<String> = score.into_iter().chain(overlap).collect();
    vec![Line::bold(what), rest.join(" · ").into()]
}

fn corners(bounds: Xywh) -> [f32; 4] {
    let Xywh {
        x,
        y,
        width,
        height,
    } = bounds;
    [x, y, x + width, y + height].map(|edge| edge as f32)
}
