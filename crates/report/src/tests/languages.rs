//! Every word of a report is in its language.

use std::collections::BTreeSet;

use super::*;

/// Words of the data, and those that are written the same in both languages.
const SHARED: &str = "alpha beta gamma delta one two a b cnn atelier compare mnist p f1 iou ece roc auc n \
    test wilson mcnemar holm cohen matthews brier bootstrap utc min s log nats pair images image date \
    validation detections classes confusion kappa score precision mib augmentation axes calibration \
    bolya chuang coco jiang northcutt tide student t ms machine machines cent exact matrices on orange page point script second strict dropout points cpu";

/// The words that a reader sees or hears: text, titles of pictures, labels.
fn words(html: &str) -> BTreeSet<String> {
    let style = html.find("<style>").unwrap_or(0)..html.find("</style>").unwrap_or(0);
    let mut html = html.to_string();
    html.replace_range(style, "");
    let mut text = String::new();
    for attribute in ["alt=\"", "aria-label=\""] {
        for part in html.split(attribute).skip(1) {
            text += part.split('"').next().unwrap_or("");
            text.push(' ');
        }
    }
    for block in ["pre"] {
        while let Some(start) = html.find(&format!("<{block}")) {
            let end = html[start..].find(&format!("</{block}>")).unwrap() + start;
            html.replace_range(start..end, "");
        }
    }
    for part in html.split('<') {
        text += part.split_once('>').map_or("", |(_, after)| after);
        text.push(' ');
    }
    let text = text.replace("&lt;", " ");
    let words = text.split(|c: char| !c.is_alphanumeric());
    let words = words.filter(|w| w.chars().any(char::is_alphabetic));
    words.map(str::to_lowercase).collect()
}

fn runs() -> Vec<Vec<Run>> {
    let kinds = every_kind().into_iter().map(|(_, runs)| runs);
    let mut all: Vec<Vec<Run>> = kinds.collect();
    let answers = [(0, 0), (1, 1), (1, 0), (0, 1), (1, 1)];
    let sure: Vec<(usize, usize)> = (0..40).map(|i| (i % 2, i % 2)).collect();
    let unsure: Vec<(usize, usize)> = (0..40).map(|i| (i % 2, usize::from(i < 30))).collect();
    let classes = ["alpha", "beta"];
    all.push(vec![
        run("gamma", &classes, &sure),
        run("delta", &classes, &unsure),
    ]);
    let mut validated = run("gamma", &classes, &answers);
    for epoch in &mut validated.history {
        epoch.validation_loss = Some(0.25);
        epoch.validation_accuracy = Some(0.96);
        for part in ["objectness", "rpn_box", "class", "roi_box"] {
            epoch.losses.insert(part.into(), 0.1);
        }
    }
    all.push(vec![validated]);
    all
}

#[test]
fn no_english_word_is_left_in_french() {
    let shared: BTreeSet<&str> = SHARED.split_whitespace().collect();
    let mut left = BTreeSet::new();
    for runs in runs() {
        let names: BTreeSet<String> = runs
            .iter()
            .flat_map(|run| {
                run.predictions
                    .classes
                    .iter()
                    .cloned()
                    .chain([run.name.into()])
                    .chain(run.environment.command.iter().cloned())
            })
            .flat_map(|name| words(&format!("<b>{name}</b>")))
            .collect();
        let english = words(&written(&runs, Language::English, Format::Html));
        let french = words(&written(&runs, Language::French, Format::Html));
        assert!(english.len() > 20 && french.len() > 20);
        let both = english.intersection(&french);
        left.extend(
            both.filter(|w| !shared.contains(w.as_str()) && !names.contains(*w))
                .cloned(),
        );
    }
    assert!(left.is_empty(), "in both languages: {left:?}");
}

#[test]
fn french_typography_is_respected() {
    for runs in runs() {
        let html = written(&runs, Language::French, Format::Html);
        assert!(html.contains("<html lang=\"fr\">"));
        // Recipes and commands are data.
        let body = html.split("<section id=\"recipes\"").next().unwrap();
        let body = &body[body.find("</style>").unwrap()..];
        for (wrong, what) in [
            (" :", "a space that breaks before a colon"),
            (" ;", "a space that breaks before a semicolon"),
            (" ?", "a space that breaks before a question mark"),
            (" %", "a space that breaks before a percent sign"),
            ("« ", "a space that breaks after a guillemet"),
            ("'", "a straight apostrophe"),
        ] {
            let text = body.replace("' ", "").replace(" :root", "");
            let at = text.find(wrong);
            let around = at.map(|at| text[..at].chars().rev().take(40).collect::<String>());
            let around = around.map(|text| text.chars().rev().collect::<String>());
            assert!(
                around.is_none(),
                "{what} after '{}'",
                around.unwrap_or_default()
            );
        }
    }
    let two = &runs()[3];
    let html = written(two, Language::French, Format::Html);
    assert!(html.contains("60,00\u{202f}%"), "no decimal comma");
    assert!(html.contains("31 juillet 2026"), "no French date");
}

#[test]
fn verdicts_in_french() {
    let answers = |right: usize| -> Vec<(usize, usize)> {
        (0..40).map(|i| (0, usize::from(i >= right))).collect()
    };
    let sentence = |rights: &[usize]| {
        let names = ["un", "deux", "trois"];
        let runs = rights.iter().zip(names);
        let runs: Vec<Run> = runs
            .map(|(right, name)| run(name, &["a", "b"], &answers(*right)))
            .collect();
        let json: serde_json::Value =
            serde_json::from_str(&written(&runs, Language::French, Format::Json)).unwrap();
        let sentence = json["sentences"]["verdict"].as_str().unwrap();
        plain(sentence)
    };
    for (rights, expected) in [
        (
            &[40, 20][..],
            "un est plus exact que deux, de 50,00 points de pourcentage : sur 40 images, un est seul à \
             donner la bonne réponse à 20 d’entre elles, et deux à 0 (test exact de McNemar, p < 0,0001).",
        ),
        (
            &[39, 40],
            "Les données ne permettent pas de trancher : deux devance un, mais sur 40 images, deux est \
             seul à donner la bonne réponse à 1 d’entre elles, et un à 0, ce que le hasard seul pourrait \
             expliquer (test exact de McNemar, p = 1,00).",
        ),
        (
            &[30, 30],
            "un et deux donnent la bonne réponse aux mêmes images, sur 40.",
        ),
        (
            &[40, 20, 10],
            "un est plus exact que deux, de 50,00 points de pourcentage : sur 40 images, un est seul à \
             donner la bonne réponse à 20 d’entre elles, et deux à 0 (test exact de McNemar, correction \
             de Holm, p < 0,0001).",
        ),
    ] {
        assert_eq!(sentence(rights), expected);
    }
}
