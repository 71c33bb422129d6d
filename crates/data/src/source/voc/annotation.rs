//! One XML file: the picture's name and size, and the objects with their boxes.

use roxmltree::{Document, Node, ParsingOptions};

use crate::listing::Fault;

/// What a file says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Annotation {
    /// As written.
    pub file_name: Option<String>,
    /// `[height, width]`
    pub size: Option<[usize; 2]>,
    /// Objects with a name and four numbers.
    pub objects: Vec<Object>,
    /// What is wrong with the others.
    pub problems: Vec<(Fault, String)>,
}

/// An object.
#[derive(Clone, Debug, PartialEq)]
pub struct Object {
    /// Its class.
    pub name: String,
    /// `[xmin, ymin, xmax, ymax]` as written.
    pub corners: [f64; 4],
    /// Whether evaluation ignores it.
    pub difficult: bool,
    /// `object 3`, counted from 1.
    pub place: String,
}

const MOST_NAMESPACES: usize = 50;
const MOST_ATTRIBUTES: usize = 1000;

/// Reads a file; `None` for XML of another kind.
///
/// # Errors
/// What is wrong with the file as a whole.
pub fn parse(bytes: &[u8]) -> Result<Option<Annotation>, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "not text in UTF-8".to_string())?;
    // The parser's work grows with the square of their number or worse; annotations have hardly any.
    for (sign, name, most) in [
        ("xmlns", "namespaces", MOST_NAMESPACES),
        ("=", "attributes", MOST_ATTRIBUTES),
    ] {
        if text.matches(sign).nth(most).is_some() {
            return Err(format!("more than {most} {name}, which no annotation has"));
        }
    }
    let options = ParsingOptions {
        // DTDs can make a small file huge; annotations have none.
        allow_dtd: false,
        ..ParsingOptions::default()
    };
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let document = Document::parse_with_options(text, options)
        .map_err(|error| format!("not valid XML: {error}"))?;
    let root = document.root_element();
    if root.tag_name().name() != "annotation" {
        return Ok(None);
    }
    let mut annotation = Annotation {
        file_name: text_of(root, "filename"),
        size: size(root),
        ..Annotation::default()
    };
    for (index, node) in root
        .children()
        .filter(|node| node.has_tag_name("object"))
        .enumerate()
    {
        let place = format!("object {}", index + 1);
        match object(node, &place) {
            Ok(object) => annotation.objects.push(object),
            Err((fault, what)) => annotation
                .problems
                .push((fault, format!("{place}: {what}"))),
        }
    }
    Ok(Some(annotation))
}

/// The trimmed text of a child, unless it is empty.
fn text_of(node: Node, name: &str) -> Option<String> {
    let child = node.children().find(|child| child.has_tag_name(name))?;
    let text = child.text()?.trim();
    (!text.is_empty()).then(|| text.to_string())
}

/// Some tools leave the size out or write 0.
fn size(root: Node) -> Option<[usize; 2]> {
    const MOST: f64 = 1e9;
    let size = root.children().find(|child| child.has_tag_name("size"))?;
    let side = |name| {
        let number: f64 = text_of(size, name)?.parse().ok()?;
        (number.fract() == 0.0 && (1.0..=MOST).contains(&number)).then_some(number as usize)
    };
    Some([side("height")?, side("width")?])
}

/// Parts of an object (`<part>`) have names and boxes of their own, which are not looked at.
fn object(node: Node, place: &str) -> Result<Object, (Fault, String)> {
    let name =
        text_of(node, "name").ok_or_else(|| (Fault::BadLabel, "it has no <name>".to_string()))?;
    let has = |name: &str| node.children().any(|child| child.has_tag_name(name));
    let Some(found) = node.children().find(|child| child.has_tag_name("bndbox")) else {
        let what = if has("robndbox") {
            "it has a rotated box (<robndbox>) instead of <bndbox>; export upright boxes"
        } else if has("polygon") {
            "it has a polygon instead of <bndbox>; export boxes"
        } else {
            "it has no <bndbox>"
        };
        return Err((Fault::BadBox, what.to_string()));
    };
    let mut corners = [0.0; 4];
    for (corner, name) in corners.iter_mut().zip(["xmin", "ymin", "xmax", "ymax"]) {
        let text = text_of(found, name)
            .ok_or_else(|| (Fault::BadBox, format!("its box has no <{name}>")))?;
        let number = text.parse().ok().filter(|number: &f64| number.is_finite());
        *corner = number.ok_or_else(|| {
            (
                Fault::BadBox,
                format!("<{name}> is `{text}`, which is not a number"),
            )
        })?;
    }
    let difficult = text_of(node, "difficult")
        .is_some_and(|text| matches!(text.to_lowercase().as_str(), "1" | "true" | "yes"));
    Ok(Object {
        name,
        corners,
        difficult,
        place: place.to_string(),
    })
}
