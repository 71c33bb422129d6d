//! Verdicts as French sentences.

use crate::Language;
use measure::record::{Headline, McNemarRecord, SeedsFigure, SeedsHeadline, SeedsVerdict, Verdict};

const FR: Language = Language::French;
const CANNOT_TELL: &str = "Les données ne permettent pas de trancher :";

/// What the record's own sentence says, in French.
pub fn verdict(verdict: &Verdict, images: usize) -> String {
    let McNemarRecord { a, b, only_a, .. } = &verdict.mcnemar;
    let images = FR.count(images as u64);
    let Some(headline) = verdict.headline() else {
        return match only_a {
            0 => format!("{a} et {b} donnent la bonne réponse aux mêmes images, sur {images}."),
            only_a => {
                let answers = match only_a {
                    1 => "bonne réponse",
                    _ => "bonnes réponses",
                };
                format!(
                    "{a} et {b} sont aussi exacts l’un que l’autre : sur {images} images, chacun donne {} {answers} que \
                     l’autre n’a pas.",
                    FR.count(*only_a)
                )
            }
        };
    };
    let Headline { better, worse, .. } = headline;
    let counts = format!(
        "sur {images} images, {better} est seul à donner la bonne réponse à {} d’entre elles, et {worse} à {}",
        FR.count(headline.gained),
        FR.count(headline.lost)
    );
    let test = format!(
        "test exact de McNemar{}, {}",
        corrected(verdict.pairs.len()),
        FR.p_value(verdict.mcnemar.p_value)
    );
    if verdict.significant {
        let points = points(headline.points, "de pourcentage");
        format!("{better} est plus exact que {worse}, de {points} : {counts} ({test}).")
    } else if verdict.is_unbacked() {
        let [low, high] = headline.interval.map(|end| FR.decimal(end, 2));
        format!(
            "{CANNOT_TELL} {better} devance {worse} : {counts}, ce que le hasard seul n’explique guère ({test}) ; mais \
             un nouveau tirage des images donne un écart de {low} à {high} points de pourcentage (intervalle à 95 %), \
             qui n’exclut pas un écart nul."
        )
    } else {
        format!(
            "{CANNOT_TELL} {better} devance {worse}, mais {counts}, ce que le hasard seul pourrait expliquer ({test})."
        )
    }
}

/// What the record's own sentences over seeds say, in French.
pub fn verdict_over_seeds(verdict: &SeedsVerdict) -> String {
    let (a, b, seeds) = (&verdict.test.a, &verdict.test.b, verdict.test.seeds);
    let (equal, more, unit) = match verdict.figure {
        SeedsFigure::Accuracy => ("la même exactitude", "est plus exact", "de pourcentage"),
        SeedsFigure::AveragePrecision => (
            "la même précision moyenne",
            "détecte mieux",
            "de précision moyenne",
        ),
    };
    let Some(headline) = verdict.headline() else {
        let number = match seeds {
            1 => "1 graine".to_string(),
            seeds => format!("{seeds} graines"),
        };
        return format!("{a} et {b} ont {equal} en moyenne sur {number}.");
    };
    let SeedsHeadline { better, worse, .. } = headline;
    let points = points(headline.points, unit);
    let range = |interval: [f64; 2]| {
        let [low, high] = interval.map(|end| FR.decimal(end, 2));
        format!("intervalle à 95 % de {low} à {high}")
    };
    let (Some(over_seeds), Some(p)) = (headline.over_seeds.map(range), headline.p_value) else {
        return if seeds < 2 {
            format!(
                "{CANNOT_TELL} {better} devance {worse} de {points}, mais une seule graine ne dit rien de l’écart \
                 entre entraînements ; il en faut plusieurs."
            )
        } else {
            format!(
                "{CANNOT_TELL} {better} devance {worse} d’exactement {points} avec chaque graine, et le test t juge \
                 d’après la dispersion, ici nulle."
            )
        };
    };
    let test = format!(
        "{over_seeds} ; test t apparié sur les graines{}, {}",
        corrected(verdict.pairs.len()),
        FR.p_value(p)
    );
    let over_images = headline.over_images.map(range).unwrap_or_default();
    let ahead = format!("{better} devance {worse} de {points} en moyenne sur {seeds} graines");
    let found = format!("{better} {more} que {worse}, de {points} en moyenne sur {seeds} graines");
    let mut text = match (verdict.test.seeds_tell(), verdict.test.images_tell()) {
        (true, Some(true)) => {
            format!("{found} ({test}) ; les images le confirment ({over_images}).")
        }
        (true, Some(false)) => format!(
            "{CANNOT_TELL} {ahead} ({test}), mais d’autres images du même genre pourraient dire l’inverse \
             ({over_images})."
        ),
        (true, None) => {
            format!("{found} ({test}) ; rien ne montre si d’autres images en diraient autant.")
        }
        (false, Some(true) | None) => {
            format!(
                "{CANNOT_TELL} {ahead}, mais d’autres graines pourraient dire l’inverse ({test})."
            )
        }
        (false, Some(false)) => format!(
            "{CANNOT_TELL} {ahead}, mais d’autres graines ({test}) ou d’autres images ({over_images}) pourraient dire \
             l’inverse."
        ),
    };
    if let Some(factor) = verdict.factor() {
        text += &format!(
            " Avec {seeds} graines, une différence ne compte qu’à partir de {} fois sa propre dispersion, et rien ne \
             montre si celle-ci est normale, comme le test le suppose.",
            FR.decimal(factor, 1)
        );
    }
    text
}

/// The plural starts at two.
fn points(points: f64, of: &str) -> String {
    let noun = if points < 2.0 { "point" } else { "points" };
    format!("{} {noun} {of}", FR.decimal(points, 2))
}

fn corrected(pairs: usize) -> &'static str {
    match pairs {
        0 | 1 => "",
        _ => ", correction de Holm",
    }
}

#[cfg(test)]
mod tests;
