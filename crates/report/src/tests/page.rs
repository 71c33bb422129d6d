//! The HTML page.

use super::*;

fn page(runs: &[Run]) -> String {
    written(runs, Language::English, Format::Html)
}

/// What must hold for every report: tags are closed in order, nothing comes from elsewhere, and no
/// number is undefined.
fn assert_sound(name: &str, html: &str) {
    for forbidden in ["NaN", "inf%", ">inf", "http", "<script", "{a}", "undefined"] {
        // The namespace of inline SVG is not needed, so not even that names a server.
        assert!(
            !html.contains(forbidden),
            "{name}: '{forbidden}' in the page"
        );
    }
    const VOID: [&str; 4] = ["meta", "link", "img", "br"];
    let mut open: Vec<&str> = Vec::new();
    for tag in html.split('<').skip(1).filter(|tag| !tag.starts_with('!')) {
        let end = tag
            .find('>')
            .unwrap_or_else(|| panic!("{name}: '<{tag}' is not closed"));
        let tag = &tag[..end];
        if let Some(closed) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(closed), "{name}: in {open:?}");
        } else if !tag.ends_with('/') {
            let element = tag.split_whitespace().next().unwrap_or_default();
            if !VOID.contains(&element) {
                open.push(element);
            }
        }
    }
    assert!(open.is_empty(), "{name}: {open:?} left open");
    for target in html.split("href=\"#").skip(1) {
        let id = &target[..target.find('"').unwrap()];
        assert!(
            html.contains(&format!("id=\"{id}\"")),
            "{name}: nowhere to go for #{id}"
        );
    }
}

#[test]
fn every_page_is_well_formed_and_self_contained() {
    for (name, runs) in every_kind() {
        for language in [Language::English, Language::French] {
            assert_sound(name, &written(&runs, language, Format::Html));
        }
    }
}

#[test]
fn times_to_accuracy_count_the_seeds_that_reached_it() {
    let kinds = every_kind();
    let (_, runs) = kinds.iter().find(|(name, _)| *name == "seeds").unwrap();
    for (language, time) in [
        (Language::English, "1 min 15 s (1 of 2)"),
        (Language::French, "1 min 15 s (1 sur 2)"),
    ] {
        for format in [Format::Html, Format::Markdown] {
            let text = plain(&written(runs, language, format));
            assert!(text.contains(time), "{format}: no {time}");
        }
        let json: serde_json::Value =
            serde_json::from_str(&written(runs, language, Format::Json)).unwrap();
        let times = &json["times_to_accuracy"];
        assert_eq!(times.as_array().map(Vec::len), Some(2), "{times}");
        assert_eq!(times[1]["seconds"], serde_json::json!([75.0, 75.0]));
        assert_eq!(times[1]["reached"], serde_json::json!([2, 1]));
    }
}

#[test]
fn tooltips_name_the_run_and_its_figures() {
    let kinds = every_kind();
    let (_, runs) = kinds.iter().find(|(name, _)| *name == "seeds").unwrap();
    for (language, tips) in [
        (
            Language::English,
            [
                "one-seed-0, batch size 64: 3,000",
                "confidence 90.0 %, accuracy 60.0 % (5 images)",
                "87 % – 93 %: 5 images",
            ],
        ),
        (
            Language::French,
            [
                "one-seed-0, images traitées à la fois 64 : 3 000",
                "confiance 90,0 %, exactitude 60,0 % (5 images)",
                "87 % – 93 % : 5 images",
            ],
        ),
    ] {
        let html = plain(&written(runs, language, Format::Html));
        for tip in tips {
            assert!(
                html.contains(&format!("<title>{tip}</title>")),
                "no '{tip}'"
            );
        }
    }
}

#[test]
fn names_are_escaped() {
    let html = page(&[
        run("<b>&\"one", &["<i>&\"", "b"], &[(0, 0), (1, 0)]),
        run("</title>", &["<i>&\"", "b"], &[(0, 1), (1, 1)]),
    ]);
    assert_sound("escapes", &html);
    for (what, escaped) in [
        ("model", "&lt;b&gt;&amp;&quot;one"),
        ("title", "<title>&lt;b&gt;&amp;&quot;one or &lt;/title&gt;?"),
        ("class", "<th scope=\"row\">&lt;i&gt;&amp;&quot;</th>"),
        ("command", "atelier compare &lt;a&gt; &amp; &quot;b&quot;"),
    ] {
        assert!(html.contains(escaped), "{what}: no {escaped}");
    }
    assert!(!html.contains("<b>&\""), "a name became a tag");
    assert!(!html.contains("<i>&\""), "a class became a tag");
}

#[test]
fn only_the_better_figure_is_marked() {
    let two = [
        run("one", &["a", "b"], &[(0, 0), (1, 1), (1, 0), (0, 0)]),
        run("two", &["a", "b"], &[(0, 0), (1, 1), (1, 0), (0, 1)]),
    ];
    let html = page(&two);
    assert!(html.contains("<td class=\"best\">75.00\u{202f}%</td><td>50.00\u{202f}%</td>"));
    // Both trained for the same time.
    assert!(html.contains("<td>1\u{202f}min 15\u{202f}s</td><td>1\u{202f}min 15\u{202f}s</td>"));
    let mut close = two;
    let answers = close[1].evaluation.classification.as_mut().unwrap();
    answers.accuracy = 0.749_999;
    let same = "<td>75.00\u{202f}%</td><td>75.00\u{202f}%</td>";
    assert!(page(&close).contains(same), "rounding hides the difference");
}

#[test]
fn mistakes_are_grouped_by_the_model_that_made_them() {
    let html = page(&[
        run(
            "one",
            &["a", "b"],
            &[(0, 0), (1, 0), (0, 1), (1, 1), (0, 0)],
        ),
        run(
            "two",
            &["a", "b"],
            &[(0, 1), (1, 0), (0, 0), (1, 0), (0, 0)],
        ),
    ]);
    for group in [
        "Only one is wrong (1)",
        "Only two is wrong (2)",
        "Both are wrong (1)",
    ] {
        assert!(html.contains(group), "no '{group}'");
    }
    assert!(html.contains("no picture"), "image 3 has none");
    let only_one = html
        .split("Only one is wrong")
        .nth(1)
        .unwrap()
        .split("<h3>")
        .next()
        .unwrap();
    assert!(
        only_one.contains("Image 2 of the test set, truth a"),
        "{only_one}"
    );
}
