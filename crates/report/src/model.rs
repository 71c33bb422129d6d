//! What a report says, before it is HTML, Markdown or text: a document of sections made of blocks.
//!
//! The sections build these values once per language; a writer per format turns them into text and escapes them in its
//! own way. Nothing here knows a format.

/// A whole report.
#[derive(Debug, Clone, Default)]
pub struct Document {
    /// The question that it answers.
    pub title: String,
    /// What it is about, above the title; may be empty.
    pub eyebrow: String,
    /// The answer in sentences, the most important first.
    pub lead: Vec<String>,
    /// Title of the summary.
    pub summary_title: String,
    /// The main table and plot.
    pub summary: Vec<Block>,
    /// The rest; sections without blocks are left out.
    pub sections: Vec<Section>,
}

/// A titled part of a report.
#[derive(Debug, Clone)]
pub struct Section {
    pub id: &'static str,
    pub title: String,
    /// What it says; a section that has nothing to say is left out.
    pub blocks: Vec<Block>,
}

/// A piece of a section.
#[derive(Debug, Clone)]
pub enum Block {
    /// A heading inside a section: level 3 or 4.
    Heading(u8, Line),
    Paragraph(Line),
    Note(Line),
    List(Vec<Line>),
    Facts(Vec<(&'static str, String)>),
    /// Code, line by line.
    Code(Code),
    Table(Table),
    /// The key to signs in plots.
    Legend(Vec<(Sign, String)>),
    Figure(Figure),
    Gallery(Gallery),
    /// What opens on demand, under a summary.
    Details(String, Vec<Block>),
    /// Groups of blocks side by side, where there is room.
    Columns(Layout, Vec<Vec<Block>>),
}

/// How columns share the width.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    Equal,
    /// The first is wider.
    FirstWider,
}

/// A line of text.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Line(pub Vec<Span>);

/// A piece of a line.
#[derive(Debug, Clone, PartialEq)]
pub enum Span {
    Text(String),
    Bold(String),
    Small(String),
    /// An explanation: smaller, or in parentheses.
    Aside(String),
    /// Text for screen readers and for formats without pictures.
    Hidden(String),
    /// Whose figure it is: the sign and the name of a contestant.
    Key(usize, String),
    /// The sign alone; formats without pictures and screen readers get the name.
    Sign(Option<usize>, String),
    /// An answer, right or wrong; the last string is what a screen reader says of it.
    Answer(bool, String, &'static str),
}

/// A table. The first column is aligned left, the others right.
#[derive(Debug, Clone, Default)]
pub struct Table {
    pub style: TableStyle,
    /// What it shows; may be empty.
    pub caption: Line,
    /// Headings that span a number of columns, above `head`; may be empty.
    pub groups: Vec<(Line, usize)>,
    /// A heading per column.
    pub head: Vec<Line>,
    pub rows: Vec<Row>,
}

/// How a table is set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TableStyle {
    #[default]
    Plain,
    Wide,
    /// A confusion matrix with coloured cells.
    Confusion,
    /// The same with so many classes that it has to scroll.
    LargeConfusion,
}

/// A row of a table.
#[derive(Debug, Clone)]
pub enum Row {
    /// A heading for the rows below it.
    Heading(String),
    /// A name and a cell for every other column.
    Cells(Line, Vec<Cell>),
}

/// A cell of a table.
#[derive(Debug, Clone, Default)]
pub struct Cell {
    pub text: Line,
    pub mark: Mark,
}

/// What a cell means.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub enum Mark {
    #[default]
    None,
    /// The best of its row.
    Best,
    /// Right answers in a confusion matrix, from 0 to 1.
    Hit(f64),
    /// Mistakes in a confusion matrix, from 0 to 1.
    Miss(f64),
    /// Nothing in a confusion matrix.
    Zero,
    /// The sum or share of a row.
    Total,
}

/// A plot with its caption.
#[derive(Debug, Clone)]
pub struct Figure {
    pub caption: Line,
    /// The key to its signs, where it has one of its own.
    pub legend: Vec<(Sign, String)>,
    /// The plot, drawn as SVG.
    pub svg: String,
    /// The same as a table, for formats without pictures.
    pub table: Option<Table>,
}

/// A sign in plots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// The marker of a contestant.
    Marker(usize),
    /// A solid line.
    Solid,
    /// A dashed line.
    Dashed,
    /// The line of the best so far.
    BestSoFar,
    /// The line of a trial, by its style.
    Trial(&'static str),
}

/// Pictures in a grid.
#[derive(Debug, Clone)]
pub struct Gallery {
    /// Whether the pictures need room.
    pub large: bool,
    pub cards: Vec<Card>,
}

/// A picture with what is said of it.
#[derive(Debug, Clone)]
pub struct Card {
    /// The picture; `Err` says why there is none.
    pub picture: Result<Picture, &'static str>,
    /// What stands first below it.
    pub title: Line,
    /// Lines in up to three parts.
    pub lines: Vec<Vec<Line>>,
    /// A last line; may be empty.
    pub remark: String,
}

/// A picture with boxes drawn over it.
#[derive(Debug, Clone)]
pub struct Picture {
    pub image: crate::Image,
    /// What a screen reader says.
    pub alt: String,
    /// Boxes in its pixels.
    pub boxes: Vec<Outline>,
}

/// A box drawn over a picture.
#[derive(Debug, Clone, Copy)]
pub struct Outline {
    /// Whose colour; `None` for an annotated object.
    pub slot: Option<usize>,
    /// Whether it stands out.
    pub strong: bool,
    /// `[x1, y1, x2, y2]` in pixels.
    pub bounds: [f32; 4],
}

/// Lines of code.
#[derive(Debug, Clone)]
pub struct Code {
    pub language: &'static str,
    pub lines: Vec<CodeLine>,
}

/// A line of code, beside other code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CodeLine {
    /// In the others as well.
    Common(String),
    /// Not in the others, or not like this.
    Changed(String),
    /// Room left so that common lines stand side by side.
    Gap,
}

impl Line {
    pub fn bold(text: impl Into<String>) -> Self {
        Self(vec![Span::Bold(text.into())])
    }

    /// This line and one more piece.
    pub fn and(mut self, span: Span) -> Self {
        self.0.push(span);
        self
    }

    /// Whether it says nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All its text.
    pub fn plain(&self) -> String {
        let spans = self.0.iter().map(|span| match span {
            Span::Aside(text) => format!("({text})"),
            Span::Text(text)
            | Span::Bold(text)
            | Span::Small(text)
            | Span::Hidden(text)
            | Span::Key(_, text)
            | Span::Sign(_, text)
            | Span::Answer(_, text, _) => text.clone(),
        });
        spans.collect::<Vec<_>>().join(" ")
    }
}

impl From<&str> for Line {
    fn from(text: &str) -> Self {
        text.to_string().into()
    }
}

impl From<String> for Line {
    fn from(text: String) -> Self {
        if text.is_empty() {
            Self::default()
        } else {
            Span::Text(text).into()
        }
    }
}

impl From<Span> for Line {
    fn from(span: Span) -> Self {
        Self(vec![span])
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self {
            text: text.into(),
            mark: Mark::None,
        }
    }
}

impl Section {
    /// A section.
    pub fn new(id: &'static str, title: &str, blocks: Vec<Block>) -> Self {
        Self {
            id,
            title: title.to_string(),
            blocks,
        }
    }
}

impl Table {
    /// A plain table of text.
    pub fn plain<H: Into<Line>>(
        caption: impl Into<Line>,
        head: impl IntoIterator<Item = H>,
        rows: impl IntoIterator<Item = Row>,
    ) -> Self {
        Self {
            caption: caption.into(),
            head: head.into_iter().map(Into::into).collect(),
            rows: rows.into_iter().collect(),
            ..Self::default()
        }
    }

    /// The table as a block; nothing without rows.
    pub fn block(self) -> Option<Block> {
        (!self.rows.is_empty()).then_some(Block::Table(self))
    }
}

impl Row {
    /// A row of text.
    pub fn text(name: impl Into<Line>, cells: impl IntoIterator<Item = String>) -> Self {
        Self::Cells(name.into(), cells.into_iter().map(Cell::from).collect())
    }
}

impl Code {
    /// A command for a shell.
    pub fn command(command: &str) -> Self {
        Self {
            language: "sh",
            lines: vec![CodeLine::Common(command.to_string())],
        }
    }
}

impl Figure {
    /// A plot with a bold caption; `None` without a plot.
    pub fn of(svg: Option<String>, caption: &str) -> Option<Self> {
        Some(Self {
            caption: Line::bold(caption),
            legend: Vec::new(),
            svg: svg?,
            table: None,
        })
    }
}

impl Block {
    /// Each block in a column of its own; nothing without blocks.
    pub fn side_by_side(blocks: impl IntoIterator<Item = Block>) -> Option<Self> {
        let columns: Vec<Vec<Self>> = blocks.into_iter().map(|block| vec![block]).collect();
        (!columns.is_empty()).then_some(Self::Columns(Layout::Equal, columns))
    }
}
