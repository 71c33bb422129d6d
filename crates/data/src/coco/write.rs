//! Writes scenes as a folder that [`read`](super::read) and other tools take: PNG files and a COCO file.

use std::io::Cursor;
use std::path::{Path, PathBuf};

use image::{ExtendedColorType, ImageEncoder};
use rayon::prelude::*;
use serde::Serialize;
use serde_json::json;

use crate::scenes::{Scene, category_id};

/// Scenes composed and encoded at a time.
const CHUNK: usize = 64;

/// Why scenes could not be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The folder holds something already.
    #[error("{}: the folder is not empty; name a new one, nothing is overwritten", .0.display())]
    NotEmpty(PathBuf),
    /// The system refused.
    #[error("{}: {cause}", path.display())]
    Folder {
        /// The folder or file.
        path: PathBuf,
        /// What the system says.
        cause: std::io::Error,
    },
    /// A picture can't be encoded.
    #[error("{}: {cause}", path.display())]
    Encode {
        /// The file.
        path: PathBuf,
        /// What the encoder says.
        cause: image::ImageError,
    },
}

/// Creates `folder`, which must be new or empty.
///
/// # Errors
/// [`WriteError::NotEmpty`], or [`WriteError::Folder`] when the system refuses.
pub fn empty_folder(folder: &Path) -> Result<(), WriteError> {
    let failed = |cause| WriteError::Folder {
        path: folder.to_path_buf(),
        cause,
    };
    std::fs::create_dir_all(folder).map_err(failed)?;
    match std::fs::read_dir(folder).map_err(failed)?.next() {
        None => Ok(()),
        Some(_) => Err(WriteError::NotEmpty(folder.to_path_buf())),
    }
}

/// Writes `folder/NAME/000000.png` and so on and returns the text of their COCO file, which belongs in `folder/NAME.json`:
/// written last, so that pictures without annotations are not taken for a whole data set. `progress` is called with the
/// number of pictures written so far.
///
/// The same scenes give the same bytes. `info` goes into the file as it is; images are numbered from 0 as their files
/// are, annotations and classes from 1.
///
/// # Errors
/// [`WriteError`] with the file at fault.
pub fn write(
    folder: &Path,
    name: &str,
    count: usize,
    scene: impl Fn(usize) -> Scene + Sync,
    (size, classes): (usize, &[String]),
    info: &serde_json::Value,
    progress: &mut dyn FnMut(usize),
) -> Result<String, WriteError> {
    let pictures = folder.join(name);
    std::fs::create_dir_all(&pictures).map_err(|cause| WriteError::Folder {
        path: pictures.clone(),
        cause,
    })?;
    let mut images = Vec::with_capacity(count);
    let mut annotations = Vec::new();
    for first in (0..count).step_by(CHUNK) {
        let scenes: Vec<Scene> = (first..count.min(first + CHUNK))
            .into_par_iter()
            .map(|index| {
                let scene = scene(index);
                picture(&pictures.join(file_name(index)), &scene.pixels, size)?;
                Ok(scene)
            })
            .collect::<Result<_, WriteError>>()?;
        for (index, scene) in (first..).zip(scenes) {
            images.push(json!({
                "id": index, "file_name": file_name(index), "width": size, "height": size
            }));
            for object in scene.objects {
                annotations.push(Annotation {
                    id: annotations.len() + 1,
                    image_id: index,
                    category_id: category_id(object.class),
                    bbox: object.bounds.to_xywh(),
                    area: object.area,
                    iscrowd: u8::from(object.crowd),
                });
            }
        }
        progress(images.len());
    }
    let categories: Vec<_> = classes
        .iter()
        .enumerate()
        .map(|(class, name)| json!({ "id": category_id(class), "name": name }))
        .collect();
    Ok(format!(
        "{{\n\"info\": {info},\n\"categories\": {},\n\"images\": {},\n\"annotations\": {}\n}}\n",
        lines(&categories),
        lines(&images),
        lines(&annotations)
    ))
}

#[derive(Serialize)]
struct Annotation {
    id: usize,
    image_id: usize,
    category_id: i64,
    bbox: [f32; 4],
    area: f64,
    iscrowd: u8,
}

fn file_name(index: usize) -> String {
    format!("{index:06}.png")
}

/// A list with one entry per line.
fn lines(entries: &[impl Serialize]) -> String {
    let entries: Vec<String> = entries
        .iter()
        // Plain numbers and texts: serde_json can write them all.
        .map(|entry| serde_json::to_string(entry).unwrap_or_default())
        .collect();
    format!("[\n{}\n]", entries.join(",\n"))
}

fn picture(path: &Path, pixels: &[u8], size: usize) -> Result<(), WriteError> {
    let mut png = Cursor::new(Vec::new());
    image::codecs::png::PngEncoder::new(&mut png)
        .write_image(pixels, size as u32, size as u32, ExtendedColorType::L8)
        .map_err(|cause| WriteError::Encode {
            path: path.to_path_buf(),
            cause,
        })?;
    std::fs::write(path, png.into_inner()).map_err(|cause| WriteError::Folder {
        path: path.to_path_buf(),
        cause,
    })
}
