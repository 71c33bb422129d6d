//! Test pictures for a source that has no test split.

use std::collections::HashMap;

use crate::listing::{Entry, Labels, Listing};
use crate::random::{Purpose, permutation};

/// If a listing has no test pictures, one in this many of each class becomes one.
const TEST_SHARE: usize = 5;
/// Chooses them. It is not the training's seed: runs with different seeds must have the same test pictures.
const TEST_SEED: u64 = 0;

/// The listing's own test pictures; else its validation pictures; else a share of the training pictures.
pub(super) fn test_entries(listing: &mut Listing) -> Vec<Entry> {
    if let Some(test) = listing.test.take() {
        return test;
    }
    if let Some(validation) = listing.validation.take() {
        listing.notes.push(format!(
            "there is no test split: the {} pictures of the validation split are the test set; \
             hold out training pictures with data.validation",
            validation.len()
        ));
        return validation;
    }
    let mut by_class: HashMap<usize, Vec<usize>> = HashMap::new();
    for (index, entry) in listing.train.iter().enumerate() {
        let class = match &entry.labels {
            Labels::Class(class) => *class,
            // A picture of several classes counts for the first: the shares need not be exact.
            Labels::Boxes(boxes) => boxes.first().map_or(usize::MAX, |it| it.class),
        };
        by_class.entry(class).or_default().push(index);
    }
    let mut is_test = vec![false; listing.train.len()];
    for (class, members) in by_class {
        let order = permutation(TEST_SEED, Purpose::TestSplit, class as u64, members.len());
        let count = (members.len() + TEST_SHARE / 2) / TEST_SHARE;
        for place in order.into_iter().take(count) {
            is_test[members[place]] = true;
        }
    }
    // Tiny sets: at least one picture.
    if listing.train.len() > 1 && !is_test.contains(&true) {
        is_test[listing.train.len() - 1] = true;
    }
    let mut test = Vec::new();
    let mut train = Vec::new();
    for (entry, is_test) in std::mem::take(&mut listing.train).into_iter().zip(is_test) {
        if is_test { &mut test } else { &mut train }.push(entry);
    }
    listing.train = train;
    listing.notes.push(format!(
        "there is no test split: {} of the pictures, one in {TEST_SHARE} of each class, are the test set",
        test.len()
    ));
    test
}
