//! What a network has to know of its data: the size of the images and the number of classes.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use data::doctor;
use recipe::{Data, Recipe};

/// Sources that are remembered, so that a recipe can be checked at every letter.
const MOST: usize = 8;
/// Time after which a source is looked at again.
const FRESH: Duration = Duration::from_secs(30);

/// The data as far as a network depends on it.
#[derive(Clone, Debug, PartialEq)]
pub struct DataFacts {
    /// Channels, height and width of an image.
    pub input: [usize; 3],
    pub classes: usize,
    /// Training images.
    pub images: usize,
    /// Why the data could not be looked at, where only the recipe says what it is like.
    pub note: Option<String>,
}

/// What was found in the data of recipes.
#[derive(Default)]
pub struct KnownData {
    known: Mutex<Vec<(Data, Instant, DataFacts)>>,
}

impl KnownData {
    /// The facts of a recipe's data; `classes` instead of the number in the data.
    ///
    /// # Errors
    /// Data that can't be looked at, where the recipe does not say enough.
    pub fn of(&self, recipe: &Recipe, classes: Option<usize>) -> Result<DataFacts, String> {
        let known = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let is_fresh = |(data, since, _): &&(Data, Instant, DataFacts)| {
            data.prepares_as(&recipe.data) && since.elapsed() < FRESH
        };
        let found = known().iter().find(is_fresh).map(|known| known.2.clone());
        let facts = match found {
            Some(facts) => facts,
            None => {
                let facts = look(recipe)?;
                let mut known = known();
                known.retain(|(data, ..)| !data.prepares_as(&recipe.data));
                known.insert(0, (recipe.data.clone(), Instant::now(), facts.clone()));
                known.truncate(MOST);
                facts
            }
        };
        Ok(DataFacts {
            classes: classes.unwrap_or(facts.classes),
            ..facts
        })
    }
}

/// Built-in data is made; of other data the headers of the pictures are read.
fn look(recipe: &Recipe) -> Result<DataFacts, String> {
    let data = &recipe.data;
    if data.is_built_in() {
        let split = data::load(data, recipe.training.seed).map_err(|error| error.to_string())?;
        return Ok(DataFacts {
            input: split.train.image_shape(),
            classes: split.train.classes.len(),
            images: split.train.count,
            note: None,
        });
    }
    let colour = data.image.colour.map(recipe::Colour::channels);
    let size = data.image.size.map(recipe::InputSize::nominal);
    let listing = match doctor::list(data) {
        Ok(listing) => listing,
        Err(error) => {
            let shape = colour.zip(size);
            let (channels, [height, width]) = shape.ok_or_else(|| error.to_string())?;
            let input = [channels, height, width];
            return Ok(DataFacts {
                input,
                classes: outputs(recipe, input),
                images: usize::MAX,
                note: Some(error.to_string()),
            });
        }
    };
    let survey = data::survey(&listing, &data.source, data.format);
    let same_size = (survey.same_size >= 1.0).then_some(survey.size);
    let [height, width] = size.or(same_size).ok_or(
        "its pictures have different sizes: say what size the network takes, as in data.image.size = [64, 64]",
    )?;
    let in_colour = if survey.colour > 0.0 { 3 } else { 1 };
    Ok(DataFacts {
        input: [colour.unwrap_or(in_colour), height, width],
        classes: listing.classes.len(),
        images: listing.train.len(),
        note: None,
    })
}

/// The classes of a classifier whose data is not there: as many as it has outputs.
fn outputs(recipe: &Recipe, input: [usize; 3]) -> usize {
    match recipe::summary(recipe.model.layers(), input).map(|summary| summary.output()) {
        Ok(recipe::Shape::Features(classes)) => classes,
        // Of a detector any number will do.
        _ => 1,
    }
}
