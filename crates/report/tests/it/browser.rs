//! The report in a real browser: both languages, phone and desktop, light and dark. Without Chromium the test says that it
//! looked at nothing; `CHROMIUM` names another program, and `PAGES` a folder that keeps what it saw.

#[allow(dead_code)] // The example shares it.
#[path = "../../examples/report/made_up/mod.rs"]
mod made_up;

mod chromium;
mod search;

use std::io::Write;
use std::path::Path;

use chromium::Chromium;
use report::{Format, Language};
use serde_json::Value;

/// Width of a small phone in CSS pixels.
const PHONE: u32 = 360;
/// Width of a desktop in CSS pixels.
const DESKTOP: u32 = 1280;

/// Boxes that reach beyond the page and do not scroll by themselves.
const OVERFLOW: &str = "(() => {
    const page = document.scrollingElement;
    if (page.scrollWidth <= page.clientWidth) return [];
    const wide = [...document.querySelectorAll('body *')].filter(e =>
        e.getBoundingClientRect().right > page.clientWidth + 0.5 && !e.closest('.scroll, pre, .hidden'));
    return wide.map(e => e.tagName + '.' + e.getAttribute('class') + ' ' + e.textContent.slice(0, 40));
})()";

/// Pairs of texts in plots that cover each other, by a pixel or more.
const OVERLAP: &str = "(() => {
    const found = [];
    for (const plot of document.querySelectorAll('svg.plot')) {
        const texts = [...plot.querySelectorAll('text')].map(t => [t.textContent, t.getBoundingClientRect()]);
        const frame = plot.getBoundingClientRect();
        for (let i = 0; i < texts.length; i++) {
            const [name, a] = texts[i];
            if (a.right > frame.right + 2 || a.left < frame.left - 2)
                found.push(plot.getAttribute('aria-label') + ': ' + name + ' leaves the plot');
            for (const [other, b] of texts.slice(i + 1)) {
                const width = Math.min(a.right, b.right) - Math.max(a.left, b.left);
                const height = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
                if (width > 1 && height > 4)
                    found.push(plot.getAttribute('aria-label') + ': ' + name + ' over ' + other);
            }
        }
    }
    return found;
})()";

/// Text whose contrast with what is behind it is below 4.5 (WCAG 2.2, 1.4.3), outside of pictures. Contrast and relative
/// luminance as WCAG defines them; canvas turns any CSS colour into red, green and blue.
const FAINT: &str = "(() => {
    const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
    const known = new Map();
    const channels = colour => {
        if (!known.has(colour)) known.set(colour, drawn(colour));
        return known.get(colour);
    };
    const drawn = colour => {
        canvas.clearRect(0, 0, 1, 1);
        canvas.fillStyle = colour;
        canvas.fillRect(0, 0, 1, 1);
        return [...canvas.getImageData(0, 0, 1, 1).data];
    };
    const luminance = ([r, g, b]) => {
        const linear = c => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
        return 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
    };
    const behind = element => {
        for (let e = element; e; e = e.parentElement) {
            const colour = channels(getComputedStyle(e).backgroundColor);
            if (colour[3] === 255) return colour;
        }
        return channels(getComputedStyle(document.body).backgroundColor);
    };
    const faint = new Set();
    for (const element of document.querySelectorAll('body *')) {
        const own = [...element.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
        if (!own || element.closest('.hidden, .skip, .pic, style, title')) continue;
        const style = getComputedStyle(element);
        const ink = channels(element.closest('svg') ? style.fill : style.color);
        const [a, b] = [luminance(ink), luminance(behind(element))].sort((x, y) => y - x);
        const contrast = (a + 0.05) / (b + 0.05);
        if (contrast < 4.5)
            faint.add(contrast.toFixed(2) + ' ' + element.tagName + '.' + element.getAttribute('class') + ' ' + element.textContent.slice(0, 20));
    }
    return [...faint].slice(0, 20);
})()";

/// What a screen reader would stumble over.
const NAMELESS: &str = "(() => {
    const found = [];
    const check = (what, selector, named) => {
        for (const element of document.querySelectorAll(selector))
            if (!named(element)) found.push(what + ': ' + element.outerHTML.slice(0, 80));
    };
    const label = e => (e.getAttribute('aria-label') || '').trim();
    check('picture', 'img', e => (e.getAttribute('alt') || '').trim());
    check('plot', 'svg', e => e.getAttribute('aria-hidden') === 'true' || (e.getAttribute('role') === 'img' && label(e)));
    check('region', '[role=region]', label);
    check('table', 'table', e => e.caption && e.caption.textContent.trim());
    check('heading cell', 'th', e => e.hasAttribute('scope'));
    check('heading cell', 'th', e => e.textContent.trim());
    const ids = [...document.querySelectorAll('[id]')].map(e => e.id);
    if (new Set(ids).size !== ids.length) found.push('ids are not unique');
    const levels = [...document.querySelectorAll('h1, h2, h3, h4')].map(e => +e.tagName[1]);
    levels.forEach((level, i) => { if (i && level > levels[i - 1] + 1) found.push('heading level ' + level + ' after ' + levels[i - 1]); });
    if (!document.documentElement.lang) found.push('no language');
    return found;
})()";

/// What a closed block keeps from the reader of a printed page.
const UNPRINTED: &str = "[...document.querySelectorAll('details > :not(summary)')]
    .filter(e => !e.checkVisibility())
    .map(e => e.parentElement.textContent.slice(0, 40))";

/// Cells of the tables of figures by row: the text of the row's name is left out.
const FIGURES: &str = "[...document.querySelectorAll('table.figures tbody tr')]
    .map(row => [...row.querySelectorAll('td')].map(cell => cell.textContent.replace(/\\s+/g, ' ').trim()))
    .filter(cells => cells.length)";

#[test]
fn reports_look_right_in_a_browser() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some(mut chromium) = browser(folder.path()) else {
        return;
    };
    let mut faults = Vec::new();
    for example in made_up::EXAMPLES {
        let runs = made_up::Runs::of(example).expect("runs");
        for language in [Language::English, Language::French] {
            let written = |format: Format| {
                let text = runs.report(language, |report| report.to_text(format));
                text.expect("a report")
            };
            let file = folder.path().join("report.html");
            std::fs::write(&file, written(Format::Html)).expect("a file");
            let document: Value = serde_json::from_str(&written(Format::Json)).expect("JSON");
            let figures = document["figures"].as_array().expect("figures");
            let texts: Vec<Value> = figures.iter().map(|f| plain(&f["texts"])).collect();
            // Colours do not depend on the width.
            for (width, dark) in [(PHONE, false), (DESKTOP, false), (DESKTOP, true)] {
                let scheme = if dark { "dark" } else { "light" };
                let name = format!("{example}-{language}-{width}-{scheme}");
                faults.extend(look(&mut chromium, &file, &name, width, dark));
                let shown = chromium.evaluate(FIGURES);
                assert_eq!(shown, Value::Array(texts.clone()), "{name}");
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn the_page_of_a_search_looks_right_in_a_browser() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some(mut chromium) = browser(folder.path()) else {
        return;
    };
    let mut faults = Vec::new();
    for language in [Language::English, Language::French] {
        let file = folder.path().join("search.html");
        std::fs::write(&file, search::page(language)).expect("a file");
        for (width, dark) in [(PHONE, false), (DESKTOP, false), (DESKTOP, true)] {
            let scheme = if dark { "dark" } else { "light" };
            let name = format!("search-{language}-{width}-{scheme}");
            faults.extend(look(&mut chromium, &file, &name, width, dark));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// A browser, if there is one.
fn browser(folder: &Path) -> Option<Chromium> {
    let Some(program) = Chromium::program() else {
        // Not by a macro: the test harness would keep the line to itself.
        let line =
            "skipped: no Chromium to look at the report with; Debian: apt-get install chromium";
        writeln!(std::io::stderr(), "{line}").expect("standard error");
        return None;
    };
    Some(Chromium::start(&program, folder))
}

#[test]
fn a_report_of_six_trainings_is_small_enough_to_send() {
    let runs = made_up::Runs::of("seeds").expect("runs");
    let html = runs.report(Language::English, |report| report.to_text(Format::Html));
    let bytes = html.expect("a report").len();
    assert!(bytes < 5_000_000, "{bytes} bytes");
}

/// Texts with ordinary spaces.
fn plain(texts: &Value) -> Value {
    let texts = texts.as_array().into_iter().flatten();
    let texts = texts.map(|text| {
        let text = text.as_str().unwrap_or_default();
        let words: Vec<&str> = text.split_whitespace().collect();
        Value::from(words.join(" "))
    });
    Value::Array(texts.collect())
}

/// What is wrong with a page at a width, with everything closed and everything open.
fn look(chromium: &mut Chromium, file: &Path, name: &str, width: u32, dark: bool) -> Vec<String> {
    let mut faults = Vec::new();
    chromium.open(file, width, dark);
    // Closed, only what could be too wide is worth a look: open, everything is there.
    let all = [
        ("wider than the page", OVERFLOW),
        ("texts of plots", OVERLAP),
        ("too faint", FAINT),
        ("no name", NAMELESS),
    ];
    let mut ask = |chromium: &mut Chromium, state: &str, questions: &[(&str, &str)]| {
        for (fault, question) in questions {
            let found = chromium.evaluate(question);
            let found = found.as_array().into_iter().flatten();
            faults.extend(found.map(|what| format!("{name}, {state}: {fault}: {what}")));
        }
    };
    ask(chromium, "closed", &all[..1]);
    chromium.print();
    ask(chromium, "printed", &[("not there", UNPRINTED)]);
    chromium.open(file, width, dark);
    if let Ok(folder) = std::env::var("PAGES") {
        let picture = chromium.picture();
        let path = Path::new(&folder).join(format!("{name}.png.base64"));
        std::fs::write(path, picture).expect("a picture");
    }
    chromium.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)");
    ask(chromium, "open", &all);
    let errors = chromium.errors.drain(..);
    faults.extend(errors.map(|error| format!("{name}: {error}")));
    faults
}
