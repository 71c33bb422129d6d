//! Markdown, CSV and JSON hold the same figures as the page.

use serde_json::Value;

use super::*;

#[path = "../../tests/support/json_schema.rs"]
mod json_schema;

fn faults(document: &Value) -> Vec<String> {
    json_schema::faults(document, "report.schema.json")
}

fn document(runs: &[Run], language: Language) -> Value {
    serde_json::from_str(&written(runs, language, Format::Json)).unwrap()
}

#[test]
fn json_matches_its_schema() {
    for (name, runs) in every_kind() {
        for language in [Language::English, Language::French] {
            let document = document(&runs, language);
            assert_eq!(faults(&document), Vec::<String>::new(), "{name}");
            assert_eq!(document["schema"], SCHEMA, "{name}");
        }
    }
}

#[test]
fn the_schema_rejects_damaged_documents() {
    let good = document(&every_kind()[3].1, Language::English);
    type Damage = fn(&mut Value);
    let cases: [(&str, Damage, &str); 5] = [
        ("version", |d| d["schema"] = "2".into(), "$.schema"),
        (
            "missing",
            |d| _ = d.as_object_mut().unwrap().remove("figures"),
            "$: no \"figures\"",
        ),
        (
            "type",
            |d| d["contestants"][1]["evaluation"]["images"] = "5".into(),
            "$.contestants[1].evaluation.images",
        ),
        ("unknown", |d| d["extra"] = 1.into(), "$: 'extra'"),
        (
            "choice",
            |d| d["verdict"]["significant"] = 1.into(),
            "$.verdict: not one",
        ),
    ];
    for (name, damage, start) in cases {
        let mut bad = good.clone();
        damage(&mut bad);
        let faults = faults(&bad);
        assert!(
            faults.len() == 1 && faults[0].starts_with(start),
            "{name}: {faults:?}"
        );
    }
}

#[test]
fn every_format_shows_the_same_figures() {
    for language in [Language::English, Language::French] {
        let runs = &every_kind()[3].1;
        let html = written(runs, language, Format::Html);
        let markdown = written(runs, language, Format::Markdown);
        let csv = written(runs, language, Format::Csv);
        let document = document(runs, language);
        for figure in document["figures"].as_array().unwrap() {
            let key = figure["key"].as_str().unwrap();
            let texts = figure["texts"].as_array().unwrap();
            let best = figure["best"].as_u64().map(|slot| slot as usize);
            for (slot, text) in texts.iter().enumerate() {
                let text = text.as_str().unwrap();
                let (cell, bold) = if best == Some(slot) {
                    (
                        format!("<td class=\"best\">{text}</td>"),
                        format!("**{text}**"),
                    )
                } else {
                    (format!("<td>{text}</td>"), format!("| {text} |"))
                };
                assert!(html.contains(&cell), "{key}: no {cell}");
                assert!(markdown.contains(&bold), "{key}: no {bold}");
                if let Some(value) = figure["values"][slot].as_f64() {
                    let group = figure["group"].as_str().unwrap();
                    let line = format!("{group},{},,{key},{value}\n", runs[slot].name);
                    assert!(csv.contains(&line), "no {line}");
                }
            }
        }
        for sentence in ["verdict", "difference", "cost"] {
            let sentence = document["sentences"][sentence].as_str().unwrap();
            let page = maud::html! { (sentence) }.into_string();
            assert!(html.contains(&page), "no {page}");
            let text = sentence.replace('<', "&lt;");
            assert!(markdown.contains(&text), "no {text}");
        }
    }
}

#[test]
fn csv_does_not_depend_on_the_language() {
    for (name, runs) in every_kind() {
        let csv = written(&runs, Language::English, Format::Csv);
        assert_eq!(csv, written(&runs, Language::French, Format::Csv), "{name}");
        assert!(csv.starts_with("section,contestant,item,figure,value\n"));
        for line in csv.lines() {
            assert_eq!(line.matches(',').count(), 4, "{name}: {line}");
        }
        for undefined in ["NaN", "inf"] {
            assert!(!csv.contains(undefined), "{name}: {undefined}");
        }
    }
}

#[test]
fn markdown_tables_are_complete_and_names_escaped() {
    let mut kinds = every_kind();
    let answers = [(0, 0), (1, 0), (1, 1)];
    kinds.push((
        "names",
        vec![
            run("a|b*", &["x|y", "<i>"], &answers),
            run("`c_d`", &["x|y", "<i>"], &answers),
        ],
    ));
    for (name, runs) in &kinds {
        for language in [Language::English, Language::French] {
            let text = written(runs, language, Format::Markdown);
            assert!(text.starts_with("# "), "{name}");
            let mut columns = None;
            for line in text.lines() {
                let cells = line.replace("\\|", "").matches('|').count();
                if line.starts_with('|') {
                    assert_eq!(*columns.get_or_insert(cells), cells, "{name}: {line}");
                } else {
                    columns = None;
                }
            }
            for undefined in ["NaN", "<i>", "{a}", "a|b"] {
                assert!(!text.contains(undefined), "{name}: {undefined}");
            }
        }
    }
}

#[test]
fn csv_fields_are_never_formulas() {
    let classes = ["=1+2", "-0.5", "@sum(A1)", "+x,y"];
    let csv = written(
        &[run("=one", &classes, &[(0, 1), (2, 2), (3, 3)])],
        Language::English,
        Format::Csv,
    );
    for field in [
        "class,'=one,'=1+2,",
        "class,'=one,-0.5,",
        "class,'=one,'@sum(A1),",
        "class,'=one,\"'+x,y\",",
    ] {
        assert!(csv.contains(field), "no {field} in {csv}");
    }
}
