//! Verdicts in French.

use super::*;
use crate::tests::plain;
use measure::record::{McNemarRecord, SeedsTest};

#[test]
fn a_test_that_the_bootstrap_does_not_back() {
    let verdict_of = Verdict {
        better: Some("B".into()),
        mcnemar: McNemarRecord {
            a: "A".into(),
            b: "B".into(),
            only_a: 4,
            only_b: 14,
            p_value: 0.0309,
        },
        difference: -0.001,
        difference_interval: [-0.0018, 0.0],
        images: 10_000,
        ..Default::default()
    };
    assert_eq!(
        plain(&verdict(Language::French, &verdict_of)),
        "Les données ne permettent pas de trancher : B devance A : sur 10 000 images, B est seul à donner la bonne \
         réponse à 14 d’entre elles, et A à 4, ce que le hasard seul n’explique guère (test exact de McNemar, p = \
         0,0309) ; mais un nouveau tirage des images donne un écart de 0,00 à 0,18 points de pourcentage (intervalle \
         à 95 %), qui n’exclut pas un écart nul."
    );
}

#[test]
fn one_answer_is_singular() {
    for (each, answers) in [(1, "1 bonne réponse"), (2, "2 bonnes réponses")] {
        let tie = Verdict {
            mcnemar: McNemarRecord {
                a: "A".into(),
                b: "B".into(),
                only_a: each,
                only_b: each,
                p_value: 1.0,
            },
            images: 40,
            ..Default::default()
        };
        assert_eq!(
            plain(&verdict(Language::French, &tie)),
            format!(
                "A et B sont aussi exacts l’un que l’autre : sur 40 images, chacun donne {answers} que l’autre n’a \
                 pas."
            )
        );
    }
}

/// Five seeds on which A leads by `difference`, and how sure that is.
fn over_seeds(
    difference: f64,
    p_value: Option<f64>,
    images_interval: Option<[f64; 2]>,
) -> SeedsVerdict {
    SeedsVerdict {
        better: (difference > 0.0).then(|| "A".into()),
        test: SeedsTest {
            a: "A".into(),
            b: "B".into(),
            seeds: 5,
            difference,
            interval: p_value.map(|_| [difference - 0.01, difference + 0.01]),
            p_value,
            images_interval,
            ..Default::default()
        },
        ..Default::default()
    }
}

#[test]
fn over_seeds_in_french() {
    let (clear, vague) = (Some([0.005, 0.035]), Some([-0.005, 0.045]));
    let three = SeedsVerdict {
        figure: SeedsFigure::AveragePrecision,
        test: SeedsTest {
            seeds: 3,
            ..over_seeds(0.02, Some(0.01), None).test
        },
        ..over_seeds(0.02, Some(0.01), None)
    };
    let one = SeedsVerdict {
        test: SeedsTest {
            seeds: 1,
            ..over_seeds(0.015, None, clear).test
        },
        ..over_seeds(0.015, None, clear)
    };
    for (verdict, expected) in [
        (
            over_seeds(0.02, Some(0.01), clear),
            "A est plus exact que B, de 2,00 points de pourcentage en moyenne sur 5 graines (intervalle à 95 % de \
             1,00 à 3,00 ; test t apparié sur les graines, p = 0,0100) ; les images le confirment (intervalle à 95 % \
             de 0,50 à 3,50).",
        ),
        (
            over_seeds(0.02, Some(0.01), vague),
            "Les données ne permettent pas de trancher : A devance B de 2,00 points de pourcentage en moyenne sur 5 \
             graines (intervalle à 95 % de 1,00 à 3,00 ; test t apparié sur les graines, p = 0,0100), mais d’autres \
             images du même genre pourraient dire l’inverse (intervalle à 95 % de −0,50 à 4,50).",
        ),
        (
            over_seeds(0.015, Some(0.2), clear),
            "Les données ne permettent pas de trancher : A devance B de 1,50 point de pourcentage en moyenne sur 5 \
             graines, mais d’autres graines pourraient dire l’inverse (intervalle à 95 % de 0,50 à 2,50 ; test t \
             apparié sur les graines, p = 0,20).",
        ),
        (
            over_seeds(0.015, Some(0.2), vague),
            "Les données ne permettent pas de trancher : A devance B de 1,50 point de pourcentage en moyenne sur 5 \
             graines, mais d’autres graines (intervalle à 95 % de 0,50 à 2,50 ; test t apparié sur les graines, p = \
             0,20) ou d’autres images (intervalle à 95 % de −0,50 à 4,50) pourraient dire l’inverse.",
        ),
        (
            three,
            "A détecte mieux que B, de 2,00 points de précision moyenne en moyenne sur 3 graines (intervalle à 95 % \
             de 1,00 à 3,00 ; test t apparié sur les graines, p = 0,0100) ; rien ne montre si d’autres images en \
             diraient autant. Avec 3 graines, une différence ne compte qu’à partir de 2,5 fois sa propre dispersion, \
             et rien ne montre si celle-ci est normale, comme le test le suppose.",
        ),
        (
            one,
            "Les données ne permettent pas de trancher : A devance B de 1,50 point de pourcentage, mais une seule \
             graine ne dit rien de l’écart entre entraînements ; il en faut plusieurs.",
        ),
        (
            over_seeds(0.25, None, clear),
            "Les données ne permettent pas de trancher : A devance B d’exactement 25,00 points de pourcentage avec \
             chaque graine, et le test t juge d’après la dispersion, ici nulle.",
        ),
        (
            over_seeds(0.0, None, vague),
            "A et B ont la même exactitude en moyenne sur 5 graines.",
        ),
    ] {
        assert_eq!(
            plain(&verdict_over_seeds(Language::French, &verdict)),
            expected
        );
    }
}
