//! `data scenes`: scenes of several digits as PNG files with COCO annotations.

use data::coco::{empty_folder, write};
use data::random::{Key, Purpose};
use data::scenes::{Composer, composers};
use measure::files::write_atomically;
use recipe::Scenes;
use serde_json::json;

use super::{print, print_json};
use crate::error::CommandError;
use crate::flags;
use crate::progress::Counter;

pub fn run(flags: &flags::DataScenes) -> Result<(), CommandError> {
    let options = options(flags)?;
    let seed = flags.seed;
    empty_folder(&flags.out)?;
    let [train, test] = composers(&options)?;
    let parts: [(&str, &Composer, Purpose, usize); 2] = [
        ("train", &train, Purpose::Scene, flags.images),
        ("test", &test, Purpose::TestScene, flags.test_images),
    ];
    for (name, composer, purpose, count) in parts {
        let info = json!({
            "description": format!("Scenes of MNIST's {name} digits, composed by atelier"),
            "options": options,
            "category_ids": "1 to 10 for the digits 0 to 9: to many readers 0 is the background",
        });
        let scene = |index: usize| {
            composer.scene(Key {
                seed,
                purpose,
                epoch: 0,
                index: index as u64,
            })
        };
        let mut counter = Counter::new(name, count);
        let annotations = write(
            &flags.out,
            name,
            count,
            scene,
            (options.size, composer.classes()),
            &info,
            &mut |done| counter.done(done),
        )?;
        write_atomically(flags.out.join(format!("{name}.json")), annotations)?;
    }
    if flags.json {
        return print_json(&json!({
            "out": flags.out,
            "images": flags.images,
            "test_images": flags.test_images,
        }));
    }
    let folder = flags.out.display();
    print(&format!(
        "{folder}: {} training scenes (train.json), {} test scenes (test.json)\n\
         learn from them with: atelier train RECIPE --data {folder}",
        flags.images, flags.test_images
    ))
}

/// The flags over the defaults, checked.
fn options(flags: &flags::DataScenes) -> Result<Scenes, CommandError> {
    let default = Scenes::default();
    let options = Scenes {
        // Zero is fine here, as in a file for testing only.
        train_images: flags.images.max(1),
        test_images: flags.test_images.max(1),
        seed: flags.seed,
        size: flags.size.unwrap_or(default.size),
        digits: flags.digits.unwrap_or(default.digits),
        side: flags.side.unwrap_or(default.side),
        overlap: flags.overlap.unwrap_or(default.overlap),
        noise: flags.noise.unwrap_or(default.noise),
        clutter: flags.clutter.unwrap_or(default.clutter),
        background: flags.background.unwrap_or(default.background),
    };
    options
        .check()
        .map_err(|(name, what)| CommandError::Usage(format!("--{name} {what}")))?;
    Ok(options)
}
