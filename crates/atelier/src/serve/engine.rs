//! A loaded model, its queue, and the thread that computes what waits in it.

use std::path::Path;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};

use axum::http::StatusCode;
use data::image::{Fitted, ImageError, decode, from_planes, png};
use nets::device::guard::guarded;
use nets::predict::ImagePrediction;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use super::failure::Failure;
use crate::plan::Model;

/// Values of prepared images that are computed at a time: 32 MiB of numbers.
const BATCH_VALUES: usize = 8 << 20;

/// How much a model takes on.
#[derive(Clone, Copy, Debug)]
pub struct EngineLimits {
    /// Images that wait.
    pub queue: usize,
    /// Images that are computed at a time.
    pub batch: usize,
    /// Pixels of a picture.
    pub max_pixels: u64,
}

/// A model that answers.
pub struct Engine {
    pub model: Arc<Model>,
    limits: EngineLimits,
    /// Room in the queue, a permit an image.
    room: Arc<Semaphore>,
    jobs: Mutex<Sender<Job>>,
    /// Held by who looks inside of it.
    pub looking: Arc<tokio::sync::Mutex<()>>,
}

/// What becomes of an image.
pub struct Answered {
    pub prediction: ImagePrediction,
    /// The image as the network saw it, as a PNG file, where that was asked for.
    pub seen: Option<Vec<u8>>,
}

type Answering = oneshot::Sender<Result<Answered, Failure>>;

/// An image that waits to be computed, and who waits for it.
struct Job {
    fitted: Fitted,
    seen: Option<Vec<u8>>,
    answer: Answering,
    _room: OwnedSemaphorePermit,
}

impl Engine {
    /// Starts the model's thread, which ends when the engine is dropped and its queue is empty.
    pub fn start(model: Model, limits: EngineLimits) -> Self {
        let model = Arc::new(model);
        let (jobs, waiting) = mpsc::channel();
        let values: usize = model.predictor().input().iter().product();
        let most = limits.batch.min(BATCH_VALUES / values.max(1)).max(1);
        std::thread::spawn({
            let model = Arc::clone(&model);
            move || compute_all(&model, &waiting, most)
        });
        Self {
            model,
            limits,
            room: Arc::new(Semaphore::new(limits.queue)),
            jobs: Mutex::new(jobs),
            looking: Arc::default(),
        }
    }

    /// Pixels of the largest picture that it takes.
    pub fn max_pixels(&self) -> u64 {
        self.limits.max_pixels
    }

    /// Images that wait or are being computed.
    pub fn waiting(&self) -> usize {
        self.limits.queue - self.room.available_permits()
    }

    /// Predicts images given as the bytes of their files, with names for messages; `show` asks for what the network sees.
    ///
    /// # Errors
    /// When the queue is full, and for an image that can't be read.
    pub async fn predict(
        &self,
        images: Vec<(String, Vec<u8>)>,
        show: bool,
    ) -> Result<Vec<Answered>, Failure> {
        let most = self.limits.queue;
        if images.len() > most {
            return Err(Failure::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "too_many_images",
                format!("{} images in one request; at most {most} fit", images.len()),
                "send several requests, or start the server with a larger --queue",
            ));
        }
        // All or none: a request that waited for its second half could hold up others for ever.
        let count = images.len() as u32;
        let room = Arc::clone(&self.room).try_acquire_many_owned(count);
        let Ok(mut room) = room else {
            return Err(Failure::busy());
        };
        let mut answers = Vec::with_capacity(images.len());
        for (name, bytes) in images {
            let Some(room) = room.split(1) else {
                return Err(Failure::internal("an image without room in the queue"));
            };
            answers.push(self.enqueue(name, bytes, show, room));
        }
        let mut predictions = Vec::with_capacity(answers.len());
        for answer in answers {
            let gone = |_| Failure::internal("the model has stopped");
            predictions.push(answer.await.map_err(gone)??);
        }
        Ok(predictions)
    }

    /// Has an image decoded by the threads that compute, and then queued.
    fn enqueue(
        &self,
        name: String,
        bytes: Vec<u8>,
        show: bool,
        room: OwnedSemaphorePermit,
    ) -> oneshot::Receiver<Result<Answered, Failure>> {
        let (answer, receiver) = oneshot::channel();
        let jobs = self
            .jobs
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let (model, max_pixels) = (Arc::clone(&self.model), self.limits.max_pixels);
        rayon::spawn(move || {
            if answer.is_closed() {
                return;
            }
            let fitted = guarded(|| {
                let path = Path::new(&name);
                let decoded = decode(path, &bytes, max_pixels)?;
                let fitted = model.predictor().fit(&decoded.image);
                let shape = [fitted.channels, fitted.height, fitted.width];
                let seen = show.then(|| from_planes(&fitted.pixels, shape)).flatten();
                let seen = seen.map(|seen| png(path, &seen)).transpose()?;
                Ok((fitted, seen))
            });
            drop(bytes);
            let failure = match fitted {
                Ok(Ok((fitted, seen))) => {
                    // A closed queue drops the job, and its receiver hears of that.
                    let _ended = jobs.send(Job {
                        fitted,
                        seen,
                        answer,
                        _room: room,
                    });
                    return;
                }
                Ok(Err(error)) => unreadable(&error),
                Err(failure) => Failure::internal(failure.to_string()),
            };
            let _client_left = answer.send(Err(failure));
        });
        receiver
    }
}

/// What a client hears of an image that can't be read.
pub fn unreadable(error: &ImageError) -> Failure {
    Failure::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "unreadable_image",
        error.to_string(),
        "send a PNG, JPEG, WebP, GIF, BMP, TIFF or PNM file",
    )
}

/// Computes what waits, as much at a time as has come meanwhile, until the queue is closed.
fn compute_all(model: &Model, waiting: &Receiver<Job>, most: usize) {
    while let Ok(first) = waiting.recv() {
        let mut jobs = vec![first];
        while jobs.len() < most
            && let Ok(job) = waiting.try_recv()
        {
            jobs.push(job);
        }
        jobs.retain(|job| !job.answer.is_closed());
        if jobs.is_empty() {
            continue;
        }
        let mut fitted = Vec::with_capacity(jobs.len());
        let mut answers = Vec::with_capacity(jobs.len());
        for job in jobs {
            fitted.push(job.fitted);
            answers.push((job.answer, job.seen, job._room));
        }
        // From outside of the threads that compute, each piece of the work would begin by waking one up.
        let computed = guarded(|| rayon::scope(|_| model.predictor().predict_fitted(&fitted)));
        let failure = match computed {
            Ok(Ok(predictions)) => {
                for ((answer, seen, _), prediction) in answers.into_iter().zip(predictions) {
                    let _client_left = answer.send(Ok(Answered { prediction, seen }));
                }
                continue;
            }
            Ok(Err(error)) => Failure::internal(error.to_string()),
            Err(failure) => Failure::internal(failure.to_string()),
        };
        for (answer, ..) in answers {
            let _client_left = answer.send(Err(failure.clone()));
        }
    }
}
