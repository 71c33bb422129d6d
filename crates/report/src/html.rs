//! A report as one HTML page: no script, no network, light and dark, screen, print and reader. Escaping is maud's.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::Language;
use crate::format::printable;
use crate::model::{
    Block, Card, Cell, Code, CodeLine, Document, Figure, Gallery, Layout, Line, Mark, Outline,
    Picture, Row, Section, Sign, Span, Table, TableStyle,
};
use crate::plot::{SLOTS, swatch};
use crate::png;
use crate::words::Words;

const STYLE: &str = include_str!("style.css");

/// The whole page.
pub fn page(document: &Document, language: Language) -> String {
    let words = Words::of(language);
    let title = printable(&document.title);
    let sections: Vec<&Section> = document
        .sections
        .iter()
        .filter(|s| !s.blocks.is_empty())
        .collect();
    let page = html! {
        (DOCTYPE)
        html lang=(language.tag()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="generator" content="atelier";
                title { (title) " · atelier" }
                link rel="icon" href="data:,";
                style { (PreEscaped(STYLE)) }
            }
            body {
                a.skip href="#main" { (words.skip) }
                div.page {
                    header {
                        @if !document.eyebrow.is_empty() { p.eyebrow { (printable(&document.eyebrow)) } }
                        h1 { (title) }
                        @for (place, text) in document.lead.iter().enumerate() {
                            p class=[(place == 0).then_some("lead")] { (printable(text)) }
                        }
                    }
                    nav aria-label=(words.contents) {
                        ul { @for section in &sections { li { a href={ "#" (section.id) } { (section.title) } } } }
                    }
                    main id="main" {
                        @if !document.summary.is_empty() {
                            section aria-label=(document.summary_title) { (blocks(&document.summary)) }
                        }
                        @for section in &sections {
                            section id=(section.id) aria-labelledby={ (section.id) "-title" } {
                                h2 id={ (section.id) "-title" } { (section.title) }
                                (blocks(&section.blocks))
                            }
                        }
                    }
                    footer { (words.footer) }
                }
            }
        }
    };
    page.into_string() + "\n"
}

fn blocks(blocks: &[Block]) -> Markup {
    html! { @for one in blocks { (block(one)) } }
}

fn block(block: &Block) -> Markup {
    match block {
        Block::Heading(4, text) => html! { h4.kind { (line(text)) } },
        Block::Heading(_, text) => html! { h3.kind { (line(text)) } },
        Block::Paragraph(text) => html! { p { (line(text)) } },
        Block::Note(text) => html! { p.note { (line(text)) } },
        Block::List(lines) => html! { ul.pairs { @for text in lines { li { (line(text)) } } } },
        Block::Facts(facts) => html! {
            dl { @for (name, value) in facts { dt { (name) } dd { (printable(value)) } } }
        },
        Block::Code(code) => self::code(code),
        Block::Table(table) => self::table(table),
        Block::Legend(entries) => legend(entries),
        Block::Figure(figure) => self::figure(figure),
        Block::Gallery(gallery) => self::gallery(gallery),
        Block::Details(summary, inner) => {
            html! { details { summary { (printable(summary)) } (blocks(inner)) } }
        }
        Block::Columns(layout, columns) => html! {
            div class=(match layout { Layout::Equal => "pair", Layout::FirstWider => "first" }) {
                @for column in columns {
                    @match &column[..] {
                        [Block::Figure(figure)] => (self::figure(figure)),
                        column => div { (blocks(column)) },
                    }
                }
            }
        },
    }
}

fn line(line: &Line) -> Markup {
    html! {
        @for (place, span) in line.0.iter().enumerate() {
            @if place > 0 { " " }
            (self::span(span))
        }
    }
}

fn span(span: &Span) -> Markup {
    match span {
        Span::Text(text) => html! { (printable(text)) },
        Span::Bold(text) => html! { b { (printable(text)) } },
        Span::Small(text) | Span::Aside(text) => html! { small { (printable(text)) } },
        Span::Hidden(text) => html! { span.hidden { (printable(text)) } },
        Span::Key(slot, name) => html! { (swatch(*slot)) " " (printable(name)) },
        Span::Sign(slot, name) => html! {
            @if let Some(slot) = slot { (swatch(*slot)) }
            span.hidden { (printable(name)) " " }
        },
        Span::Answer(right, text, spoken) => html! {
            span class=(if *right { "yes" } else { "no" }) {
                (if *right { "✓" } else { "✗" }) span.hidden { " " (spoken) } " " (printable(text))
            }
        },
    }
}

/// Blocks that are too wide scroll sideways on their own, with the keyboard too.
fn table(table: &Table) -> Markup {
    let class = match table.style {
        TableStyle::Plain => "plain",
        TableStyle::Wide => "figures",
        TableStyle::Confusion => "confusion",
        TableStyle::LargeConfusion => "confusion wide",
    };
    html! {
        div.scroll role="region" tabindex="0" aria-label=(printable(&table.caption.plain())) {
            table class=(class) {
                caption { (line(&table.caption)) }
                thead {
                    @if !table.groups.is_empty() {
                        tr {
                            @for (name, columns) in &table.groups {
                                @if name.is_empty() { td colspan=(columns) {} }
                                @else { th scope="colgroup" colspan=(columns) { (line(name)) } }
                            }
                        }
                    }
                    tr { @for name in &table.head { th scope="col" { (line(name)) } } }
                }
                @for rows in bodies(&table.rows) { tbody { @for row in rows { (self::row(row, table.head.len())) } } }
            }
        }
    }
}

/// The rows, from heading to heading.
fn bodies(rows: &[Row]) -> Vec<&[Row]> {
    let heading = |row: &Row| matches!(row, Row::Heading(_));
    let mut starts: Vec<usize> = (1..rows.len())
        .filter(|place| heading(&rows[*place]))
        .collect();
    starts.insert(0, 0);
    let ends = starts[1..].iter().copied().chain([rows.len()]);
    starts
        .iter()
        .zip(ends)
        .map(|(start, end)| &rows[*start..end])
        .collect()
}

fn row(row: &Row, columns: usize) -> Markup {
    match row {
        Row::Heading(name) => {
            html! { tr { th colspan=(columns) scope="rowgroup" { (printable(name)) } } }
        }
        Row::Cells(name, cells) => html! {
            tr { th scope="row" { (line(name)) } @for cell in cells { (self::cell(cell)) } }
        },
    }
}

fn cell(cell: &Cell) -> Markup {
    let (class, strength) = match cell.mark {
        Mark::None => return html! { td { (line(&cell.text)) } },
        Mark::Best => ("best", None),
        Mark::Hit(strength) => ("hit", Some(strength)),
        Mark::Miss(strength) => ("miss", Some(strength)),
        Mark::Zero => ("zero", None),
        Mark::Total => ("share", None),
    };
    let style = strength.map(|strength| format!("--v:{strength:.2}"));
    html! { td class=(class) style=[style] { (line(&cell.text)) } }
}

fn legend(entries: &[(Sign, String)]) -> Markup {
    html! {
        ul.legend { @for (sign, name) in entries { li { (self::sign(*sign)) " " (printable(name)) } } }
    }
}

fn sign(sign: Sign) -> Markup {
    match sign {
        Sign::Marker(slot) => swatch(slot),
        Sign::Solid => html! { i {} },
        Sign::Dashed => html! { i.dashed {} },
        Sign::BestSoFar => html! { i.best-so-far {} },
        Sign::Trial(class) => html! {
            svg.stroke viewBox="0 0 28 8" aria-hidden="true" { path class={ "trial " (class) } d="M0 4H28" {} }
        },
    }
}

fn figure(figure: &Figure) -> Markup {
    html! {
        figure {
            figcaption { (line(&figure.caption)) @if !figure.legend.is_empty() { (legend(&figure.legend)) } }
            (PreEscaped(&figure.svg))
        }
    }
}

fn gallery(gallery: &Gallery) -> Markup {
    html! {
        ul class=(if gallery.large { "cards large" } else { "cards" }) {
            @for card in &gallery.cards { (self::card(card)) }
        }
    }
}

fn card(card: &Card) -> Markup {
    html! {
        li.card {
            (picture(&card.picture))
            (line(&card.title))
            ul {
                @for parts in &card.lines {
                    li {
                        @match &parts[..] {
                            [only] => (line(only)),
                            parts => @for part in parts { span { (line(part)) } },
                        }
                    }
                }
            }
            @if !card.remark.is_empty() { small { (printable(&card.remark)) } }
        }
    }
}

fn picture(picture: &Result<Picture, &'static str>) -> Markup {
    let known = picture.as_ref().map_err(|reason| *reason);
    let drawn = known.and_then(|picture| {
        let image = &picture.image;
        let uri = png::data_uri(image.width, image.height, &image.pixels).ok_or("–")?;
        Ok((picture, uri))
    });
    let (picture, uri) = match drawn {
        Ok(drawn) => drawn,
        Err(reason) => return html! { div.pic { (reason) } },
    };
    let (width, height) = (picture.image.width, picture.image.height);
    // High images would leave their frame: shrunk to its height.
    let share = 100.0 * width as f64 / height as f64;
    let [x1, y1, x2, y2] = picture
        .image
        .frame
        .unwrap_or([0.0, 0.0, width as f32, height as f32]);
    let style = (share < 100.0).then(|| format!("width:{share:.1}%"));
    html! {
        div.pic {
            div style=[style] {
                img src=(uri) width=(width) height=(height) alt=(printable(&picture.alt));
                @if !picture.boxes.is_empty() {
                    svg viewBox={ (x1) " " (y1) " " (x2 - x1) " " (y2 - y1) } preserveAspectRatio="none" aria-hidden="true" {
                        @for outline in &picture.boxes { (self::outline(outline)) }
                    }
                }
            }
        }
    }
}

/// Nothing for a box that is not finite.
fn outline(outline: &Outline) -> Markup {
    let [x1, y1, x2, y2] = outline.bounds;
    let colour = outline
        .slot
        .map_or("truth".to_string(), |slot| format!("s{}", slot % SLOTS));
    let path = format!("M{x1:.2} {y1:.2}H{x2:.2}V{y2:.2}H{x1:.2}z");
    html! {
        @if outline.bounds.iter().all(|edge| edge.is_finite()) {
            path class={ (colour) @if outline.strong { " wrong" } } d=(path) {}
        }
    }
}

fn code(code: &Code) -> Markup {
    let command = code.language == "sh";
    html! {
        pre class=[command.then_some("command")] tabindex="0" {
            @for line in &code.lines {
                @match line {
                    CodeLine::Common(text) if command => (printable(text)),
                    CodeLine::Common(text) => span { (printable(text)) },
                    CodeLine::Changed(text) => span.changed { (printable(text)) },
                    CodeLine::Gap => span.gap {},
                }
            }
        }
    }
}
