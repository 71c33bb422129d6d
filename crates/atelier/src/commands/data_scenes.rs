//! `data scenes`: scenes of several digits as PNG files with COCO annotations.

use std::path::Path;

use data::coco::{empty_folder, write};
use data::random::{Key, Purpose};
use data::scenes::{Composer, composers};
use measure::files::write_atomically;
use serde_json::json;

use crate::console::Output;
use crate::error::CommandError;
use crate::plan::ScenesPlan;
use crate::progress::Counter;

pub fn run(plan: &ScenesPlan, output: Output) -> Result<(), CommandError> {
    let options = &plan.scenes;
    let [images, test_images] = plan.images;
    empty_folder(&plan.folder)?;
    let [train, test] = composers(options)?;
    let parts: [(&str, &Composer, Purpose, usize); 2] = [
        ("train", &train, Purpose::Scene, images),
        ("test", &test, Purpose::TestScene, test_images),
    ];
    for (name, composer, purpose, count) in parts {
        let info = json!({
            "description": format!("Scenes of MNIST's {name} digits, composed by atelier"),
            "options": options,
            "category_ids": "1 to 10 for the digits 0 to 9: to many readers 0 is the background",
        });
        let scene = |index: usize| {
            composer.scene(Key {
                seed: options.seed,
                purpose,
                epoch: 0,
                index: index as u64,
            })
        };
        let mut counter = Counter::new(name, count);
        let annotations = write(
            &plan.folder,
            name,
            count,
            scene,
            (options.size, composer.classes()),
            &info,
            &mut |done| counter.done(done),
        )?;
        write_atomically(plan.folder.join(format!("{name}.json")), annotations)?;
    }
    let document = json!({ "out": plan.folder, "images": images, "test_images": test_images });
    output.show(&document, || {
        let folder = plan.folder.display();
        // These names alone mean the built-in data.
        let is_built_in = [recipe::MNIST, recipe::SCENES].map(Path::new).contains(&&*plan.folder);
        let here = if is_built_in { "./" } else { "" };
        format!(
            "{folder}: {images} training scenes (train.json), {test_images} test scenes (test.json)\n\
             train on them with: atelier train RECIPE --data {here}{folder}"
        )
    })
}
