//! The table of metrics: each has its key, name, direction, formatting and place in an evaluation here, and only here.

use serde::Serialize;

use crate::Language;
use measure::detection::DetectionMistakes;
use measure::record::{
    ClassificationScores, Energy, Evaluation, InferenceSpeed, LocalisationFigures,
};

/// Which direction is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Better {
    /// More.
    Higher,
    /// Less.
    Lower,
}

/// The part of a report that shows a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Group {
    /// The main table: how good the predictions are.
    Quality,
    /// The main table: what they cost.
    Cost,
    /// The table of further metrics.
    Further,
    /// A section of its own.
    Section,
}

/// Whether the terminal's table shows a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Terminal {
    /// It does.
    Always,
    /// Only where images show several objects.
    Scenes,
    /// It does not.
    Never,
}

/// A metric.
pub struct Metric {
    /// Its name in data files, the same in every language.
    pub key: &'static str,
    /// Its name in English and in French.
    pub name: [&'static str; 2],
    /// Where reports show it.
    pub group: Group,
    /// Whether the terminal shows it.
    pub terminal: Terminal,
    /// Which direction is good.
    pub better: Better,
    /// How a value is written.
    pub show: fn(Language, f64) -> String,
    /// Its value; `None` where it was not measured.
    pub value: fn(&Evaluation) -> Option<f64>,
}

impl Metric {
    /// The metric of a key; the key must be one of [`METRICS`].
    pub fn of(key: &str) -> &'static Self {
        let found = METRICS.iter().find(|metric| metric.key == key);
        found.unwrap_or(&METRICS[0])
    }

    /// Its name in a language.
    pub fn name(&self, language: Language) -> &'static str {
        self.name[language as usize]
    }
}

macro_rules! metrics {
    ($($group:ident $terminal:ident { $(
        $key:ident $better:ident $show:ident($($digits:literal)?) $english:literal $french:literal $value:expr;
    )* })*) => {
        /// All metrics, in the order in which they are shown.
        pub static METRICS: &[Metric] = &[$($(Metric {
            key: stringify!($key),
            name: [$english, $french],
            group: Group::$group,
            terminal: Terminal::$terminal,
            better: Better::$better,
            show: |language, value| language.$show(value $(, $digits)?),
            value: $value,
        },)*)*];
    };
}

metrics! {
    Quality Always {
        accuracy Higher percent(2) "Accuracy" "Exactitude" |e| Some(scores(e)?.accuracy);
        f1_macro Higher decimal(4) "F1 (mean of classes)" "F1 (moyenne des classes)" |e| Some(scores(e)?.f1_macro);
        precision_macro Higher decimal(4) "Precision (mean of classes)" "Précision (moyenne des classes)"
            |e| Some(scores(e)?.precision_macro);
        recall_macro Higher decimal(4) "Recall (mean of classes)" "Rappel (moyenne des classes)"
            |e| Some(scores(e)?.recall_macro);
        loss Lower decimal(4) "Loss (negative log-likelihood, nats)" "Perte (log-vraisemblance négative, en nats)"
            |e| Some(scores(e)?.loss);
    }
    Quality Never {
        ece Lower percent(2) "Calibration error (ECE)" "Erreur de calibration (ECE)" |e| Some(scores(e)?.ece);
    }
    Quality Always {
        mean_iou Higher decimal(3) "Box overlap (mean IoU)" "Recouvrement des boîtes (IoU moyen)"
            |e| Some(boxes(e)?.mean_iou);
        map_50 Higher decimal(3) "Average precision (IoU 0.50)" "Précision moyenne (IoU de 0,50)"
            |e| boxes(e)?.map_50;
        map Higher decimal(3) "Average precision (IoU 0.50 to 0.95)" "Précision moyenne (IoU de 0,50 à 0,95)"
            |e| boxes(e)?.map;
    }
    Further Never {
        balanced_accuracy Higher percent(2) "Balanced accuracy" "Exactitude équilibrée"
            |e| Some(scores(e)?.balanced_accuracy);
        top_2 Higher percent(2) "Truth among the two most probable" "Vérité parmi les deux classes les plus probables"
            |e| Some(scores(e)?.top_2);
        cohens_kappa Higher decimal(4) "Cohen’s kappa" "Kappa de Cohen" |e| Some(scores(e)?.cohens_kappa);
        matthews Higher decimal(4) "Matthews correlation" "Corrélation de Matthews" |e| Some(scores(e)?.matthews);
        brier Lower decimal(4) "Brier score (0 to 2)" "Score de Brier (de 0 à 2)" |e| Some(scores(e)?.brier);
        ece_equal_mass Lower percent(2) "Calibration error (bins of equal mass)"
            "Erreur de calibration (tranches de même effectif)" |e| Some(scores(e)?.ece_equal_mass);
        precision_weighted Higher decimal(4) "Precision (weighted by class size)"
            "Précision (pondérée par l’effectif des classes)" |e| scores(e)?.precision_weighted;
        f1_weighted Higher decimal(4) "F1 (weighted by class size)" "F1 (pondéré par l’effectif des classes)"
            |e| scores(e)?.f1_weighted;
        roc_auc_macro Higher decimal(5) "ROC AUC (mean of classes)" "Aire ROC (moyenne des classes)"
            |e| scores(e)?.roc_auc_macro;
        average_precision_macro Higher decimal(5) "Average precision of classes (one against the rest)"
            "Précision moyenne des classes (chacune contre les autres)" |e| scores(e)?.average_precision_macro;
    }
    Further Scenes {
        found Higher percent(2) "Objects found (any class, IoU 0.5)" "Objets trouvés (toutes classes, IoU de 0,5)"
            |e| boxes(e)?.found;
        found_accuracy Higher percent(2) "Correct class (of the objects found)"
            "Bonne classe (parmi les objets trouvés)" |e| boxes(e)?.found_accuracy;
        map_75 Higher decimal(3) "Average precision (IoU 0.75)" "Précision moyenne (IoU de 0,75)"
            |e| boxes(e)?.map_75;
    }
    Further Never {
        mar_1 Higher decimal(3) "Average recall (1 detection per image)" "Rappel moyen (1 détection par image)"
            |e| boxes(e)?.mar_1;
    }
    Further Scenes {
        mar_100 Higher decimal(3) "Average recall (100 detections per image)"
            "Rappel moyen (100 détections par image)" |e| boxes(e)?.mar_100;
    }
    Section Scenes {
        ap_lost_localisation Lower percent(2) "Average precision lost to badly placed boxes"
            "Précision moyenne perdue : boîtes mal placées" |e| mistakes(e)?.localisation.ap_lost;
        ap_lost_classification Lower percent(2) "Average precision lost to wrong classes"
            "Précision moyenne perdue : mauvaises classes" |e| mistakes(e)?.classification.ap_lost;
    }
    Cost Always {
        train_time Lower duration() "Training time" "Durée de l’entraînement" |e| measured(e.train_s);
        throughput Higher significant() "Images per second (inference)" "Images par seconde (inférence)"
            |e| measured(e.infer_images_per_s);
        latency_p50 Lower milliseconds() "Time for one image (median)" "Temps pour une image (médiane)"
            |e| measured(speed(e)?.latency_1.p50_ms);
    }
    Further Never {
        latency_p95 Lower milliseconds() "Time for one image (95th percentile)" "Temps pour une image (95 sur 100)"
            |e| measured(speed(e)?.latency_1.p95_ms);
    }
    Further Always {
        latency_p99 Lower milliseconds() "Time for one image (99th percentile)" "Temps pour une image (99 sur 100)"
            |e| measured(speed(e)?.latency_1.p99_ms);
    }
    Cost Always {
        train_energy Lower joules() "Energy of training" "Énergie de l’entraînement" |e| energy(e)?.train_j;
        infer_energy Lower joules() "Energy per image (inference)" "Énergie par image (inférence)"
            |e| energy(e)?.infer_j_per_image;
        parameters Lower whole() "Parameters" "Paramètres" |e| measured(e.parameters as f64);
        multiply_adds Lower metric() "Multiply-adds (per image)" "Multiplications-additions (par image)"
            |e| measured(e.multiply_adds as f64);
        file_size Lower bytes() "File size (weights)" "Taille du fichier (poids)" |e| measured(e.model_bytes as f64);
        peak_memory Lower mebibytes() "Peak memory" "Pic de mémoire" |e| e.peak_rss_mib.and_then(measured);
    }
}

fn scores(evaluation: &Evaluation) -> Option<&ClassificationScores> {
    evaluation.classification.as_ref()
}

fn boxes(evaluation: &Evaluation) -> Option<&LocalisationFigures> {
    evaluation.localisation.as_ref()
}

fn mistakes(evaluation: &Evaluation) -> Option<DetectionMistakes> {
    boxes(evaluation)?.mistakes
}

fn speed(evaluation: &Evaluation) -> Option<&InferenceSpeed> {
    evaluation.speed.as_ref()
}

fn energy(evaluation: &Evaluation) -> Option<Energy> {
    evaluation.energy
}

/// A cost of zero was not measured.
fn measured(value: f64) -> Option<f64> {
    (value > 0.0).then_some(value)
}
