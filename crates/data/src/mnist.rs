//! MNIST: 70,000 handwritten digits, built in.

use std::sync::Arc;

use recipe::{Colour, Fit, InputSize};

use crate::dataset::{Dataset, Samples, Split};
use crate::error::DataError;
use crate::images::Images;
use crate::listing::{Class, Entry, Labels, Listing, Picture, Pixels};
use crate::prepare::measure;
use crate::source::array::Array;
use crate::source::idx::parse;

const DIGITS: usize = 10;
const SIDE: usize = 28;

/// Pictures with their labels.
struct Part {
    pixels: Arc<Pixels>,
    labels: Vec<u32>,
}

/// Whether the settings take the pictures as they are: they have the form that `fit = "digit"` makes, and any other fit
/// leaves pictures of the right size alone.
pub(crate) fn is_ready(image: &recipe::Image) -> bool {
    image
        .size
        .is_none_or(|size| size == InputSize::Fixed([SIDE; 2]))
        && image.colour != Some(Colour::Rgb)
}

/// The 60,000 training and 10,000 test images as they are, 28 x 28.
///
/// # Errors
/// None in practice: the files are checked by this crate's tests.
pub fn built_in(image: &recipe::Image) -> Result<Split, DataError> {
    let [train, test] = parts()?;
    let mut preparation = recipe::Image {
        colour: Some(Colour::Grey),
        size: Some(InputSize::Fixed([SIDE; 2])),
        fit: image.fit.or(Some(Fit::Digit)),
        ..*image
    };
    let dataset = |part: Part| Dataset {
        count: part.labels.len(),
        channels: 1,
        height: SIDE,
        width: SIDE,
        classes: (0..DIGITS).map(|digit| digit.to_string()).collect(),
        preparation,
        samples: Samples::Labelled {
            images: Images::new(part.pixels),
            labels: part.labels,
            ink: true,
        },
    };
    let (mut train, mut test) = (dataset(train), dataset(test));
    measure(&mut preparation, &train);
    train.preparation = preparation;
    test.preparation = preparation;
    Ok(Split::new(train, test))
}

/// The same pictures, to be prepared.
pub(crate) fn listing() -> Result<Listing, DataError> {
    let [train, test] = parts()?;
    let entries = |part: Part, name: &str| {
        let entry = |(index, label): (usize, &u32)| Entry {
            name: format!("{name} image {index}"),
            id: None,
            picture: Picture::Pixels {
                all: part.pixels.clone(),
                index,
            },
            stated: None,
            labels: Labels::Class(*label as usize),
        };
        part.labels.iter().enumerate().map(entry).collect()
    };
    Ok(Listing {
        classes: (0..DIGITS)
            .map(|digit| Class::named(digit.to_string()))
            .collect(),
        train: entries(train, "training"),
        test: Some(entries(test, "test")),
        ..Listing::default()
    })
}

fn parts() -> Result<[Part; 2], DataError> {
    macro_rules! file {
        ($name:literal) => {
            parse(include_bytes!(concat!("../mnist/", $name)))
        };
    }
    let part = |images: Result<Array, String>, labels: Result<Array, String>| {
        let (pixels, _) = images.and_then(|array| array.pixels(false))?;
        let labels = labels.and_then(|array| array.labels(false))?;
        let labels = labels.into_iter().map(|label| label as u32).collect();
        Ok(Part {
            pixels: Arc::new(pixels),
            labels,
        })
    };
    let whole = |part: Result<Part, String>| {
        part.map_err(|what| DataError::File {
            path: "built-in MNIST".into(),
            what,
        })
    };
    Ok([
        whole(part(
            file!("train-images-idx3-ubyte.gz"),
            file!("train-labels-idx1-ubyte.gz"),
        ))?,
        whole(part(
            file!("t10k-images-idx3-ubyte.gz"),
            file!("t10k-labels-idx1-ubyte.gz"),
        ))?,
    ])
}
