//! Verdicts as sentences, in English and in French.

use super::seeds::{SeedsTest, SeedsVerdict};
use super::{McNemarRecord, Verdict};
use crate::significance::{SIGNIFICANCE, student_t_critical};

/// From so many seeds on the t test needs no further warning.
const ENOUGH_SEEDS: usize = 5;

/// The headline of a verdict as seen from the better model.
struct Headline<'a> {
    better: &'a str,
    worse: &'a str,
    gained: u64,
    lost: u64,
}

impl Verdict {
    fn headline(&self) -> Option<Headline<'_>> {
        let test = &self.mcnemar;
        let better = self.better.as_deref()?;
        let (worse, gained, lost) = if better == test.a {
            (&test.b, test.only_a, test.only_b)
        } else {
            (&test.a, test.only_b, test.only_a)
        };
        Some(Headline {
            better,
            worse,
            gained,
            lost,
        })
    }

    /// The verdict as an English sentence: also the record's own.
    pub fn in_english(&self) -> String {
        let McNemarRecord {
            a, b, only_a: each, ..
        } = &self.mcnemar;
        let images = match self.images {
            0 => "images".to_string(),
            images => format!("{images} images"),
        };
        let Some(headline) = self.headline() else {
            return match each {
                0 => format!("{a} and {b} answered the same of {images} rightly."),
                each => format!(
                    "{a} and {b} are equally accurate: of {images}, each answered {each} rightly that the other did \
                     not."
                ),
            };
        };
        let Headline {
            better,
            worse,
            gained,
            lost,
        } = headline;
        let counts =
            format!("of {images}, {gained} only {better} answered rightly and {lost} only {worse}");
        let corrected = match self.pairs.len() {
            0 | 1 => "",
            _ => ", Holm-corrected",
        };
        let p = p_value(self.mcnemar.p_value, '.');
        let test = format!("McNemar's exact test{corrected}, {p}");
        if self.significant {
            let points = 100.0 * self.difference.abs();
            format!(
                "{better} is more accurate than {worse}, by {points:.2} percentage points: {counts} ({test})."
            )
        } else {
            format!(
                "The data can't tell: {better} is ahead of {worse}, but {counts}, which chance alone could explain \
                 ({test})."
            )
        }
    }

    /// The verdict as a French sentence.
    pub fn in_french(&self) -> String {
        let McNemarRecord {
            a, b, only_a: each, ..
        } = &self.mcnemar;
        let images = match self.images {
            0 => "les images".to_string(),
            images => format!("{images} images"),
        };
        let Some(headline) = self.headline() else {
            return match each {
                0 => format!("{a} et {b} ont bien classé exactement les mêmes images."),
                each => format!(
                    "{a} et {b} ont la même exactitude : sur {images}, chacun en classe bien {each} que l'autre manque."
                ),
            };
        };
        let Headline {
            better,
            worse,
            gained,
            lost,
        } = headline;
        let counts = format!(
            "sur {images}, {better} est seul à en classer bien {gained}, et {worse} à en classer bien {lost}"
        );
        let corrected = match self.pairs.len() {
            0 | 1 => "",
            _ => ", corrigé selon Holm",
        };
        let p = p_value(self.mcnemar.p_value, ',');
        let test = format!("test exact de McNemar{corrected}, {p}");
        if self.significant {
            let points = points_in_french(100.0 * self.difference.abs());
            format!(
                "{better} est plus exact que {worse}, de {points} de pourcentage : {counts} ({test})."
            )
        } else {
            format!(
                "Les données ne permettent pas de trancher : {better} devance {worse}, mais {counts}, ce que le hasard \
                 seul peut expliquer ({test})."
            )
        }
    }
}

/// The headline of a verdict over seeds as seen from the better recipe; numbers as they are shown.
struct Ahead<'a> {
    better: &'a str,
    worse: &'a str,
    points: String,
    over_seeds: Option<String>,
    over_images: String,
    p: Option<String>,
}

impl SeedsVerdict {
    fn ahead(&self, language: &Language) -> Option<Ahead<'_>> {
        let test = &self.test;
        let better = self.better.as_deref()?;
        let a_leads = better == test.a;
        let (worse, sign) = if a_leads {
            (&test.b, 1.0)
        } else {
            (&test.a, -1.0)
        };
        let shown = |points: f64| decimal(100.0 * sign * points, 2, language.point);
        let interval = |[low, high]: [f64; 2]| {
            let (low, high) = if a_leads { (low, high) } else { (high, low) };
            format!("{} {} {}", shown(low), language.to, shown(high))
        };
        Some(Ahead {
            better,
            worse,
            points: shown(test.difference),
            over_seeds: test.interval.map(interval),
            over_images: interval(test.images_interval),
            p: test.p_value.map(|p| p_value(p, language.point)),
        })
    }

    /// The verdict as English sentences, with what so few seeds can't tell.
    pub fn in_english(&self) -> String {
        const TO: Language = Language {
            point: '.',
            to: "to",
        };
        let (a, b, seeds) = (&self.test.a, &self.test.b, self.test.seeds);
        let corrected = match self.pairs.len() {
            0 | 1 => "",
            _ => ", Holm-corrected",
        };
        let Some(ahead) = self.ahead(&TO) else {
            return format!(
                "{a} and {b} are equally accurate on average over {}.",
                counted(seeds, "seed", "seeds")
            );
        };
        let Ahead {
            better,
            worse,
            points,
            over_seeds,
            over_images,
            p,
        } = ahead;
        let (Some(over_seeds), Some(p)) = (over_seeds, p) else {
            return if seeds < 2 {
                format!(
                    "The data can't tell: {better} is ahead of {worse} by {points} percentage points, but with one seed \
                     nothing is known of how much trainings differ; train with several."
                )
            } else {
                format!(
                    "The data can't tell: {better} is ahead of {worse} by exactly {points} percentage points with every \
                     seed, and a t test judges by the spread, of which there is none."
                )
            };
        };
        let test = format!("95 % interval {over_seeds}; paired t test over seeds{corrected}, {p}");
        let mut text = match (self.seeds_tell(), self.images_tell()) {
            (true, true) => format!(
                "{better} is more accurate than {worse}, by {points} percentage points on average over {seeds} seeds \
                 ({test}); the images say the same (95 % interval {over_images})."
            ),
            (true, false) => format!(
                "The data can't tell: {better} is ahead of {worse} by {points} percentage points on average over \
                 {seeds} seeds ({test}), but on other images of the same kind it could be the other way round (95 % \
                 interval {over_images})."
            ),
            (false, true) => format!(
                "The data can't tell: {better} is ahead of {worse} by {points} percentage points on average over \
                 {seeds} seeds, but with other seeds it could be the other way round ({test})."
            ),
            (false, false) => format!(
                "The data can't tell: {better} is ahead of {worse} by {points} percentage points on average over \
                 {seeds} seeds, but with other seeds ({test}) or other images (95 % interval {over_images}) it could be \
                 the other way round."
            ),
        };
        if let Some(factor) = self.factor('.') {
            text += &format!(
                " With {seeds} seeds a difference counts only from {factor} times its own spread on, and whether that \
                 spread is normal, as the test supposes, can't be seen."
            );
        }
        text
    }

    /// The verdict as French sentences, with what so few seeds can't tell.
    pub fn in_french(&self) -> String {
        const TO: Language = Language {
            point: ',',
            to: "à",
        };
        let (a, b, seeds) = (&self.test.a, &self.test.b, self.test.seeds);
        let corrected = match self.pairs.len() {
            0 | 1 => "",
            _ => ", corrigé selon Holm",
        };
        let Some(ahead) = self.ahead(&TO) else {
            return format!(
                "{a} et {b} ont la même exactitude en moyenne sur {}.",
                counted(seeds, "graine", "graines")
            );
        };
        let Ahead {
            better,
            worse,
            points: _,
            over_seeds,
            over_images,
            p,
        } = ahead;
        let points = points_in_french(100.0 * self.test.difference.abs());
        let (Some(over_seeds), Some(p)) = (over_seeds, p) else {
            return if seeds < 2 {
                format!(
                    "Les données ne permettent pas de trancher : {better} devance {worse} de {points} de \
                     pourcentage, mais une seule graine ne dit rien de l'écart entre entraînements ; il en faut \
                     plusieurs."
                )
            } else {
                format!(
                    "Les données ne permettent pas de trancher : {better} devance {worse} d'exactement {points} de \
                     pourcentage avec chaque graine, et le test t juge d'après la dispersion, ici nulle."
                )
            };
        };
        let test = format!(
            "intervalle à 95 % de {over_seeds} ; test t apparié sur les graines{corrected}, {p}"
        );
        let mut text = match (self.seeds_tell(), self.images_tell()) {
            (true, true) => format!(
                "{better} est plus exact que {worse}, de {points} de pourcentage en moyenne sur {seeds} graines \
                 ({test}) ; les images le confirment (intervalle à 95 % de {over_images})."
            ),
            (true, false) => format!(
                "Les données ne permettent pas de trancher : {better} devance {worse} de {points} de pourcentage \
                 en moyenne sur {seeds} graines ({test}), mais d'autres images du même genre pourraient dire l'inverse \
                 (intervalle à 95 % de {over_images})."
            ),
            (false, true) => format!(
                "Les données ne permettent pas de trancher : {better} devance {worse} de {points} de pourcentage \
                 en moyenne sur {seeds} graines, mais d'autres graines pourraient dire l'inverse ({test})."
            ),
            (false, false) => format!(
                "Les données ne permettent pas de trancher : {better} devance {worse} de {points} de pourcentage \
                 en moyenne sur {seeds} graines, mais d'autres graines ({test}) ou d'autres images (intervalle à 95 % de \
                 {over_images}) pourraient dire l'inverse."
            ),
        };
        if let Some(factor) = self.factor(',') {
            text += &format!(
                " Avec {seeds} graines, une différence ne compte qu'à partir de {factor} fois sa propre dispersion, et \
                 rien ne montre si celle-ci est normale, comme le test le suppose."
            );
        }
        text
    }

    fn seeds_tell(&self) -> bool {
        self.test.seeds_tell()
    }

    fn images_tell(&self) -> bool {
        self.test.images_tell()
    }

    /// How many of its standard deviations a mean difference must reach, where seeds are too few to say no more.
    fn factor(&self, point: char) -> Option<String> {
        let SeedsTest { seeds, .. } = self.test;
        (2..ENOUGH_SEEDS).contains(&seeds).then(|| {
            let reach = student_t_critical(SIGNIFICANCE, seeds - 1) / (seeds as f64).sqrt();
            decimal(reach, 1, point)
        })
    }
}

/// How a language writes numbers.
struct Language {
    /// The decimal point.
    point: char,
    /// Between the ends of an interval.
    to: &'static str,
}

fn counted(count: usize, one: &str, many: &str) -> String {
    match count {
        1 => format!("1 {one}"),
        count => format!("{count} {many}"),
    }
}

fn decimal(value: f64, digits: usize, point: char) -> String {
    let text = format!("{value:.digits$}");
    // Rounding may leave "-0.00".
    let text = match text.strip_prefix('-') {
        Some(rest) if rest.bytes().all(|byte| matches!(byte, b'0' | b'.')) => rest.to_string(),
        _ => text,
    };
    text.replace('.', &point.to_string())
}

/// French counts in the singular up to two.
fn points_in_french(points: f64) -> String {
    let noun = if points < 2.0 { "point" } else { "points" };
    format!("{} {noun}", decimal(points, 2, ','))
}

fn p_value(p: f64, point: char) -> String {
    match p {
        p if p < 0.0001 => format!("p < {}", decimal(0.0001, 4, point)),
        p if p < 0.1 => format!("p = {}", decimal(p, 4, point)),
        p => format!("p = {}", decimal(p, 2, point)),
    }
}
