//! Reads a folder of annotated images and finds everything that is wrong with it before training begins.

use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};

use image::GrayImage;
use rayon::prelude::*;

use super::check::{self, Problem, objects};
use super::file::{CocoCategory, CocoFile, CocoImage, read_annotations};
use super::{CocoFolderError, FILES};
use crate::dataset::{Annotated, Dataset, Samples, Split};
use crate::memory;

/// Reads `folder/train.json` and `folder/test.json` with their images.
///
/// # Errors
/// [`CocoFolderError`], with every wrong entry of a file.
pub fn read(folder: &Path) -> Result<Split, CocoFolderError> {
    let (train, test) = (part(folder, FILES[0])?, part(folder, FILES[1])?);
    if train.classes != test.classes {
        return Err(CocoFolderError::Categories {
            train: train.classes,
            test: test.classes,
        });
    }
    let size = |data: &Dataset| [data.height, data.width];
    if size(&train) != size(&test) {
        return Err(CocoFolderError::Sizes {
            train: size(&train),
            test: size(&test),
        });
    }
    Ok(Split { train, test })
}

/// One file of annotations and its images.
fn part(folder: &Path, name: &str) -> Result<Dataset, CocoFolderError> {
    let path = folder.join(name);
    match std::fs::metadata(&path) {
        Ok(found) if !found.is_file() => return Err(CocoFolderError::NotRegular(path)),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(CocoFolderError::Missing(path));
        }
        _ => {}
    }
    let mut file = read_annotations(&path)?;
    // Classes are numbered by their ids, however the file orders them.
    file.categories.sort_by_key(|category| category.id);
    let part = name.trim_end_matches(".json");
    if let Some(problem) = too_large(folder, part, &file) {
        return Err(CocoFolderError::Annotations {
            path,
            problems: vec![problem],
            corners: false,
        });
    }
    let pictures: Vec<Result<GrayImage, Problem>> = (0..file.images.len())
        .into_par_iter()
        .map(|index| picture(folder, part, &file, index))
        .collect();
    let sizes: Vec<_> = pictures
        .iter()
        .map(|picture| Some(size(picture.as_ref().ok()?)))
        .collect();
    let expected = sizes.iter().flatten().next().copied();
    let (objects, mut problems, corners) = objects(&file, &sizes);
    let mut pixels = Vec::new();
    for (index, picture) in pictures.into_iter().enumerate() {
        match picture {
            Err(problem) => problems.push(problem),
            Ok(picture) if Some(size(&picture)) == expected => pixels.extend(picture.into_raw()),
            Ok(picture) => {
                let [height, width] = expected.unwrap_or_default();
                problems.push(Problem::Image {
                    file: check::name(&file, index),
                    what: format!(
                        "it is {} x {} pixels, the first image {width} x {height}; a network takes one size: resize the images",
                        picture.width(), picture.height()
                    ),
                });
            }
        }
    }
    if file.images.is_empty() {
        problems.push(Problem::Image {
            file: "images".to_string(),
            what: "the list is empty".to_string(),
        });
    }
    if !problems.is_empty() {
        return Err(CocoFolderError::Annotations {
            path,
            problems,
            corners,
        });
    }
    let [height, width] = expected.unwrap_or_default();
    Ok(Dataset {
        count: file.images.len(),
        channels: 1,
        height,
        width,
        classes: file.categories.iter().map(CocoCategory::name).collect(),
        samples: Samples::Annotated(Annotated {
            images: pixels,
            objects,
            image_ids: file.images.iter().map(|image| image.id).collect(),
            category_ids: file.categories.iter().map(|category| category.id).collect(),
        }),
    })
}

/// `[height, width]`
fn size(picture: &GrayImage) -> [usize; 2] {
    [picture.height() as usize, picture.width() as usize]
}

/// Images that would not fit into memory, judged by the size of the first.
fn too_large(folder: &Path, part: &str, file: &CocoFile) -> Option<Problem> {
    let first = file.images.first()?.file_name.as_ref()?;
    let path = locate(folder, part, first)
        .ok()
        .filter(|path| path.is_file())?;
    // A picture that can't be read is reported later.
    let (width, height) = image::image_dimensions(path).ok()?;
    let pixels = u64::from(width) * u64::from(height);
    let error = memory::check(pixels.checked_mul(file.images.len() as u64)?).err()?;
    Some(Problem::Image {
        file: "images".to_string(),
        what: format!(
            "{} of {width} x {height} pixels: {error}",
            file.images.len()
        ),
    })
}

/// The file of an image: `folder/PART/FILE_NAME`, or else `folder/FILE_NAME`; or why there is none.
fn locate(folder: &Path, part: &str, file_name: &str) -> Result<PathBuf, String> {
    let candidates: Vec<PathBuf> = [part, ""]
        .into_iter()
        .filter_map(|part| inside(&Path::new(part).join(file_name)))
        .map(|path| folder.join(path))
        .collect();
    if candidates.is_empty() {
        return Err("file_name leads out of the folder; images must lie inside it".to_string());
    }
    if let Some(path) = candidates.iter().find(|path| path.exists()) {
        return Ok(path.clone());
    }
    let looked: Vec<String> = candidates
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    Err(format!(
        "there is no such file, neither {}",
        looked.join(" nor ")
    ))
}

/// The image of an entry, grey.
fn picture(folder: &Path, part: &str, file: &CocoFile, index: usize) -> Result<GrayImage, Problem> {
    let wrong = |what: String| Problem::Image {
        file: check::name(file, index),
        what,
    };
    let CocoImage {
        file_name,
        width,
        height,
        ..
    } = &file.images[index];
    let Some(file_name) = file_name else {
        return Err(wrong("it has no file_name".to_string()));
    };
    let path = locate(folder, part, file_name).map_err(&wrong)?;
    let grey = crate::image::read(&path)
        .map_err(|error| wrong(error.to_string()))?
        .into_luma8();
    let actual = [grey.width(), grey.height()].map(f64::from);
    let stated = [width.unwrap_or(actual[0]), height.unwrap_or(actual[1])];
    if stated != actual {
        return Err(wrong(format!(
            "it is {} x {} pixels, but width and height are stated as {} x {}",
            actual[0], actual[1], stated[0], stated[1]
        )));
    }
    Ok(grey)
}

/// A relative path without `..`; `None` where it leads out of the folder it starts in.
fn inside(path: &Path) -> Option<PathBuf> {
    let mut inside = PathBuf::new();
    for part in path.components() {
        match part {
            Component::Normal(name) => inside.push(name),
            Component::CurDir => {}
            Component::ParentDir => {
                if !inside.pop() {
                    return None;
                }
            }
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(inside)
}
