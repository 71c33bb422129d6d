//! The result of a COCO evaluation, and its forms as text, JSON and CSV.

use std::fmt::Write;

use serde::Serialize;

use super::accumulate::CategoryResult;
use super::figures::{Curve, Figures, mean, recall_grid};
use super::matching::iou_thresholds;
use super::{Category, RECALLS, THRESHOLDS};

/// What was found for one class.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CategoryReport {
    /// Id of the class.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// Its truths that count; crowds don't.
    pub truths: usize,
    /// Its detections, including those beyond the limit per image.
    pub detections: usize,
    /// Its detections beyond the limit per image, which are not counted.
    #[serde(skip)]
    pub over_limit: usize,
    /// The twelve figures of this class alone.
    #[serde(flatten)]
    pub figures: Figures,
    /// Highest recall at each of the [`iou_thresholds`]; `None` where no truth counts.
    pub recall_per_iou: Option<[f64; THRESHOLDS]>,
    /// The curve at each of the [`iou_thresholds`], all areas; empty where no truth counts.
    #[serde(skip)]
    pub curves: Vec<Curve>,
}

impl CategoryReport {
    pub(super) fn new(category: &Category, detections: usize, result: CategoryResult) -> Self {
        Self {
            id: category.id,
            name: category.name.clone(),
            truths: result.truths,
            detections,
            over_limit: result.over_limit,
            figures: result.figures,
            recall_per_iou: result.recalls,
            curves: result.curves,
        }
    }
}

/// The result of a COCO evaluation.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CocoReport {
    /// The twelve figures: means over the classes that have truths.
    #[serde(flatten)]
    pub figures: Figures,
    /// Images, including those without objects.
    pub images: usize,
    /// Truths that count; crowds don't.
    pub truths: usize,
    /// Detections, including those beyond the limit per image.
    pub detections: usize,
    /// Detections counted per image and class, ascending; AR is given for each.
    pub max_detections: [usize; 3],
    /// Classes by id, including those without truths.
    pub per_category: Vec<CategoryReport>,
}

impl CocoReport {
    pub(super) fn new(
        images: usize,
        max_detections: [usize; 3],
        per_category: Vec<CategoryReport>,
    ) -> Self {
        let figures: Vec<Figures> = per_category.iter().map(|class| class.figures).collect();
        Self {
            figures: Figures::mean_of(&figures),
            images,
            truths: per_category.iter().map(|class| class.truths).sum(),
            detections: per_category.iter().map(|class| class.detections).sum(),
            max_detections,
            per_category,
        }
    }

    /// The names of the twelve figures, in the order of [`Figures::all`].
    pub fn titles(&self) -> [String; 12] {
        let [low, middle, high] = self.max_detections;
        let title = |what: &str, iou: &str, area: &str, limit: usize| {
            format!("{what}  IoU {iou:<9}  area {area:<6}  at most {limit:>3} an image and class")
        };
        const EVERY: &str = "0.50:0.95";
        [
            title("AP", EVERY, "all", high),
            title("AP", "0.50", "all", high),
            title("AP", "0.75", "all", high),
            title("AP", EVERY, "small", high),
            title("AP", EVERY, "medium", high),
            title("AP", EVERY, "large", high),
            title("AR", EVERY, "all", low),
            title("AR", EVERY, "all", middle),
            title("AR", EVERY, "all", high),
            title("AR", EVERY, "small", high),
            title("AR", EVERY, "medium", high),
            title("AR", EVERY, "large", high),
        ]
    }

    /// The twelve figures as text, one a line; a dash where no truth counts.
    pub fn summary(&self) -> String {
        let mut text = String::new();
        for (title, value) in self.titles().iter().zip(self.figures.all()) {
            let value = value.map_or("     -".to_owned(), |value| format!("{value:.4}"));
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{title}  {value}");
        }
        text
    }

    /// The classes as text, one a line, with truths, detections, AP, AP50, AP75 and AR.
    pub fn category_table(&self) -> String {
        let width = self
            .per_category
            .iter()
            .map(|class| class.name.chars().count())
            .max()
            .unwrap_or(0)
            .max(5);
        let mut text = format!(
            "{:<width$}  {:>7}  {:>10}  {:>6}  {:>6}  {:>6}  {:>6}\n",
            "class", "truths", "detections", "AP", "AP50", "AP75", "AR"
        );
        for class in &self.per_category {
            let Figures {
                ap,
                ap_50,
                ap_75,
                ar_high,
                ..
            } = class.figures;
            let _ = write!(
                text,
                "{:<width$}  {:>7}  {:>10}",
                class.name, class.truths, class.detections
            );
            for value in [ap, ap_50, ap_75, ar_high] {
                let _ = match value {
                    Some(value) => write!(text, "  {value:.4}"),
                    None => write!(text, "       -"),
                };
            }
            text.push('\n');
        }
        text
    }

    /// The precision at the points of [`recall_grid`] for IoU threshold `t` (0 to 9), mean over the
    /// classes that have truths. `None` where no class has, or `t` is no threshold.
    pub fn mean_precision_curve(&self, t: usize) -> Option<[f64; RECALLS]> {
        let curves: Vec<&Curve> = self
            .per_category
            .iter()
            .filter_map(|class| class.curves.get(t))
            .collect();
        (!curves.is_empty())
            .then(|| std::array::from_fn(|r| mean(curves.iter().map(|curve| curve.precision[r]))))
    }

    /// The precision-recall curves of every class with truths as CSV:
    /// `category_id,category,iou,recall,precision,score`, lines ending in `\n`.
    pub fn curves_csv(&self) -> String {
        let mut text = "category_id,category,iou,recall,precision,score\n".to_owned();
        for class in &self.per_category {
            let name = csv_field(&class.name);
            for (iou, curve) in iou_thresholds().into_iter().zip(&class.curves) {
                for (r, recall) in recall_grid().into_iter().enumerate() {
                    let _ = writeln!(
                        text,
                        "{},{name},{iou:.2},{recall:.2},{},{}",
                        class.id, curve.precision[r], curve.score[r]
                    );
                }
            }
        }
        text
    }
}

/// A text as a field of CSV, quoted where RFC 4180 needs it. Spreadsheets run what begins with `=`, `+`, `-` or `@` as a
/// formula; such a text, if it is not a number, gets a leading apostrophe.
///
/// ```
/// assert_eq!(measure::detection::csv_field("a,b"), "\"a,b\"");
/// assert_eq!(measure::detection::csv_field("=1+2"), "'=1+2");
/// assert_eq!(measure::detection::csv_field("-0.5"), "-0.5");
/// ```
pub fn csv_field(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@']) && text.parse::<f64>().is_err();
    let apostrophe = if formula { "'" } else { "" };
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{apostrophe}{}\"", text.replace('"', "\"\""))
    } else {
        format!("{apostrophe}{text}")
    }
}
