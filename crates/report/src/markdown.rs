//! A report as Markdown (with the tables of GitHub), for notebooks, issues and messages: everything but pictures and plots.

use std::fmt::Write as _;

use crate::Language;
use crate::format::ABSENT;
use crate::model::{Block, Card, Cell, Code, CodeLine, Document, Line, Mark, Row, Span, Table};

/// The whole report.
pub fn text(document: &Document, language: Language) -> String {
    let mut writer = Writer {
        text: format!("# {}\n\n", escaped(&document.title)),
        language,
    };
    for sentence in [&document.eyebrow].into_iter().chain(&document.lead) {
        writer.paragraph(&escaped(sentence));
    }
    writer.section(&document.summary_title, &document.summary);
    for section in &document.sections {
        writer.section(&section.title, &section.blocks);
    }
    writer.text
}

struct Writer {
    text: String,
    language: Language,
}

impl Writer {
    fn section(&mut self, title: &str, blocks: &[Block]) {
        let before = self.text.len();
        self.paragraph(&format!("## {title}"));
        let start = self.text.len();
        self.blocks(blocks);
        // A section of pictures alone says nothing here.
        if self.text.len() == start {
            self.text.truncate(before);
        }
    }

    fn paragraph(&mut self, text: &str) {
        if !text.is_empty() {
            let _ = write!(self.text, "{text}\n\n");
        }
    }

    fn list(&mut self, items: impl IntoIterator<Item = String>) {
        let items: String = items
            .into_iter()
            .map(|item| format!("- {item}\n"))
            .collect();
        self.paragraph(items.trim_end());
    }

    fn blocks(&mut self, blocks: &[Block]) {
        for block in blocks {
            self.block(block);
        }
    }

    fn block(&mut self, block: &Block) {
        match block {
            Block::Heading(level, text) => {
                self.paragraph(&format!(
                    "{} {}",
                    "#".repeat(usize::from(*level)),
                    line(text)
                ));
            }
            Block::Paragraph(text) | Block::Note(text) => self.paragraph(&line(text)),
            Block::List(lines) => self.list(lines.iter().map(line)),
            Block::Facts(facts) => {
                let colon = self.language.colon();
                let known = facts.iter().filter(|(_, value)| value != ABSENT);
                self.list(known.map(|(name, value)| format!("{name}{colon}{}", escaped(value))));
            }
            Block::Code(code) => self.paragraph(&fenced(code)),
            Block::Table(table) => self.table(table),
            Block::Legend(_) => {}
            Block::Figure(figure) => {
                if let Some(table) = &figure.table {
                    self.table(table);
                }
            }
            Block::Gallery(gallery) => self.list(gallery.cards.iter().map(card)),
            // More pictures of the same kind.
            Block::Details(_, blocks) if matches!(blocks[..], [Block::Gallery(_)]) => {}
            Block::Details(_, blocks) => self.blocks(blocks),
            Block::Columns(_, columns) => columns.iter().for_each(|column| self.blocks(column)),
        }
    }

    fn table(&mut self, table: &Table) {
        if table.rows.is_empty() {
            return;
        }
        self.paragraph(&line(&table.caption));
        // Spanning headings go into each of their columns.
        let groups = table
            .groups
            .iter()
            .flat_map(|(name, columns)| std::iter::repeat_n(line(name), *columns));
        let groups: Vec<String> = groups.collect();
        let head = table
            .head
            .iter()
            .enumerate()
            .map(|(column, name)| match groups.get(column) {
                Some(group) if !group.is_empty() => {
                    format!("{group}{}{}", self.language.colon(), line(name))
                }
                _ => line(name),
            });
        let head: Vec<String> = head.collect();
        let rule = std::iter::once("---").chain(head.iter().skip(1).map(|_| "---:"));
        let rule: Vec<&str> = rule.collect();
        let mut text = format!("| {} |\n| {} |", head.join(" | "), rule.join(" | "));
        for row in &table.rows {
            let cells = match row {
                Row::Heading(name) => {
                    let rest = head.iter().skip(1).map(|_| String::new());
                    std::iter::once(format!("**{}**", escaped(name)))
                        .chain(rest)
                        .collect()
                }
                Row::Cells(name, cells) => {
                    let cells = cells.iter().map(cell);
                    std::iter::once(line(name)).chain(cells).collect::<Vec<_>>()
                }
            };
            let _ = write!(text, "\n| {} |", cells.join(" | "));
        }
        self.paragraph(&text);
    }
}

fn cell(cell: &Cell) -> String {
    match cell.mark {
        Mark::Best => format!("**{}**", line(&cell.text)),
        _ => line(&cell.text),
    }
}

fn line(line: &Line) -> String {
    let spans = line.0.iter().map(|span| match span {
        Span::Text(text)
        | Span::Small(text)
        | Span::Key(_, text)
        | Span::Sign(_, text)
        | Span::Hidden(text) => escaped(text),
        Span::Bold(text) => format!("**{}**", escaped(text)),
        Span::Aside(text) => format!("({})", escaped(text)),
        Span::Answer(right, text, _) => {
            format!("{} {}", if *right { "✓" } else { "✗" }, escaped(text))
        }
    });
    spans.collect::<Vec<_>>().join(" ")
}

/// What is said of a picture.
fn card(card: &Card) -> String {
    let lines = card
        .lines
        .iter()
        .map(|parts| parts.iter().map(line).collect::<Vec<_>>().join(" "));
    let remark = (!card.remark.is_empty()).then(|| escaped(&card.remark));
    let lines: Vec<String> = lines.chain(remark).collect();
    format!("{} – {}", line(&card.title), lines.join("; "))
}

/// A block of code, fenced by more backticks than it holds.
fn fenced(code: &Code) -> String {
    let lines = code.lines.iter().filter_map(|line| match line {
        CodeLine::Common(text) | CodeLine::Changed(text) => Some(text.as_str()),
        CodeLine::Gap => None,
    });
    let text = lines.collect::<Vec<_>>().join("\n");
    let mut fence = "```".to_string();
    while text.contains(&fence) {
        fence.push('`');
    }
    if text.is_empty() {
        text
    } else {
        format!("{fence}{}\n{text}\n{fence}", code.language)
    }
}

/// Text with the characters escaped that mean something in Markdown or in its tables.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '#' => {
                escaped.extend(['\\', character])
            }
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            c if c.is_control() => escaped.push(' '),
            c => escaped.push(c),
        }
    }
    escaped
}
