use super::*;
use crate::data::Validation;
use crate::experiment::Model;

const LIMITS: Limits = Limits {
    minutes: 10.0,
    cores: 2,
    memory: Some(8 << 30),
};

/// Pictures of one size, a class each.
fn pictures(train: usize, classes: usize, size: [usize; 2], colour: f64) -> Survey {
    Survey {
        source: "some/folder".to_string(),
        train,
        classes: (0..classes)
            .map(|class| SurveyedClass {
                name: format!("class {class}"),
                count: train / classes,
            })
            .collect(),
        colour,
        size,
        same_size: 1.0,
        aspects: [size[1] as f64 / size[0] as f64; 2],
        ..Survey::default()
    }
}

/// Pictures with boxes whose sides are spread evenly, in logarithms, between two fractions of the picture's.
fn annotated(train: usize, size: [usize; 2], sides: [f64; 2], most: usize) -> Survey {
    let count = 500;
    let boxes = (0..count)
        .map(|index| {
            let share = index as f64 / (count - 1) as f64;
            let side = sides[0] * (sides[1] / sides[0]).powf(share) * size[0] as f64;
            BoxShape {
                size: [side, side * [0.8, 1.0, 1.6][index % 3]],
                picture: size.map(|side| side as f64),
            }
        })
        .collect();
    Survey {
        objects: Some(SurveyedObjects {
            count: train * most,
            most_per_picture: most,
            boxes,
        }),
        ..pictures(train, 3, size, 1.0)
    }
}

fn cases() -> Vec<(&'static str, Survey)> {
    let arrays = |survey| Survey {
        arrays: true,
        ..survey
    };
    let photos = pictures(5000, 20, [400, 500], 1.0);
    vec![
        ("24 pictures", pictures(24, 3, [64, 64], 1.0)),
        ("3 pictures", pictures(3, 2, [64, 64], 1.0)),
        ("2 classes", pictures(800, 2, [480, 640], 1.0)),
        ("1000 classes", pictures(1_200_000, 1000, [375, 500], 0.99)),
        ("MNIST", arrays(pictures(60_000, 10, [28, 28], 0.0))),
        ("CIFAR", arrays(pictures(50_000, 10, [32, 32], 1.0))),
        ("tiny arrays", arrays(pictures(1500, 10, [8, 8], 0.0))),
        ("one row", pictures(100, 2, [1, 40], 0.0)),
        (
            "photos of many sizes",
            Survey {
                same_size: 0.1,
                aspects: [0.6, 1.6],
                validation: Some(500),
                test: Some(500),
                problems: 3,
                ..photos.clone()
            },
        ),
        ("photos", photos),
        ("panoramas", pictures(3000, 5, [300, 2000], 1.0)),
        ("grey photos", pictures(3000, 5, [300, 300], 0.0)),
        (
            "tiny objects",
            annotated(5000, [1080, 1920], [0.01, 0.03], 40),
        ),
        ("large objects", annotated(5000, [480, 640], [0.5, 0.8], 2)),
        (
            "mixed objects",
            annotated(5000, [480, 640], [0.05, 0.7], 12),
        ),
        ("one object", annotated(300, [480, 640], [0.3, 0.6], 1)),
        ("one shape", annotated(300, [480, 640], [0.3, 0.3], 1)),
        (
            "few pictures with boxes",
            annotated(6, [480, 640], [0.1, 0.3], 3),
        ),
        (
            "panoramas with boxes",
            annotated(2000, [300, 2000], [0.1, 0.4], 5),
        ),
        (
            "small pictures with boxes",
            annotated(2000, [40, 40], [0.2, 0.5], 3),
        ),
        (
            "grey pictures with boxes",
            Survey {
                colour: 0.0,
                ..annotated(2000, [512, 512], [0.05, 0.2], 5)
            },
        ),
    ]
}

#[test]
fn suggestions_are_recipes_that_fit() {
    for (name, survey) in cases() {
        let found = suggest(&survey, &LIMITS);
        let found = found.unwrap_or_else(|error| panic!("{name}: {error}"));
        // What a run would check.
        let recipe = Recipe::parse::<&str>(&found.toml, name, &[]).unwrap();
        let classes = survey.classes.len();
        let summary = recipe.summary(found.input, classes).unwrap();
        assert!(summary.multiply_adds > 0, "{name}");
        let [channels, height, width] = found.input;
        assert_eq!(
            recipe.data.image.size,
            Some(crate::InputSize::Fixed([height, width])),
            "{name}"
        );
        let colour = recipe.data.image.colour.unwrap();
        assert_eq!(colour.channels(), channels, "{name}");
        assert_eq!(
            matches!(recipe.model, Model::Cnn(_)),
            survey.objects.is_none(),
            "{name}"
        );
        let training = &recipe.training;
        assert!((2..=100).contains(&training.epochs), "{name}");
        assert!(training.batch_size >= 2, "{name}");
        assert!(found.memory.total() <= LIMITS.memory.unwrap() / 4, "{name}");
        assert!(found.images > 0, "{name}");
        // Only the least number of epochs may take longer than asked for.
        assert!(found.minutes <= 10.0 || training.epochs == 2, "{name}");
        let longest = found.toml.lines().map(|line| line.chars().count()).max();
        assert!(longest.unwrap() <= 130, "{name}: {}", found.toml);
    }
}

fn suggested(name: &str, change: impl FnOnce(&mut Survey)) -> Suggestion {
    let (_, mut survey) = cases().into_iter().find(|(it, _)| *it == name).unwrap();
    change(&mut survey);
    suggest(&survey, &LIMITS).unwrap()
}

fn detector(name: &str) -> crate::FasterRcnn {
    match suggested(name, |_| ()).recipe.model {
        Model::FasterRcnn(detector) => detector,
        Model::Cnn(_) => panic!("a classifier"),
    }
}

#[test]
fn inputs_follow_the_pictures() {
    for (name, input) in [
        ("MNIST", [1, 28, 28]),
        ("CIFAR", [3, 32, 32]),
        ("24 pictures", [3, 64, 64]),
        ("2 classes", [3, 56, 72]),
        ("panoramas", [3, 32, 128]),
        ("grey photos", [1, 64, 64]),
        ("small pictures with boxes", [3, 64, 64]),
    ] {
        assert_eq!(suggested(name, |_| ()).input, input, "{name}");
    }
}

#[test]
fn detectors_follow_the_boxes() {
    let tiny = suggested("tiny objects", |_| ());
    let large = suggested("large objects", |_| ());
    assert!(tiny.input[2] > large.input[2]);
    assert!(detector("mixed objects").pyramid.is_some());
    assert!(detector("tiny objects").pyramid.is_none());
    assert!(detector("one shape").anchors.sizes.all().len() <= 2);
    assert_eq!(detector("one object").detections.per_image, 10);
    assert_eq!(detector("tiny objects").detections.per_image, 120);
}

#[test]
fn anchors_cover_the_boxes() {
    let shapes: Vec<[f64; 2]> = (20..80)
        .flat_map(|side| {
            let side = f64::from(side);
            [[side, side], [side, 2.0 * side]]
        })
        .collect();
    let found = boxes::fit(&shapes, [3, 2]);
    let share = boxes::share_covered(&shapes, &found);
    assert!(share > 0.95, "{share}: {found:?}");
}

#[test]
fn mirror_images_are_for_things_without_sides() {
    let flip = |names: [&str; 2]| {
        let recipe = suggested("2 classes", |survey| {
            for (class, name) in survey.classes.iter_mut().zip(names) {
                class.name = name.to_string();
            }
        })
        .recipe;
        recipe.data.augment.flip
    };
    assert_eq!(flip(["cat", "dog"]), 0.5);
    assert_eq!(flip(["0", "17"]), 0.0);
    assert_eq!(flip(["b", "d"]), 0.0);
    assert_eq!(flip(["turn left", "stop"]), 0.0);
}

#[test]
fn splits_are_those_that_the_data_will_have() {
    let validation = |parts: [Option<usize>; 2]| {
        let found = suggested("photos", |survey| [survey.validation, survey.test] = parts);
        (found.recipe.data.validation, found.images, found.held_out)
    };
    let tenth = Validation::Fraction(0.1);
    assert_eq!(validation([None, None]), (tenth, 3600, 400));
    assert_eq!(validation([None, Some(9)]), (tenth, 4500, 500));
    // The only other split is the test set.
    assert_eq!(validation([Some(9), None]), (tenth, 4500, 500));
    let own = Validation::Folder;
    assert_eq!(validation([Some(9), Some(9)]), (own, 5000, 9));
}

#[test]
fn time_and_memory_are_limits() {
    let (_, survey) = cases().into_iter().find(|(it, _)| *it == "photos").unwrap();
    let with = |limits| suggest(&survey, &limits).unwrap();
    let usual = with(LIMITS);
    let quick = with(Limits {
        minutes: 1.0,
        ..LIMITS
    });
    assert!(quick.summary.multiply_adds < usual.summary.multiply_adds);
    let small = with(Limits {
        memory: Some(64 << 20),
        ..LIMITS
    });
    assert!(small.recipe.training.batch_size < usual.recipe.training.batch_size);
}

#[test]
fn what_is_odd_is_a_comment() {
    let toml = suggested("photos of many sizes", |survey| {
        survey.classes[0].count *= 10;
        survey.source = "it's \"here\"\nepochs = 7".to_string();
    })
    .toml;
    for line in [
        "# on-error = \"skip\"",
        "# class-weights = \"balanced\"",
        "# 3 problems found: `atelier data check` lists them. To leave those entries out:",
    ] {
        assert!(toml.lines().any(|it| it == line), "{line}\n{toml}");
    }
}

#[test]
fn nothing_to_learn_is_an_error() {
    let none = suggest(&pictures(1, 1, [9, 9], 0.0), &LIMITS);
    assert!(matches!(none, Err(SuggestError::Pictures(1))));
    let mut empty = annotated(9, [64, 64], [0.1, 0.2], 1);
    empty.objects = Some(SurveyedObjects::default());
    assert!(matches!(
        suggest(&empty, &LIMITS),
        Err(SuggestError::NoObjects)
    ));
}
