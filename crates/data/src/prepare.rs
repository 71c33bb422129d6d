//! From a listing to a data set: every picture is decoded once, checked, and brought to the network's size.
//!
//! Everything that is wrong is found before training begins, and a training step only has to read bytes.

mod boxes;
mod cache;
mod look;
mod open;
mod test_split;
#[cfg(test)]
mod tests;

use std::ops::Range;
use std::sync::Arc;

use image::DynamicImage;
use rayon::prelude::*;
use recipe::{Boxes, Colour, Fit, InputSize, OnError, PerChannel};

use self::boxes::Checked;
pub(crate) use self::boxes::{PlacedBox, placed_boxes};
use self::cache::Cache;
pub(crate) use self::look::{header, measure};
use self::open::Facts;
pub(crate) use self::open::{open, open_seen};
use self::test_split::test_entries;
use crate::dataset::{Annotated, Dataset, Samples, Split};
use crate::error::DataError;
use crate::image::{Decoded, Fitter, Mapping};
use crate::images::Images;
use crate::listing::{Class, Entry, Fault, Labels, Listing, Picture, Problem};
use crate::truth::Object;

/// Most pictures that are decoded before their pixels are stored.
const CHUNK: usize = 256;
/// Bytes of their pixels, if that is less.
const CHUNK_BYTES: usize = 256 << 20;

/// Reports how many pictures are prepared, and how many there are.
pub type Progress<'a> = &'a (dyn Fn(usize, usize) + Sync);

/// The data set of a listing.
///
/// # Errors
/// [`DataError::Entries`] with everything that is wrong, unless the settings say to skip it; a source without pictures.
pub fn prepare(
    mut listing: Listing,
    settings: &recipe::Data,
    progress: Progress<'_>,
) -> Result<Split, DataError> {
    if listing.train.is_empty() && listing.test.as_ref().is_none_or(Vec::is_empty) {
        return Err(DataError::File {
            path: settings.source.clone().into(),
            what: match listing.problems.len() {
                0 => "there are no pictures with labels in it".to_string(),
                _ => format!(
                    "no usable picture is left of it:{}",
                    crate::error::listed(&listing.problems)
                ),
            },
        });
    }
    let test = test_entries(&mut listing);
    let mut image = settings.image;
    look::fill_in(&mut image, &listing.train, &mut listing.notes);
    let mut work = Work {
        settings,
        image,
        progress,
        done: 0,
        total: listing.train.len() + listing.validation.as_ref().map_or(0, Vec::len) + test.len(),
        problems: std::mem::take(&mut listing.problems),
        classes: &listing.classes,
    };
    let mut train = work.part(&listing.train)?;
    let mut validation = match &listing.validation {
        Some(entries) => Some(work.part(entries)?),
        None => None,
    };
    let mut test = work.part(&test)?;
    let Work { problems, .. } = work;
    if !problems.is_empty() && settings.on_error == OnError::Stop {
        return Err(DataError::Entries {
            source_name: settings.source.clone(),
            problems,
        });
    }
    measure(&mut image, &train);
    for data in [&mut train, &mut test].into_iter().chain(&mut validation) {
        data.preparation = image;
    }
    Ok(Split {
        train,
        validation,
        test,
        notes: listing.notes,
        problems,
    })
}

/// A picture, or a part of it, that becomes one image.
struct Job<'a> {
    entry: &'a Entry,
    /// The box to cut out, by its number.
    crop: Option<usize>,
}

/// Prepares one part of a listing after the other.
struct Work<'a> {
    settings: &'a recipe::Data,
    image: recipe::Image,
    progress: Progress<'a>,
    done: usize,
    total: usize,
    problems: Vec<Problem>,
    classes: &'a [Class],
}

impl Work<'_> {
    fn part(&mut self, entries: &[Entry]) -> Result<Dataset, DataError> {
        let mut jobs = Vec::with_capacity(entries.len());
        for entry in entries {
            match &entry.labels {
                Labels::Boxes(boxes) if self.settings.crops => {
                    let wanted = boxes.iter().enumerate().filter(|(_, it)| !it.crowd);
                    jobs.extend(wanted.map(|(crop, _)| Job {
                        entry,
                        crop: Some(crop),
                    }));
                }
                _ => jobs.push(Job { entry, crop: None }),
            }
        }
        let colour = self.image.colour.unwrap_or(Colour::Grey);
        let [height, width] = self.image.size.map_or([1, 1], InputSize::nominal);
        let fitter = Fitter::new(&self.image, colour, [height, width]);
        let (images, facts) = match as_they_are(&jobs, &fitter, &self.image) {
            Some(ready) => ready,
            None => self.fitted(&jobs, &fitter)?,
        };
        self.done += entries.len();
        let channels = colour.channels();
        let shape = [channels, height, width];
        self.dataset(&jobs, images, facts, shape)
    }

    /// The prepared pixels of the pictures that could be read, and what is known of each picture.
    fn fitted(
        &self,
        jobs: &[Job<'_>],
        fitter: &Fitter,
    ) -> Result<(Images, Vec<Result<Facts, Problem>>), DataError> {
        let length: usize = fitter.shape().iter().product();
        let mut cache = Cache::new(self.settings, jobs, &self.image, length)?;
        if let Some(ready) = cache.hit() {
            return Ok(ready);
        }
        let mut facts = Vec::with_capacity(jobs.len());
        let at_once = (CHUNK_BYTES / length.max(1)).max(rayon::current_num_threads());
        for chunk in jobs.chunks(at_once.min(CHUNK)) {
            // A picture of several crops is decoded once.
            let pictures: Vec<Range<usize>> = runs(chunk);
            let found: Vec<Vec<_>> = pictures
                .into_par_iter()
                .map(|range| read(&chunk[range], fitter, self.settings.max_pixels))
                .collect();
            for found in found.into_iter().flatten() {
                facts.push(match found {
                    Ok((pixels, facts)) => {
                        cache.push(&pixels)?;
                        Ok(facts)
                    }
                    Err(problem) => Err(problem),
                });
            }
            (self.progress)((self.done + facts.len()).min(self.total), self.total);
        }
        let images = cache.finish(&facts, fitter.shape())?;
        Ok((images, facts))
    }

    fn dataset(
        &mut self,
        jobs: &[Job<'_>],
        images: Images,
        facts: Vec<Result<Facts, Problem>>,
        shape: [usize; 3],
    ) -> Result<Dataset, DataError> {
        // The place of each kept image among the stored ones.
        let mut kept = Vec::with_capacity(jobs.len());
        let mut labels = Vec::new();
        let mut annotated: Vec<(Vec<Object>, Mapping, Option<i64>)> = Vec::new();
        let mut stored = 0;
        let mut reported: Option<(&Entry, Fault)> = None;
        for (job, facts) in jobs.iter().zip(facts) {
            let checked = facts.and_then(|facts| {
                stored += 1;
                boxes::check(job, &facts, self.settings.boxes)
            });
            match checked {
                Ok(Checked {
                    content,
                    problems,
                    mapping,
                }) => {
                    self.problems.extend(problems);
                    match content {
                        boxes::Content::Class(class) => labels.push(class as u32),
                        boxes::Content::Objects(objects) => {
                            annotated.push((objects, mapping, job.entry.id));
                        }
                    }
                    kept.push(stored - 1);
                }
                Err(problem) => {
                    // Once for each picture, however many crops it has.
                    let known = reported.is_some_and(|(entry, fault)| {
                        std::ptr::eq(entry, job.entry)
                            && fault == problem.fault
                            && job.crop.is_none_or(|crop| crop > 0)
                    });
                    if !known {
                        reported = Some((job.entry, problem.fault));
                        self.problems.push(problem);
                    }
                }
            }
        }
        let images = if kept.len() == images.count() {
            images
        } else {
            images.select(&kept)
        };
        let samples = if annotated.is_empty() && !labels.is_empty() {
            let raw = |job: &Job| matches!(job.entry.picture, Picture::Pixels { .. });
            let ink = match self.settings.boxes {
                Some(boxes) => boxes == Boxes::Ink,
                None => jobs.iter().all(raw),
            };
            Samples::Labelled {
                images,
                labels,
                ink,
            }
        } else {
            let identity = annotated
                .iter()
                .all(|(_, mapping, _)| mapping.is_identity());
            let mappings = annotated.iter().map(|(_, mapping, _)| *mapping).collect();
            Samples::Annotated(Annotated {
                images,
                mappings: if identity { Vec::new() } else { mappings },
                image_ids: (0..)
                    .zip(&annotated)
                    .map(|(index, (_, _, id))| id.unwrap_or(index))
                    .collect(),
                category_ids: (0..)
                    .zip(self.classes)
                    .map(|(number, class)| class.id.unwrap_or(number))
                    .collect(),
                objects: annotated.into_iter().map(|(objects, ..)| objects).collect(),
            })
        };
        let [channels, height, width] = shape;
        Ok(Dataset {
            count: kept.len(),
            channels,
            height,
            width,
            classes: self
                .classes
                .iter()
                .map(|class| class.name.clone())
                .collect(),
            preparation: self.image,
            samples,
        })
    }
}

/// Arrays of pixels that need no change, shared instead of copied.
fn as_they_are(
    jobs: &[Job<'_>],
    fitter: &Fitter,
    image: &recipe::Image,
) -> Option<(Images, Vec<Result<Facts, Problem>>)> {
    let Picture::Pixels { all, .. } = &jobs.first()?.entry.picture else {
        return None;
    };
    let shape = [all.channels, all.height, all.width];
    let has_sides = image.size.and_then(InputSize::sides).is_some();
    let fits = match has_sides {
        true => shape[0] == fitter.shape()[0],
        false => shape == fitter.shape(),
    };
    if image.fit.is_some_and(Fit::is_ink) || !fits {
        return None;
    }
    let mut order = Vec::with_capacity(jobs.len());
    for job in jobs {
        match &job.entry.picture {
            Picture::Pixels { all: other, index }
                if Arc::ptr_eq(all, other) && job.crop.is_none() =>
            {
                order.push(*index);
            }
            _ => return None,
        }
    }
    let size = [all.height, all.width];
    let facts = Facts {
        size,
        stored: size,
        orientation: 1,
        mapping: Mapping::identity(size),
    };
    let images = Images::new(all.clone());
    let in_order = order.len() == all.count && order.iter().enumerate().all(|(i, &it)| i == it);
    let images = if in_order {
        images
    } else {
        images.select(&order)
    };
    Some((images, vec![Ok(facts); jobs.len()]))
}

/// Neighbouring jobs of one picture.
fn runs(jobs: &[Job<'_>]) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    for (index, job) in jobs.iter().enumerate() {
        match runs.last_mut() {
            Some(run) if std::ptr::eq(jobs[run.start].entry, job.entry) => run.end = index + 1,
            _ => runs.push(index..index + 1),
        }
    }
    runs
}

/// Decodes one picture and fits all that is wanted of it.
fn read(
    jobs: &[Job<'_>],
    fitter: &Fitter,
    max_pixels: u64,
) -> Vec<Result<(Vec<u8>, Facts), Problem>> {
    let entry = jobs[0].entry;
    match open(entry, max_pixels) {
        Ok(decoded) => jobs.iter().map(|job| fit(job, &decoded, fitter)).collect(),
        Err(problem) => vec![Err(problem); jobs.len()],
    }
}

/// What the settings and the headers of the training pictures say about the network's input: colour, size and fit.
pub(crate) fn input(image: &recipe::Image, train: &[Entry]) -> recipe::Image {
    let mut image = *image;
    look::fill_in(&mut image, train, &mut Vec::new());
    image
}

fn fit(job: &Job<'_>, decoded: &Decoded, fitter: &Fitter) -> Result<(Vec<u8>, Facts), Problem> {
    let image = &decoded.image;
    let facts = |mapping| Facts {
        mapping,
        ..Facts::of(decoded)
    };
    let fitted = match job.crop {
        None => fitter.fit(image),
        Some(number) => {
            let part = boxes::crop(job.entry, number, &Facts::of(decoded))?;
            fitter.fit(&cut(image, part))
        }
    };
    Ok((fitted.pixels, facts(fitted.mapping)))
}

fn cut(image: &DynamicImage, [x1, y1, x2, y2]: [u32; 4]) -> DynamicImage {
    image.crop_imm(x1, y1, x2 - x1, y2 - y1)
}

/// Whether a value is still to be computed from the training pictures.
pub(crate) fn is_open(values: PerChannel) -> bool {
    values == PerChannel::Dataset
}
