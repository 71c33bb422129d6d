//! Recipes: the text, and a `--set` in each further line.

#![no_main]

use recipe::Recipe;
use support::{bounded, files};

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let [text, sets] = files(input).map(String::from_utf8_lossy);
    let sets: Vec<&str> = sets.lines().collect();
    bounded(input.len(), || {
        let Ok(read) = Recipe::parse(&text, "input", &sets) else {
            return;
        };
        let written = read.to_toml().expect("what was read can be written");
        let again =
            Recipe::parse::<&str>(&written, "written", &[]).expect("what was written can be read");
        assert_eq!(read, again);
        for (input, classes) in [([1, 28, 28], 10), ([3, 800, 1333], 1000)] {
            if let Ok(summary) = read.summary(input, classes) {
                let _ = summary.memory(&read.training, 60_000).to_string();
            }
        }
    });
});
