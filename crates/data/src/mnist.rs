//! MNIST: 70,000 handwritten digits, built in, or the same four files in a folder.

use std::path::{Path, PathBuf};

use crate::dataset::{Dataset, Samples, Split};
use crate::error::DataError;
use crate::source::idx::parse;

/// The four files: training images and labels, test images and labels; each may end in `.gz`.
pub const FILES: [&str; 4] = [
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
];

const DIGITS: i64 = 10;

/// The MNIST that is part of the program: 60,000 training and 10,000 test images, 28 x 28.
///
/// # Errors
/// None in practice: the files are checked by this crate's tests.
pub fn built_in() -> Result<Split, DataError> {
    macro_rules! file {
        ($name:literal) => {
            (
                PathBuf::from(concat!("built-in ", $name)),
                include_bytes!(concat!("../../../data/mnist/", $name)).as_slice(),
            )
        };
    }
    split([
        file!("train-images-idx3-ubyte.gz"),
        file!("train-labels-idx1-ubyte.gz"),
        file!("t10k-images-idx3-ubyte.gz"),
        file!("t10k-labels-idx1-ubyte.gz"),
    ])
}

/// Reads the four [`FILES`] of `folder`; a plain file is preferred to a gzipped one.
///
/// # Errors
/// A folder or file that is missing or wrong.
pub fn folder(folder: &Path) -> Result<Split, DataError> {
    if !folder.is_dir() {
        let what = if folder.exists() {
            "this is not a folder"
        } else {
            "there is no such folder"
        };
        return Err(DataError::Source {
            path: folder.to_path_buf(),
            what: what.to_string(),
        });
    }
    let mut files = Vec::with_capacity(FILES.len());
    for name in FILES {
        files.push(file(folder, name)?);
    }
    let view = |index: usize| (files[index].0.clone(), files[index].1.as_slice());
    split([view(0), view(1), view(2), view(3)])
}

fn file(folder: &Path, name: &'static str) -> Result<(PathBuf, Vec<u8>), DataError> {
    let candidates = [folder.join(name), folder.join(format!("{name}.gz"))];
    let path = candidates.into_iter().find(|path| path.is_file());
    let path = path.ok_or_else(|| DataError::Missing {
        folder: folder.to_path_buf(),
        name,
    })?;
    match std::fs::read(&path) {
        Ok(bytes) => Ok((path, bytes)),
        Err(error) => Err(DataError::file(&path, format!("cannot read it: {error}"))),
    }
}

type File<'a> = (PathBuf, &'a [u8]);

fn split(
    [train_images, train_labels, test_images, test_labels]: [File<'_>; 4],
) -> Result<Split, DataError> {
    let train_path = train_images.0.clone();
    let test_path = test_images.0.clone();
    let train = dataset(train_images, train_labels)?;
    let test = dataset(test_images, test_labels)?;
    if (train.height, train.width) != (test.height, test.width) {
        return Err(DataError::Sizes {
            train_path,
            train: (train.height, train.width),
            test_path,
            test: (test.height, test.width),
        });
    }
    Ok(Split { train, test })
}

fn dataset(
    (images_path, images): File<'_>,
    (labels_path, labels): File<'_>,
) -> Result<Dataset, DataError> {
    let wrong = |path: &Path| {
        let path = path.to_path_buf();
        move |what| DataError::File { path, what }
    };
    let images = parse(images).and_then(|array| array.pixels(false));
    let (images, _) = images.map_err(wrong(&images_path))?;
    let labels = parse(labels).and_then(|array| array.labels(false));
    let labels = labels.map_err(wrong(&labels_path))?;
    if images.count != labels.len() {
        return Err(DataError::Counts {
            images_path,
            images: images.count,
            labels_path,
            labels: labels.len(),
        });
    }
    if let Some(index) = labels.iter().position(|label| !(0..DIGITS).contains(label)) {
        return Err(DataError::Label {
            path: labels_path,
            index,
            found: labels[index],
            most: DIGITS - 1,
        });
    }
    Ok(Dataset {
        count: images.count,
        channels: images.channels,
        height: images.height,
        width: images.width,
        classes: (0..DIGITS).map(|digit| digit.to_string()).collect(),
        samples: Samples::Labelled {
            images: images.values,
            labels: labels.into_iter().map(|label| label as u32).collect(),
        },
    })
}
