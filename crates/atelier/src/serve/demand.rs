//! Models of runs that are loaded when somebody asks for them, also in the middle of their training.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use nets::run::Run;

use super::engine::Engine;
use super::failure::Failure;
use crate::error::CommandError;

/// Models that are kept.
const MOST: usize = 8;

/// Opens the model of a run as far as it is trained.
pub type OpenRun = Box<dyn Fn(Run) -> Result<Engine, CommandError> + Send + Sync>;

/// Models that are loaded on demand.
pub struct Demand {
    root: PathBuf,
    open: OpenRun,
    /// The one that was used last comes first.
    loaded: Mutex<Vec<Loaded>>,
}

struct Loaded {
    /// The file of its weights.
    file: PathBuf,
    engine: Arc<Engine>,
}

impl Demand {
    /// For the runs under `root`.
    pub fn new(root: PathBuf, open: OpenRun) -> Self {
        Self {
            root,
            open,
            loaded: Mutex::default(),
        }
    }

    fn loaded(&self) -> MutexGuard<'_, Vec<Loaded>> {
        self.loaded.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Those that are loaded now.
    pub fn all(&self) -> Vec<Arc<Engine>> {
        let loaded = self.loaded();
        loaded
            .iter()
            .map(|loaded| Arc::clone(&loaded.engine))
            .collect()
    }

    /// Forgets all of them.
    pub fn clear(&self) {
        self.loaded().clear();
    }

    /// The model of a run as far as it is trained; `None` where no run has this name.
    ///
    /// # Errors
    /// A run that can't predict yet, or not any more.
    pub fn find(&self, name: &str) -> Result<Option<Arc<Engine>>, Failure> {
        // Only names that are listed, so that none leads out of the folder.
        let mut runs = Run::list(&self.root).into_iter();
        let Some(run) = runs.find(|run| run.name() == name) else {
            return Ok(None);
        };
        let newest = run.newest_weights();
        let mut loaded = self.loaded();
        let place = loaded.iter().position(|it| it.engine.model.name == name);
        let known = place.map(|place| loaded.remove(place));
        let current = match known {
            Some(known) if Some(&known.file) == newest.as_ref() => known,
            _ => {
                let failed = |error: CommandError| {
                    let hint = "a run predicts from its first checkpoint on";
                    Failure::conflict("not_loaded", error.to_string(), hint)
                };
                Loaded {
                    engine: Arc::new((self.open)(run).map_err(failed)?),
                    file: newest.unwrap_or_default(),
                }
            }
        };
        let engine = Arc::clone(&current.engine);
        loaded.insert(0, current);
        loaded.truncate(MOST);
        Ok(Some(engine))
    }
}
