//! Reads a folder of annotated images and finds everything that is wrong with it before training does.

use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::check::{CocoFile, CocoImage, Problem, objects};
use super::{CocoFolderError, FILES};
use crate::{Annotated, Dataset, Samples, Split};

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
    let text = std::fs::read(&path).map_err(|cause| CocoFolderError::Unreadable {
        path: path.clone(),
        cause,
    })?;
    let mut file: CocoFile =
        serde_json::from_slice(&text).map_err(|cause| CocoFolderError::Form {
            path: path.clone(),
            cause,
        })?;
    drop(text);
    // Classes are numbered by their ids, however the file orders them.
    file.categories.sort_by_key(|category| category.id);
    let images: PathBuf = folder.join(name.trim_end_matches(".json"));
    let mut pictures: Vec<Result<Picture, Problem>> = file
        .images
        .par_iter()
        .map(|image| picture(&[&images, folder], image))
        .collect();
    let expected = pictures.iter().flatten().next().map(Picture::size);
    for (picture, image) in pictures.iter_mut().zip(&file.images) {
        let found = picture.as_ref().ok().map(Picture::size);
        if let (Some(found), Some(expected)) = (found, expected)
            && found != expected
        {
            *picture = Err(Problem::Image {
                file: image.file_name.clone(),
                what: format!(
                    "it is {} x {} pixels, the first image {} x {}; a network takes one size: resize the images",
                    found[1], found[0], expected[1], expected[0]
                ),
            });
        }
    }
    let sizes: Vec<_> = pictures
        .iter()
        .map(|picture| picture.as_ref().ok().map(Picture::size))
        .collect();
    let objects = objects(&file, &sizes);
    let mut problems: Vec<Problem> = Vec::new();
    let mut pixels = Vec::new();
    for picture in pictures {
        match picture {
            Ok(picture) => pixels.extend(picture.pixels),
            Err(problem) => problems.push(problem),
        }
    }
    let (objects, corners) = match objects {
        Ok(objects) => (objects, false),
        Err((more, corners)) => {
            problems.extend(more);
            (Vec::new(), corners)
        }
    };
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
        classes: file
            .categories
            .iter()
            .map(|category| category.name.clone())
            .collect(),
        samples: Samples::Annotated(Annotated {
            images: pixels,
            objects,
            image_ids: file.images.iter().map(|image| image.id).collect(),
            category_ids: file.categories.iter().map(|category| category.id).collect(),
        }),
    })
}

/// A grey image.
struct Picture {
    /// `[height, width]`
    pixels: Vec<u8>,
    height: usize,
    width: usize,
}

impl Picture {
    fn size(&self) -> [usize; 2] {
        [self.height, self.width]
    }
}

/// The image of an entry, from the first of `folders` that has it.
fn picture(folders: &[&Path], image: &CocoImage) -> Result<Picture, Problem> {
    let wrong = |what: String| Problem::Image {
        file: image.file_name.clone(),
        what,
    };
    let candidates = folders.iter().map(|folder| folder.join(&image.file_name));
    let path = candidates
        .clone()
        .find(|path| path.is_file())
        .ok_or_else(|| {
            let looked: Vec<String> = candidates.map(|path| path.display().to_string()).collect();
            wrong(format!(
                "there is no such file, neither {}",
                looked.join(" nor ")
            ))
        })?;
    let bytes = std::fs::read(&path).map_err(|cause| wrong(format!("can't be read: {cause}")))?;
    let grey = image::load_from_memory(&bytes)
        .map_err(|cause| wrong(format!("is no PNG or JPEG image: {cause}")))?
        .into_luma8();
    let (width, height) = (grey.width() as usize, grey.height() as usize);
    let stated = [image.width.unwrap_or(width), image.height.unwrap_or(height)];
    if stated != [width, height] {
        return Err(wrong(format!(
            "it is {width} x {height} pixels, but width and height are stated as {} x {}",
            stated[0], stated[1]
        )));
    }
    Ok(Picture {
        pixels: grey.into_raw(),
        height,
        width,
    })
}
