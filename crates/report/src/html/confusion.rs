//! Confusion matrices: counts, shares of each truth, and the most frequent confusions in words.

use super::{Page, details, paragraph, scroll};
use crate::Contestant;
use crate::format::{Text, fill};
use crate::plot::heat;

/// More classes than this do not fit as a table of numbers.
const LARGEST_TABLE: usize = 30;
/// Up to this many classes the table takes the width of the page and needs no scrolling.
const NARROW_TABLE: usize = 12;
const LISTED_PAIRS: usize = 6;

/// A matrix a contestant, in counts; in shares on demand.
pub fn section(page: &Page<'_>) -> String {
    let words = page.words;
    let matrix = |shares: bool| -> String {
        let contestants = page.contestants().iter().enumerate();
        contestants
            .map(|(slot, c)| (slot, c, confusion(c)))
            .filter(|(_, _, rows)| !rows.is_empty())
            .map(|(slot, c, rows)| {
                let body = if rows.len() <= LARGEST_TABLE {
                    let name = fill(words.confusion_of, &[("name", &Text(c.name).to_string())]);
                    scroll(&name, &table(page, rows, shares))
                } else {
                    heat::svg(
                        rows,
                        page.report.class_names,
                        words.confusion,
                        page.language,
                    )
                    .unwrap_or_default()
                };
                let list = if shares {
                    String::new()
                } else {
                    most_frequent(page, rows)
                };
                format!("<div>{}{body}{list}</div>", page.heading(slot))
            })
            .collect()
    };
    let counts = matrix(false);
    if counts.is_empty() {
        return counts;
    }
    let mut html = paragraph(words.confusion_note);
    html += &format!("<div class=\"pair\">{counts}</div>\n");
    let small = |c: &Contestant<'_>| confusion(c).len() <= LARGEST_TABLE;
    if page.contestants().iter().all(small) {
        html += &details(
            words.in_shares,
            &format!("<div class=\"pair\">{}</div>\n", matrix(true)),
        );
    }
    html
}

/// Empty where images show several objects.
fn confusion<'a>(contestant: &Contestant<'a>) -> &'a [Vec<u64>] {
    let answers = contestant.evaluation.classification.as_ref();
    answers.map_or(&[], |answers| &answers.confusion)
}

fn table(page: &Page<'_>, rows: &[Vec<u64>], shares: bool) -> String {
    let words = page.words;
    let off = rows.iter().enumerate().flat_map(|(truth, row)| {
        let cells = row.iter().enumerate();
        cells
            .filter(move |(answer, _)| *answer != truth)
            .map(|(_, images)| *images)
    });
    let most = off.max().unwrap_or(0).max(1) as f64;
    let names: String = (0..rows.len())
        .map(|class| format!("<th scope=\"col\">{}</th>", page.class(class)))
        .collect();
    let body = rows.iter().enumerate().map(|(truth, row)| {
        let total: u64 = row.iter().sum();
        let share = |images: u64| images as f64 / total as f64;
        let cells = row.iter().enumerate().map(|(answer, &images)| {
            if images == 0 {
                return "<td class=\"zero\">·</td>".to_string();
            }
            let (class, strength) = match truth == answer {
                true => ("hit", share(images)),
                // The square root lets one image be seen beside many.
                false => ("miss", (images as f64 / most).sqrt()),
            };
            let text = match shares {
                true => page.language.decimal(100.0 * share(images), 1),
                // Without separators: four digits have to fit on a phone.
                false => images.to_string(),
            };
            format!("<td class=\"{class}\" style=\"--v:{strength:.2}\">{text}</td>")
        });
        let cells: String = cells.collect();
        let recall = page
            .language
            .decimal(100.0 * share(row.get(truth).copied().unwrap_or(0)), 1);
        let last = if shares {
            page.language.count(total)
        } else {
            recall
        };
        format!(
            "<tr><th scope=\"row\">{}</th>{cells}<td class=\"share\">{last}</td></tr>\n",
            page.class(truth)
        )
    });
    let body: String = body.collect();
    let wide = if rows.len() > NARROW_TABLE {
        " wide"
    } else {
        ""
    };
    let (caption, last) = match shares {
        true => (words.shares_caption, words.images),
        false => (words.counts_caption, words.right_share),
    };
    format!(
        "<table class=\"confusion{wide}\"><caption>{caption}</caption><thead><tr><th scope=\"col\"><span class=\"hidden\">{}</span></th>{names}\
         <th scope=\"col\">{last}</th></tr></thead><tbody>{body}</tbody></table>",
        words.truth
    )
}

/// The largest cells off the diagonal, in words.
fn most_frequent(page: &Page<'_>, rows: &[Vec<u64>]) -> String {
    let mut pairs: Vec<(u64, usize, usize)> = Vec::new();
    for (truth, row) in rows.iter().enumerate() {
        let mistakes = row
            .iter()
            .enumerate()
            .filter(|(answer, images)| *answer != truth && **images > 0);
        pairs.extend(mistakes.map(|(answer, images)| (*images, truth, answer)));
    }
    pairs.sort_by_key(|(images, truth, answer)| (std::cmp::Reverse(*images), *truth, *answer));
    if pairs.is_empty() {
        return paragraph(page.words.no_mistakes);
    }
    let colon = page.language.colon();
    let items = pairs
        .iter()
        .take(LISTED_PAIRS)
        .map(|(images, truth, answer)| {
            let total: u64 = rows[*truth].iter().sum();
            let (truth, answer) = (page.class(*truth), page.class(*answer));
            let share = page.language.percent(*images as f64 / total as f64, 1);
            format!(
                "<li><b>{truth} → {answer}</b>{colon}{} ({share})</li>",
                page.language.count(*images)
            )
        });
    format!(
        "<p class=\"note\">{}</p><ul class=\"pairs\">{}</ul>",
        page.words.most_frequent,
        items.collect::<String>()
    )
}
