//! Prepared pixels in memory, or beyond the budget in a file that later runs find again.
//!
//! The file's name is the digest of all that its pixels depend on: settings, and each picture's path, size and date. It is
//! written under another name and renamed when it is complete, so what is found is never stale and never half a file.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use rayon::prelude::*;
use recipe::InputSize;

use super::Job;
use super::look::header;
use super::open::Facts;
use crate::error::DataError;
use crate::images::Images;
use crate::listing::{Labels, Picture, Pixels, Problem};

/// Changes when the same settings give other pixels, or files have another form.
const VERSION: u64 = 1;

/// Takes prepared pictures in order.
pub(super) struct Cache {
    sink: Sink,
    count: usize,
    length: usize,
    image: recipe::Image,
}

enum Sink {
    Memory(Vec<u8>),
    File {
        /// Pixels; beside it, with the ending `json`, what is known of each picture.
        path: PathBuf,
        unfinished: PathBuf,
        writer: BufWriter<File>,
    },
    Ready(Images, Vec<Result<Facts, Problem>>),
}

impl Cache {
    /// For at most `jobs` images of `length` bytes.
    ///
    /// # Errors
    /// A folder that can't be written.
    pub fn new(
        settings: &recipe::Data,
        jobs: &[Job<'_>],
        image: &recipe::Image,
        length: usize,
    ) -> Result<Self, DataError> {
        let own_size = |job: &Job<'_>| match header(job.entry) {
            Some((_, [height, width])) => length_of(image, [height, width]),
            None => length as u64,
        };
        let has_sides = image.size.and_then(InputSize::sides).is_some();
        let bytes = if has_sides {
            jobs.par_iter().map(own_size).sum()
        } else {
            jobs.len() as u64 * length as u64
        };
        let sink = if bytes <= (settings.cache.memory as u64) << 20 {
            Sink::Memory(Vec::new())
        } else {
            let folder = folder(&settings.cache)?;
            let path = folder.join(format!("{}.u8", digest(jobs, image, settings.max_pixels)));
            match found(&path, jobs.len(), length, image) {
                Some((images, facts)) => Sink::Ready(images, facts),
                None => {
                    let unfinished = path.with_extension(format!("{}.tmp", std::process::id()));
                    std::fs::create_dir_all(&folder).map_err(|cause| failed(&folder, &cause))?;
                    let file =
                        File::create(&unfinished).map_err(|cause| failed(&unfinished, &cause))?;
                    Sink::File {
                        path,
                        unfinished,
                        writer: BufWriter::with_capacity(1 << 20, file),
                    }
                }
            }
        };
        Ok(Self {
            sink,
            count: 0,
            length,
            image: *image,
        })
    }

    /// What an earlier run has prepared.
    pub fn hit(&mut self) -> Option<(Images, Vec<Result<Facts, Problem>>)> {
        match &mut self.sink {
            Sink::Ready(images, facts) => Some((images.clone(), std::mem::take(facts))),
            _ => None,
        }
    }

    /// Adds one image.
    ///
    /// # Errors
    /// A full disk.
    pub fn push(&mut self, pixels: &[u8]) -> Result<(), DataError> {
        self.count += 1;
        match &mut self.sink {
            Sink::Memory(all) => all.extend_from_slice(pixels),
            Sink::File {
                writer, unfinished, ..
            } => {
                let written = writer.write_all(pixels);
                if let Err(cause) = written {
                    let _ = std::fs::remove_file(&*unfinished);
                    return Err(failed(unfinished, &cause));
                }
            }
            Sink::Ready(..) => {}
        }
        Ok(())
    }

    /// All images in order.
    ///
    /// # Errors
    /// A full disk.
    pub fn finish(
        self,
        facts: &[Result<Facts, Problem>],
        [channels, height, width]: [usize; 3],
    ) -> Result<Images, DataError> {
        let images = match self.sink {
            Sink::Memory(values) => Images::new(Pixels {
                values,
                count: self.count,
                channels,
                height,
                width,
            }),
            Sink::Ready(images, _) => return Ok(images),
            Sink::File {
                path,
                unfinished,
                writer,
            } => {
                let finish = || -> std::io::Result<File> {
                    writer.into_inner()?.sync_all()?;
                    std::fs::rename(&unfinished, &path)?;
                    // Last: without it the pixels do not count as complete.
                    let known = path.with_extension("json");
                    let json = serde_json::to_vec(facts)?;
                    std::fs::write(&unfinished, json)?;
                    std::fs::rename(&unfinished, known)?;
                    File::open(&path)
                };
                let file = finish().map_err(|cause| failed(&path, &cause))?;
                Images::in_file(file, self.count, self.length)
            }
        };
        Ok(sized(images, facts, &self.image))
    }
}

/// What an earlier run has left at `path`, if it is complete.
fn found(
    path: &Path,
    jobs: usize,
    length: usize,
    image: &recipe::Image,
) -> Option<(Images, Vec<Result<Facts, Problem>>)> {
    let json = std::fs::read(path.with_extension("json")).ok()?;
    let facts: Vec<Result<Facts, Problem>> = serde_json::from_slice(&json).ok()?;
    let count = facts.iter().filter(|it| it.is_ok()).count();
    let file = File::open(path).ok()?;
    let bytes = file.metadata().ok()?.len();
    let expected = match image.size {
        Some(InputSize::Sides(_)) => sizes(&facts).map(|size| length_of(image, size)).sum(),
        _ => count as u64 * length as u64,
    };
    let whole = facts.len() == jobs && bytes == expected;
    whole.then(|| {
        let images = Images::in_file(file, count, length);
        (sized(images, &facts, image), facts)
    })
}

/// Bytes of an image of `[height, width]`.
fn length_of(image: &recipe::Image, [height, width]: [usize; 2]) -> u64 {
    let channels = image.colour.map_or(1, recipe::Colour::channels);
    channels as u64 * height as u64 * width as u64
}

/// `[height, width]` of the images that were made of pictures.
fn sizes(facts: &[Result<Facts, Problem>]) -> impl Iterator<Item = [usize; 2]> {
    let made = facts.iter().flatten();
    made.map(|facts| {
        [
            facts.mapping.fitted[1] as usize,
            facts.mapping.fitted[0] as usize,
        ]
    })
}

/// The images with their own sizes, where they have them.
fn sized(images: Images, facts: &[Result<Facts, Problem>], image: &recipe::Image) -> Images {
    match image.size {
        Some(InputSize::Sides(_)) => {
            let channels = image.colour.map_or(1, recipe::Colour::channels);
            images.with_sizes(sizes(facts).collect(), channels)
        }
        _ => images,
    }
}

fn folder(settings: &recipe::Cache) -> Result<PathBuf, DataError> {
    if let Some(folder) = &settings.folder {
        return Ok(folder.into());
    }
    let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    let user = variable("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(Path::new(&variable("HOME")?).join(".cache")))
        .or_else(|| variable("LOCALAPPDATA").map(PathBuf::from));
    user.map(|user| user.join("atelier"))
        .ok_or_else(|| DataError::File {
            path: "data.cache.folder".into(),
            what: "there is no cache folder for this user; name a folder, or allow more memory with data.cache.memory".to_string(),
        })
}

fn failed(path: &Path, cause: &std::io::Error) -> DataError {
    DataError::File {
        path: path.to_path_buf(),
        what: format!(
            "prepared pictures can't be stored: {cause}; name another folder with data.cache.folder, \
             or allow more memory with data.cache.memory"
        ),
    }
}

/// Digest of all that the pixels and what is known of them depend on.
fn digest(jobs: &[Job<'_>], image: &recipe::Image, max_pixels: u64) -> String {
    let mut hasher = blake3::Hasher::new();
    let mut add = |bytes: &[u8]| {
        hasher.update(&(bytes.len() as u64).to_le_bytes());
        hasher.update(bytes);
    };
    add(&VERSION.to_le_bytes());
    // Decides which pictures count as damaged.
    add(&max_pixels.to_le_bytes());
    // Mean and standard deviation come later.
    let recipe::Image {
        colour,
        size,
        fit,
        background,
        resize,
        ..
    } = image;
    add(format!("{colour:?} {size:?} {fit:?} {background} {resize:?}").as_bytes());
    for Job { entry, crop } in jobs {
        match &entry.picture {
            Picture::File(path) => {
                let path = std::path::absolute(path).unwrap_or_else(|_| path.clone());
                add(path.as_os_str().as_encoded_bytes());
                if let Ok(found) = path.metadata() {
                    let date = found.modified().ok();
                    let date = date.and_then(|date| date.duration_since(UNIX_EPOCH).ok());
                    add(&found.len().to_le_bytes());
                    add(&date.map_or(0, |date| date.as_nanos()).to_le_bytes());
                }
            }
            Picture::Bytes(bytes) => add(blake3::hash(bytes).as_bytes()),
            Picture::Pixels { all, index } => {
                let length = all.channels * all.height * all.width;
                let pixels = all.values.get(index * length..(index + 1) * length);
                add(blake3::hash(pixels.unwrap_or_default()).as_bytes());
            }
        }
        add(entry.name.as_bytes());
        if let (Some(crop), Labels::Boxes(boxes)) = (crop, &entry.labels) {
            add(format!("{:?} {:?}", entry.stated, boxes[*crop]).as_bytes());
        }
    }
    hasher.finalize().to_hex().to_string()
}
