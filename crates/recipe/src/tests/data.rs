//! The tables below `[data]`: scenes and augmentation.

use super::*;

#[test]
fn scene_defaults_are_written_and_values_checked() {
    let scenes = set(&["data.source=scenes"]).unwrap();
    assert_eq!(scenes.data.scenes, Some(Scenes::default()));
    let text = scenes.to_toml().unwrap();
    assert!(
        text.contains("\n[data.scenes]\ntrain-images = 10000\n"),
        "{text}"
    );
    assert!(
        !set(&[]).unwrap().to_toml().unwrap().contains("scenes"),
        "written only where they are used"
    );
    #[rustfmt::skip]
    let cases = [
        ("data.scenes.size=8", "from 16 to 4096 pixels, found 8"),
        ("data.scenes.digits=[3, 2]", "the fewest and the most digits"),
        ("data.scenes.digits=[3]", "expected a list of 2 numbers"),
        ("data.scenes.side=[18, 129]", "data.scenes.size, 128, found [18, 129]"),
        ("data.scenes.side=[0, 10]", "from 4 to"),
        ("data.scenes.overlap=1.5", "from 0 to 1, found 1.5"),
        ("data.scenes.test-images=0", "from 1 to 100000000, found 0"),
        ("data.scenes.noize=0.1", "data.scenes.noise"),
    ];
    for (wrong, says) in cases {
        let text = message(set(&["data.source=scenes", wrong]));
        assert!(text.contains(says), "{wrong}: {text}");
    }
    let other = set(&["data.source=scenes", "data.scenes.train-images=7"]).unwrap();
    assert!(scenes.data.same_test_images(&other.data));
    let other = set(&["data.source=scenes", "data.scenes.noise=0.1"]).unwrap();
    assert!(!scenes.data.same_test_images(&other.data));
}

#[test]
fn the_largest_picture_can_be_chosen() {
    assert_eq!(set(&[]).unwrap().data.max_pixels, 100_000_000);
    let raised = set(&["data.max-pixels=250000000"]).unwrap();
    assert_eq!(raised.data.max_pixels, 250_000_000);
    for wrong in ["0", "-5", "2.5", "9000000000000000"] {
        let text = message(set(&[&format!("data.max-pixels={wrong}")]));
        assert!(text.contains("data.max-pixels"), "{wrong}: {text}");
    }
}

#[test]
fn augmentation_is_written_and_checked() {
    assert!(set(&[]).unwrap().data.augment.is_none());
    let how = set(&[
        "data.augment.elastic-sigma=6",
        "data.augment.erase-area=[0.1, 0.2]",
    ]);
    assert!(
        how.unwrap().data.augment.is_none(),
        "these keys shape an augmentation but turn none on"
    );
    let some = set(&["data.augment.flip=0.5"]).unwrap();
    assert!(!some.data.augment.is_none());
    let text = some.to_toml().unwrap();
    assert!(text.contains("\n[data.augment]\nshift = 0\n"), "{text}");
    assert_eq!(parse(&text).unwrap(), some);
    #[rustfmt::skip]
    let cases = [
        ("data.augment.shift=5000", "at most 4096, found 5000"),
        ("data.augment.shift=0.5", "expected a whole number"),
        ("data.augment.rotate=181", "from 0 to 180 degrees, found 181"),
        ("data.augment.rotate=nan", "from 0 to 180 degrees"),
        ("data.augment.scale=1", "less than 1, found 1"),
        ("data.augment.shear=-1", "from 0 to 60 degrees, found -1"),
        ("data.augment.flip=2", "from 0 to 1, found 2"),
        ("data.augment.elastic=2.5", "from 0 to half of data.augment.elastic-sigma, 4, found 2.5"),
        ("data.augment.elastic-sigma=0.5", "from 1 to 4096 pixels, found 0.5"),
        ("data.augment.contrast=1.5", "from 0 to 1, found 1.5"),
        ("data.augment.brightness=-0.1", "from 0 to 1, found -0.1"),
        ("data.augment.invert=inf", "from 0 to 1"),
        ("data.augment.noise=30", "from 0 to 1, found 30"),
        ("data.augment.erase=1.01", "from 0 to 1, found 1.01"),
        ("data.augment.erase-area=[0.5, 0.4]", "the smallest and the largest share"),
        ("data.augment.erase-area=[0, 0.4]", "greater than 0 and at most 1, found [0.0, 0.4]"),
        ("data.augment.erase-area=0.3", "expected a list of 2 numbers"),
        ("data.augment.eraze=0.3", "data.augment.erase"),
    ];
    for (wrong, says) in cases {
        let text = message(set(&[wrong]));
        let name = wrong.split(['=', '[']).next().unwrap();
        assert!(
            text.contains(says) && text.contains(name),
            "{wrong}: {text}"
        );
    }
}
