//! Texts that depend on a value.

use crate::Language;
use crate::scenes::Kind;
use measure::record::NoEnergy;

/// Column headings of the table of epochs.
pub fn epoch_columns(language: Language) -> [&'static str; 8] {
    match language {
        Language::English => [
            "Epoch",
            "Loss",
            "Validation loss",
            "Accuracy",
            "Validation accuracy",
            "Learning rate",
            "Time",
            "Images/s",
        ],
        Language::French => [
            "Époque",
            "Perte",
            "Perte de validation",
            "Exactitude",
            "Exactitude de validation",
            "Taux d’apprentissage",
            "Durée",
            "Images/s",
        ],
    }
}

/// Which set a split is, in the line above the title.
pub fn split(language: Language, split: &str) -> String {
    let french = match split {
        _ if language == Language::English => split,
        "test" => "de test",
        "validation" => "de validation",
        "train" | "training" => "d’entraînement",
        other => return format!("«\u{202f}{other}\u{202f}»"),
    };
    french.to_string()
}

/// A part of a detector's loss; a part without a name keeps its key.
pub fn loss_part(language: Language, part: &str) -> &str {
    let names = match part {
        "objectness" => ["objectness", "présence d’objet"],
        "rpn_box" => ["proposal box", "boîte des propositions"],
        "class" => ["class", "classe"],
        "box" | "roi_box" => ["box", "boîte"],
        part => [part; 2],
    };
    names[language as usize]
}

/// Why energy was not measured.
pub fn no_energy(language: Language, reason: NoEnergy) -> &'static str {
    let texts = match reason {
        NoEnergy::NoCounter => [
            "this machine has no energy counter, like most virtual machines",
            "la machine ne montre aucun compteur, comme la plupart des machines virtuelles",
        ],
        NoEnergy::NotPermitted => [
            "only root may read the counter, /sys/class/powercap/*/energy_uj",
            "seul l’administrateur du système peut lire le compteur",
        ],
        NoEnergy::Gpu => [
            "the GPU’s counter was not read",
            "une carte graphique a calculé, et son compteur n’a pas été lu",
        ],
        NoEnergy::Several => [
            "some devices have no energy counter",
            "plusieurs appareils ont calculé, et aucun compteur ne les couvre tous",
        ],
    };
    texts[language as usize]
}

/// What is wrong with a detection, or with an object that was missed.
pub fn box_mistake(language: Language, kind: Kind) -> &'static str {
    let names = match kind {
        Kind::Missed => ["missed", "manqué"],
        Kind::Classification => ["wrong class", "mauvaise classe"],
        Kind::Localisation => ["badly placed", "mal placé"],
        Kind::Both => ["class and box", "classe et boîte"],
        Kind::Duplicate => ["found twice", "trouvé deux fois"],
        Kind::Background => ["nothing there", "rien à trouver"],
    };
    names[language as usize]
}

/// A number of images.
pub fn images(language: Language, images: u64) -> String {
    let noun = match (language, images) {
        (_, 1) | (Language::French, 0) => "image",
        _ => "images",
    };
    format!("{} {noun}", language.count(images))
}
