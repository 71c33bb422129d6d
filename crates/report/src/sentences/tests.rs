use super::*;
use crate::tests::plain;
use measure::record::{LocalisationFigures, McNemarRecord, Verdict};

fn report<'a>(
    contestants: Vec<Contestant<'a>>,
    verdict: Option<&'a Verdict>,
    language: Language,
) -> Report<'a> {
    Report {
        contestants,
        verdict,
        seeds: None,
        image: &|_| None,
        objects: None,
        class_names: &[],
        command: "",
        language,
    }
}

#[test]
fn what_the_difference_means_agrees_with_the_verdict() {
    let verdict = |p_value, low, significant| Verdict {
        mcnemar: McNemarRecord {
            p_value,
            ..Default::default()
        },
        difference_interval: [low, 0.01],
        significant,
        ..Default::default()
    };
    for (name, verdict, english, french) in [
        (
            "both find it",
            verdict(0.01, 0.001, true),
            "A difference this large is unlikely to be chance.",
            "Un tel écart n’est guère l’effet du hasard.",
        ),
        (
            "the test alone",
            verdict(0.0309, 0.0, false),
            "The test and the interval disagree: these images can’t tell which is better.",
            "Le test et l’intervalle se contredisent : ces images ne permettent pas de dire lequel est le meilleur.",
        ),
        (
            "neither",
            verdict(0.4, -0.01, false),
            "Chance alone can produce such a difference: these images can’t tell which is better.",
            "Le hasard seul produit de tels écarts : ces images ne permettent pas de dire lequel est le meilleur.",
        ),
    ] {
        for (language, end) in [(Language::English, english), (Language::French, french)] {
            let said = plain(&difference(&report(vec![], Some(&verdict), language)));
            assert!(said.ends_with(end), "{name}: {said}");
        }
    }
}

#[test]
fn what_was_not_measured_is_not_mentioned() {
    let environment = Default::default();
    let predictions = Default::default();
    let said = |evaluations: &[Evaluation], say: fn(&Report<'_>) -> String| {
        let contestants = evaluations.iter().zip(["one", "two"]);
        let contestants = contestants.map(|(evaluation, name)| Contestant {
            name,
            recipe_toml: "",
            evaluation,
            history: &[],
            predictions: &predictions,
            detections: &[],
            environment: &environment,
        });
        let contestants: Vec<Contestant<'_>> = contestants.collect();
        let texts = [Language::English, Language::French];
        texts.map(|language| plain(&say(&report(contestants.clone(), None, language))))
    };
    let trained = |train_s, infer_images_per_s| Evaluation {
        train_s,
        infer_images_per_s,
        epochs: 2,
        ..Default::default()
    };
    assert_eq!(
        said(&[trained(5.0, 0.0)], cost),
        [
            "one trained for 2 epochs in 5.0 s.",
            "one a été entraîné pendant 5,0 s (2 époques)."
        ]
    );
    assert_eq!(
        said(&[trained(5.0, 10.0)], cost),
        [
            "one trained for 2 epochs in 5.0 s and processes 10.0 images per second.",
            "Entraîné pendant 5,0 s (2 époques), one traite 10,0 images par seconde."
        ]
    );
    assert_eq!(
        said(&[trained(50.0, 0.0), trained(51.0, 0.0)], cost),
        [
            "one trained in 50.0 s; two took 51.0 s.",
            "one a été entraîné en 50,0 s ; two en 51,0 s."
        ]
    );
    assert_eq!(
        said(&[trained(50.0, 0.0), trained(53.0, 0.0)], cost),
        [
            "one trained in 50.0 s; two took 53.0 s, 1.1 times as long.",
            "one a été entraîné en 50,0 s ; two en 53,0 s, soit 1,1 fois plus longtemps."
        ]
    );
    let boxes = |map_50| Evaluation {
        localisation: Some(LocalisationFigures {
            map: Some(0.5),
            map_50,
            ..Default::default()
        }),
        ..Default::default()
    };
    assert_eq!(said(&[boxes(None)], verdict), ["", ""]);
    assert!(said(&[boxes(Some(0.75))], verdict)[1].contains("0,500 (à un IoU de 0,50 : 0,750)"));
}
