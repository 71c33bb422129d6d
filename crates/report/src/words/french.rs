//! The French words of reports.

use super::Words;
use crate::Language;
use crate::scenes::Kind;
use measure::record::{
    Headline, McNemarRecord, NoEnergy, SeedsFigure, SeedsHeadline, SeedsVerdict, Verdict,
};

pub static FRENCH: Words = Words {
    verdict,
    seeds_verdict,
    split: |split| match split {
        "test" => "de test".to_string(),
        "validation" => "de validation".to_string(),
        "train" | "training" => "d’entraînement".to_string(),
        other => format!("« {other} »"),
    },
    loss_part: |part| match part {
        "objectness" => Some("présence d’objet"),
        "rpn_box" => Some("boîte des propositions"),
        "class" => Some("classe"),
        "box" | "roi_box" => Some("boîte"),
        _ => None,
    },
    no_energy: |reason| match reason {
        NoEnergy::NoCounter => {
            "la machine ne montre aucun compteur, comme la plupart des machines virtuelles"
        }
        NoEnergy::NotPermitted => "seul l’administrateur du système peut lire le compteur",
        NoEnergy::Gpu => "une carte graphique a calculé, et son compteur n’a pas été lu",
        NoEnergy::Several => {
            "plusieurs appareils ont calculé, et aucun compteur ne les couvre tous"
        }
    },
    box_mistake: |kind| match kind {
        Kind::Missed => "manqué",
        Kind::Classification => "mauvaise classe",
        Kind::Localisation => "mal placé",
        Kind::Both => "classe et boîte",
        Kind::Duplicate => "trouvé deux fois",
        Kind::Background => "rien à trouver",
    },
    // The plural starts at two.
    so_many_images: |images| match images {
        0 | 1 => format!("{images} image"),
        images => format!("{} images", FR.count(images)),
    },
    epoch_columns: [
        "Époque",
        "Perte",
        "Perte de validation",
        "Exactitude",
        "Exactitude de validation",
        "Taux d’apprentissage",
        "Durée",
        "Images/s",
    ],

    // Page.
    lang: "fr",
    skip: "Aller au contenu",
    contents: "Sommaire",
    footer: "Produit par atelier. Cette page tient en un seul fichier : elle n’a besoin ni de réseau ni de script.",
    nothing: "Aucun entraînement",
    title_two: "{a} ou {b} ?",
    title_many: "{many} ou {last} ?",
    eyebrow: "{images} images de {data}, ensemble {split} · {date}",
    single: "{accuracy} des {images} images reçoivent la bonne réponse, {wrong} une mauvaise. Sur de nouvelles images du même genre, attendez-vous à une exactitude de {low} à {high} (intervalle à 95 %).",
    single_boxes: "La précision moyenne est de {map} (à un IoU de 0,50 : {map_50}) sur {images} images montrant chacune plusieurs objets, ou aucun.",
    several_boxes: "Précision moyenne : {best} {most}, {others}. Les images montrent plusieurs objets : il n’y a pas une réponse par image à tester, et seuls des entraînements avec plusieurs graines diraient si l’écart n’est pas dû au hasard.",
    train_one: "Entraîné pendant {time} ({epochs}), {name} traite {rate} images par seconde.",
    train_only: "{name} a été entraîné pendant {time} ({epochs}).",
    one_epoch: "1 époque",
    many_epochs: "{epochs} époques",
    train_two: "{fast} a été entraîné en {fast-time} ; {slow} en {slow-time}{ratio}.",
    train_ratio: ", soit {ratio} fois plus longtemps",
    infer_two: "Une fois entraîné, {quick} traite {quick-rate} images par seconde, et {slow} {slow-rate}.",

    // Figures.
    figures: "Résultats",
    figure: "Grandeur",
    quality: "Qualité",
    cost: "Coût",
    table_caption: "La meilleure valeur de chaque ligne est en gras et porte la marque ◂. Des valeurs qui s’écrivent de la même façon ne sont pas départagées.",
    table_caption_one: "Mesuré sur des images que l’entraînement n’a jamais vues.",
    intervals_alt: "Exactitude de chaque modèle avec son intervalle à 95 %",
    intervals_caption: "<b>Exactitude et intervalles à 95 %</b> (Wilson)",
    difference: "Exactitude de {a} moins celle de {b}, en points de pourcentage : {difference}, intervalle à 95 % de {low} à {high} (bootstrap apparié) ; test exact de McNemar : {p}.",
    significant: "Un tel écart n’est guère l’effet du hasard.",
    not_significant: "Le hasard seul produit de tels écarts : ces images ne permettent pas de dire lequel est le meilleur.",
    tests_disagree: "Le test et l’intervalle se contredisent : ces images ne permettent pas de dire lequel est le meilleur.",
    is_significant: "écart significatif",
    is_not_significant: "écart non significatif",
    pairs_caption: "Test exact de McNemar pour chaque paire, valeurs p corrigées par la méthode de Holm",
    pair: "Paire",
    only_first: "seul le premier a raison",
    only_second: "seul le second a raison",
    accuracy: "Exactitude",
    f1: "F1",
    precision: "Précision",
    recall: "Rappel",
    map: "Précision moyenne (IoU de 0,50 à 0,95)",
    further: "Autres mesures",
    further_caption: "Tirées des mêmes prédictions ; la meilleure de chaque ligne est marquée.",

    // Learning curves.
    curves: "Courbes d’apprentissage",
    training: "entraînement",
    validation: "validation",
    epoch: "époque",
    epochs: "Époques",
    seconds: "secondes d’entraînement",
    minutes: "minutes d’entraînement",
    hours: "heures d’entraînement",
    loss_axis: "perte",
    accuracy_axis: "exactitude",
    accuracy_over_epochs: "Exactitude au fil des époques",
    accuracy_over_seconds: "Exactitude au fil du temps",
    map_over_epochs: "Précision moyenne au fil des époques",
    map_over_seconds: "Précision moyenne au fil du temps",
    loss_over_epochs: "Perte au fil des époques",
    loss_over_seconds: "Perte au fil du temps",
    curves_note: "Les axes sont logarithmiques (pour l’exactitude : en ce qui manque à 100 %), sauf quand les valeurs sont voisines. La perte d’un détecteur est la somme de ses parties : son niveau ne se compare pas à celui d’un classifieur, mais son évolution, oui. Les valeurs d’entraînement sont des moyennes sur une époque pendant laquelle les poids changent, avec l’abandon (dropout) et l’augmentation que prévoit la recette : la validation peut paraître meilleure.",
    no_accuracy: "Aucune exactitude n’a été relevée pendant l’entraînement :",
    loss_parts: "Parties de la perte de",
    epochs_as_table: "Époque par époque, en tableaux",

    // Mistakes.
    differences: "Là où ils divergent",
    mistakes: "Erreurs",
    right: "juste",
    wrong: "faux",
    none: "Aucune.",
    no_mistakes: "Toutes les images ont reçu la bonne réponse.",
    paired_caption: "Nombre d’images selon qui a donné la bonne réponse. Le test de signification ne regarde que celles où l’un a raison et l’autre tort.",
    gallery_note: "Chaque image avec son numéro dans l’ensemble de test, sa vraie classe, et la réponse de chacun avec sa confiance, les erreurs les plus assurées d’abord. Les contours colorés sont la meilleure boîte d’un détecteur ; le pointillé blanc est la boîte annotée.",
    gallery_note_one: "Chaque image avec son numéro dans l’ensemble de test, sa vraie classe, et la réponse avec sa confiance, les erreurs les plus assurées d’abord. Les contours colorés sont la meilleure boîte d’un détecteur ; le pointillé blanc est la boîte annotée.",
    only_wrong: "Seul {name} se trompe",
    several_wrong: "Plusieurs se trompent, mais pas tous",
    both_wrong: "Les deux se trompent",
    all_wrong: "Tous se trompent",
    more: "{more} de plus, sur {all}",
    confident: "Les erreurs les plus assurées",
    confident_note: "Fausses, et sûres d’elles : ces réponses méritent un second regard, sur le modèle comme sur l’annotation.",
    number: "Nᵒ",
    truth_is: "est",
    picture_alt: "Image {number} de l’ensemble de test, vraie classe {truth}",
    no_picture: "pas d’image",

    // Confusion matrices and classes.
    confusion: "Matrices de confusion",
    confusion_of: "Matrice de confusion de {name}",
    confusion_note: "En ligne la vérité, en colonne la réponse. La diagonale est juste ; les erreurs sont en orange, d’autant plus vif qu’elles sont nombreuses.",
    counts_caption: "Nombre d’images",
    shares_caption: "En pour cent de la ligne",
    in_shares: "En pour cent de chaque ligne",
    right_share: "juste, %",
    truth: "Vérité",
    images: "Images",
    most_frequent: "Erreurs les plus fréquentes, vérité → réponse :",
    classes: "Classe par classe",
    class: "Classe",
    missed: "Parmi les images d’une classe, combien sont manquées",
    claimed: "Parmi les réponses pour une classe, combien sont fausses",
    share_axis: "part d’erreurs",
    worst_classes: "Les classes qui comptent le plus d’erreurs ; le tableau les contient toutes.",
    classes_as_table: "Précision, rappel et F1 de chaque classe",

    // Detections.
    boxes: "Détections",
    boxes_note: "Un détecteur dit où, en plus de dire quoi. Sa meilleure boîte sur chaque image est tracée en couleur, la boîte annotée en pointillé blanc.",
    first_images: "Les premières images de l’ensemble :",
    worst_boxes: "Là où la boîte tombe le plus mal :",
    nothing_seen: "Images où rien n’a été détecté :",

    // Curves over the threshold.
    thresholds: "Courbes ROC et précision-rappel",
    thresholds_note: "Chaque classe contre toutes les autres, toutes réunies : une image est attribuée à une classe quand sa probabilité dépasse un seuil, et les courbes montrent ce que l’on gagne et ce que l’on perd à l’abaisser. Le mieux est en haut à gauche (ROC) et en haut à droite (précision-rappel). Les axes sont logarithmiques en ce qui manque : sinon, le coin où vivent les bons modèles ne serait qu’un point.",
    roc: "Courbe ROC",
    false_positives: "attribuées à tort (parmi les images hors de la classe)",
    true_positives: "trouvées (parmi les images de la classe)",
    precision_recall: "Courbe précision-rappel",
    precision_axis: "précision",
    recall_axis: "rappel",
    areas_as_table: "Aire sous la courbe ROC et précision moyenne de chaque classe",
    areas_caption: "Chaque classe contre toutes les autres",
    roc_auc: "Aire ROC",
    average_precision: "Précision moyenne",

    // Calibration and time.
    calibration: "La confiance est-elle méritée ?",
    calibration_note: "Parmi les réponses données avec une confiance de 80 %, quatre sur cinq devraient être justes : les points seraient sur la ligne pointillée. Au-dessous, un modèle est trop sûr de lui ; au-dessus, trop modeste. Les traits verticaux sont des intervalles à 95 % : longs là où peu d’images les appuient.",
    confidence: "confiance",
    images_log: "images (log)",
    time_to_accuracy: "Temps pour apprendre",
    time_to_accuracy_note: "Temps d’entraînement jusqu’à la fin de la première époque qui a atteint une exactitude en validation",
    some_reached: "{time} ({reached} sur {all})",
    time_to: "Temps pour atteindre",
    mean: "Moyenne",
    deviation: "Écart type",

    // Labels that look wrong, and images of several objects.
    suspects: "Étiquettes douteuses",
    suspects_note: "Ensemble, les modèles donnent à une autre classe au moins la probabilité qu’ils donnent d’ordinaire à ses images (règle de Northcutt, Jiang et Chuang, 2021) : regardez ces images avant d’accuser un modèle.",
    looks_like: "évoque plutôt {class} : {probability} contre {annotated}",
    suspects_more: "Les plus nettes parmi {all}.",
    scenes: "Erreurs dans les images",
    scenes_note: "Détections d’un score d’au moins {score}, comparées aux objets : une détection est juste si sa classe l’est et si elle recouvre l’objet avec un IoU d’au moins 0,5. Les cadres blancs en pointillé sont les annotations, les cadres de couleur les détections, et les cadres épais ce que dit le titre. Le tableau des erreurs compte aussi les détections plus faibles.",
    scene_alt: "Image {number} de l’ensemble de test, à {objects} objets ; {kind} : {wrong}",
    objects_in_it: "objets : {objects}",
    box_mistakes: "Où se perd la précision moyenne",
    box_mistakes_note: "Chaque détection qui n’a trouvé aucun objet, selon ce qui ne va pas (d’après Bolya et al., TIDE, 2020), et ce que la précision moyenne à un IoU de 0,50 gagnerait si l’on ne corrigeait que cela : la classe et la place sont ainsi distinguées.",
    box_mistakes_caption: "Toute détection compte, si faible soit-elle",
    mistake: "Erreur",
    number_of: "nombre",
    ap_lost: "précision perdue",
    ap_lost_axis: "précision moyenne perdue",
    ap_lost_caption: "Précision moyenne à un IoU de 0,50 que coûte chaque type d’erreur",

    // Cost.
    costs: "Ce que cela coûte",
    markets_note: "Mieux vaut être en haut à gauche. La ligne pointillée relie les entraînements qu’aucun autre ne bat, en étant aussi peu coûteux et meilleur, ou aussi bon et moins coûteux ; les traits à travers les points sont des intervalles à 95 %.",
    gain_accuracy: "Exactitude",
    gain_map: "Précision moyenne",
    against_train_time: "selon la durée de l’entraînement",
    against_latency: "selon le temps pour une image",
    against_multiply_adds: "selon les multiplications-additions",
    latency_axis: "millisecondes pour une image (médiane)",
    multiply_adds_axis: "millions de multiplications-additions pour une image",
    map_axis: "précision moyenne",
    front: "Qu’aucun autre ne bat :",
    latency: "Temps pour une image",
    latency_caption: "Temps pour une image seule : médiane, 95 sur 100 (trait dessous) et 99 sur 100 (bout de la ligne)",
    milliseconds: "millisecondes",
    throughput_over_batches: "Images par seconde selon le nombre d’images traitées à la fois",
    batch_axis: "images traitées à la fois",
    throughput_axis: "images/s",
    batches_as_table: "Images par seconde selon la taille des lots, en tableau",
    energy_measured: "L’énergie est celle de tout le processeur, selon son propre compteur : ce qui tournait en même temps compte aussi.",
    energy_unavailable: "Énergie : non disponible",

    // Several trainings of each recipe.
    over_seeds: "Entraînement par entraînement",
    over_seeds_note: "Chaque recette a été entraînée avec {seeds} graines. Le tableau donne des moyennes et, après ±, l’écart type d’une graine à l’autre.",
    over_seeds_caption: "sur les graines : la marque et la ligne sont la moyenne et son intervalle à 95 % (loi de Student), chaque trait dessous est un entraînement",
    over_seeds_alt: "Moyenne sur les graines de chaque recette, avec son intervalle à 95 %",
    over_seeds_table: "Mesures de chaque entraînement",
    shown_seed: "Ce qui montre des réponses une à une (la galerie, les matrices, les courbes selon un seuil) montre le premier entraînement de chaque recette : {runs}.",
    seed_pairs_caption: "Écart en points de pourcentage et ses intervalles ; test t apparié sur les graines, valeurs p de plusieurs paires corrigées par la méthode de Holm",
    difference_short: "points",
    interval_seeds: "95 % sur les graines",
    interval_images: "95 % sur les images",
    run: "Entraînement",
    trainings_means: "Moyennes sur {seeds} graines.",

    // COCO's curves, and further figures.
    coco_precision_recall: "Précision et rappel des boîtes",
    coco_note: "À la manière de COCO : à chaque rappel, la meilleure précision à ce rappel ou au-delà, en moyenne sur les classes. L’aire sous une courbe est la précision moyenne indiquée.",
    coco_50: "Boîtes à un IoU de 0,50",
    coco_75: "Boîtes à un IoU de 0,75",
    coco_50_95: "Boîtes, moyenne des IoU de 0,50 à 0,95",
    weights_digest: "Poids",
    recipe_name: "Recette",

    // How it was made.
    recipe: "Recette",
    recipes: "Recettes",
    recipes_note: "Les lignes qui diffèrent sont marquées ≠.",
    repeat: "Pour refaire l’expérience",
    repeat_note: "Cette commande a écrit cette page ; celle de chaque entraînement est ci-dessous.",
    command: "Commande",
    seed: "Graine",
    data: "Données",
    device: "Appareil",
    threads: "Fils d’exécution",
    processor: "Processeur",
    cores: "Cœurs",
    memory: "Mémoire",
    system: "Système",
    version: "atelier",
    date: "Début",
};

const FR: Language = Language::French;
const CANNOT_TELL: &str = "Les données ne permettent pas de trancher :";

/// What the record's own sentence says, in French.
fn verdict(verdict: &Verdict, images: usize) -> String {
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
fn seeds_verdict(verdict: &SeedsVerdict) -> String {
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
mod tests {
    use super::*;
    use crate::tests::plain;
    use measure::record::SeedsTest;

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
            ..Default::default()
        };
        assert_eq!(
            plain(&verdict(&verdict_of, 10_000)),
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
                ..Default::default()
            };
            assert_eq!(
                plain(&verdict(&tie, 40)),
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
            assert_eq!(plain(&seeds_verdict(&verdict)), expected);
        }
    }
}
