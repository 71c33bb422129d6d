//! The whole text of small reports, compared with the files in `tests/golden/report/`, where every change to the report shows.
//!
//! After an intended change, `ATELIER_GOLDENS=write cargo test --release -p atelier-report goldens` rewrites them;
//! `git diff` then shows what readers will see.

use std::path::Path;

use super::*;

/// The report as the goldens store it: without the style sheet, which has its own file, and without pixels, whose
/// compression may change; one element per line, so that differences are short.
fn written_plainly(runs: &[Run], language: Language, format: Format) -> String {
    let mut text = written(runs, language, format);
    if format == Format::Html {
        let style = text.find("<style>").unwrap()..text.find("</style>").unwrap();
        text.replace_range(style, "<style>");
        while let Some(start) = text.find("data:image/png;base64,") {
            let end = start + text[start..].find('"').unwrap();
            text.replace_range(start..end, "data:...");
        }
        text = text.replace("><", ">\n<");
    }
    text
}

#[test]
fn reports_are_as_stored() {
    let kinds = every_kind();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/report");
    let write = std::env::var("ATELIER_GOLDENS").is_ok_and(|what| what == "write");
    for (kind, file) in [
        ("two", "two"),
        ("seeds", "seeds"),
        ("several objects an image", "scenes"),
    ] {
        let (_, runs) = kinds.iter().find(|(name, _)| *name == kind).unwrap();
        for language in [Language::English, Language::French] {
            for format in [Format::Html, Format::Markdown, Format::Csv, Format::Json] {
                // CSV has no words.
                if format == Format::Csv && language == Language::French {
                    continue;
                }
                let path = folder.join(format!("{file}-{language}.{format}"));
                let text = written_plainly(runs, language, format);
                if write {
                    measure::files::write_atomically(&path, &text).unwrap();
                    continue;
                }
                let stored = std::fs::read_to_string(&path);
                let stored = stored.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
                let lines = text.lines().zip(stored.lines()).enumerate();
                let mut different = lines.filter(|(_, (now, then))| now != then);
                if let Some((line, (now, then))) = different.next() {
                    panic!(
                        "{}: line {}:\n  now  {now}\n  then {then}\nIf this is intended: ATELIER_GOLDENS=write",
                        path.display(),
                        line + 1
                    );
                }
                assert_eq!(text.len(), stored.len(), "{}: its length", path.display());
            }
        }
    }
}
