//! Images of several objects with what a detector missed, confused, misplaced or made up.

use super::picture::{cards, outline, picture};
use super::{Page, paragraph};
use crate::format::{Text, fill};
use crate::plot::SLOTS;
use crate::scenes::{Kind, LEAST_SCORE, Scene, Wrong, category, scenes};
use measure::detection::Xywh;

/// Cards shown of a kind of mistake.
const SHOWN: usize = 5;
/// Lines below a picture.
const LISTED: usize = 4;

/// For each contestant its mistakes by kind; nothing where images show one object each.
pub fn section(page: &Page<'_>) -> String {
    let words = page.words;
    let mut html = String::new();
    for (slot, contestant) in page.contestants().iter().enumerate() {
        let Some(scenes) = scenes(page.report, contestant) else {
            continue;
        };
        html += &page.heading(slot);
        for kind in Kind::ALL {
            let number: usize = scenes.iter().map(|scene| scene.of(kind).0).sum();
            if number == 0 {
                continue;
            }
            let mut worst: Vec<&Scene<'_>> = scenes.iter().filter(|s| s.of(kind).0 > 0).collect();
            // Many missed objects, or a sure mistake, first.
            worst.sort_by(|a, b| {
                let ((ours, sure), (theirs, surer)) = (a.of(kind), b.of(kind));
                match kind {
                    Kind::Missed => theirs.cmp(&ours),
                    _ => surer.total_cmp(&sure),
                }
            });
            let level = if page.contestants().len() > 1 { 4 } else { 3 };
            html += &format!(
                "<h{level} class=\"kind\">{} ({})</h{level}>\n",
                (words.box_mistake)(kind),
                page.language.count(number as u64)
            );
            let shown = worst.iter().take(SHOWN);
            html += &cards(shown.map(|scene| card(page, slot, scene, kind)))
                .replace("class=\"cards\"", "class=\"cards large\"");
        }
    }
    if html.is_empty() {
        return html;
    }
    let score = page.language.decimal(LEAST_SCORE, 2);
    paragraph(&fill(words.scenes_note, &[("score", &score)])) + &html
}

fn card(page: &Page<'_>, slot: usize, scene: &Scene<'_>, kind: Kind) -> String {
    let words = page.words;
    let class = format!("s{}", slot % SLOTS);
    let mut boxes = String::new();
    for object in &scene.objects {
        boxes += &outline("truth", corners(object.bounds));
    }
    for detection in &scene.right {
        boxes += &outline(&class, corners(detection.bounds));
    }
    for wrong in &scene.wrong {
        let ours = if wrong.kind == kind { " wrong" } else { "" };
        let bounds = match (wrong.detection, wrong.object) {
            (Some(detection), _) => outline(&format!("{class}{ours}"), corners(detection.bounds)),
            (None, Some(object)) => outline(&format!("truth{ours}"), corners(object.bounds)),
            (None, None) => String::new(),
        };
        boxes += &bounds;
    }
    let number = page.language.count(scene.index as u64);
    let objects = page.language.count(scene.objects.len() as u64);
    let wrong: Vec<&Wrong<'_>> = scene.wrong.iter().filter(|w| w.kind == kind).collect();
    let told = page.language.count(wrong.len() as u64);
    let values = [
        ("number", &*number),
        ("objects", &*objects),
        ("wrong", &*told),
        ("kind", (words.box_mistake)(kind)),
    ];
    let alt = fill(words.scene_alt, &values);
    let lines = match kind {
        // Objects have nothing to tell but their class.
        Kind::Missed => {
            let classes = wrong.iter().filter_map(|wrong| wrong.object);
            let classes = classes.map(|object| category(page.report, object.category));
            let classes: Vec<String> = classes.map(|class| Text(&class).to_string()).collect();
            format!("<li><b>{}</b></li>", classes.join(", "))
        }
        _ => {
            let lines = wrong.iter().take(LISTED);
            let lines: String = lines
                .map(|wrong| format!("<li>{}</li>", line(page, wrong)))
                .collect();
            match wrong.len() > LISTED {
                true => lines + "<li>…</li>",
                false => lines,
            }
        }
    };
    format!(
        "<li class=\"card\">{}<span class=\"id\">{} {number} · {}</span><ul>{}</ul></li>\n",
        picture(page, scene.index, &Text(&alt).to_string(), &boxes),
        words.number,
        fill(words.objects_in_it, &[("objects", &objects)]),
        lines
    )
}

/// A mistake in a line: `3 → 8`, how sure, and how much the boxes overlap.
fn line(page: &Page<'_>, wrong: &Wrong<'_>) -> String {
    let class = |id: i64| Text(&category(page.report, id)).to_string();
    let percent = |share: f64| page.language.percent(share, 0);
    let object = wrong.object.map(|object| class(object.category));
    let what = match (object, wrong.detection) {
        (Some(object), Some(detection))
            if !matches!(wrong.kind, Kind::Localisation | Kind::Duplicate) =>
        {
            format!("<b>{object} → {}</b>", class(detection.category))
        }
        (_, Some(detection)) => format!("<b>{}</b>", class(detection.category)),
        (Some(object), None) => format!("<b>{object}</b>"),
        (None, None) => String::new(),
    };
    let sure = wrong.detection.map(|d| percent(d.score.clamp(0.0, 1.0)));
    let overlap = wrong.iou();
    let overlap = overlap.map(|iou| format!("IoU {}", page.language.decimal(iou, 2)));
    let rest: Vec<String> = sure.into_iter().chain(overlap).collect();
    format!("<span>{what}</span><span>{}</span>", rest.join(" · "))
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
