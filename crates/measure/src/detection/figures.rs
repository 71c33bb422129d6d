//! The twelve figures and the curve behind them.

use serde::{Serialize, Serializer};

use super::RECALLS;

/// The twelve COCO figures; `None` where no truth counts (pycocotools and our JSON say -1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Figures {
    /// AP, mean of the ten IoU thresholds .50 to .95.
    #[serde(rename = "map", serialize_with = "minus_one_for_none")]
    pub ap: Option<f64>,
    /// AP at IoU .50.
    #[serde(rename = "map_50", serialize_with = "minus_one_for_none")]
    pub ap_50: Option<f64>,
    /// AP at IoU .75.
    #[serde(rename = "map_75", serialize_with = "minus_one_for_none")]
    pub ap_75: Option<f64>,
    /// AP of small objects: area up to 32 x 32 pixels.
    #[serde(rename = "map_small", serialize_with = "minus_one_for_none")]
    pub ap_small: Option<f64>,
    /// AP of medium objects: 32 x 32 to 96 x 96 pixels.
    #[serde(rename = "map_medium", serialize_with = "minus_one_for_none")]
    pub ap_medium: Option<f64>,
    /// AP of large objects: from 96 x 96 pixels.
    #[serde(rename = "map_large", serialize_with = "minus_one_for_none")]
    pub ap_large: Option<f64>,
    /// AR of the fewest detections per image and class (by default 1).
    #[serde(rename = "mar_1", serialize_with = "minus_one_for_none")]
    pub ar_low: Option<f64>,
    /// AR of the middle number of detections per image and class (by default 10).
    #[serde(rename = "mar_10", serialize_with = "minus_one_for_none")]
    pub ar_middle: Option<f64>,
    /// AR of the most detections per image and class (by default 100).
    #[serde(rename = "mar_100", serialize_with = "minus_one_for_none")]
    pub ar_high: Option<f64>,
    /// AR of small objects.
    #[serde(rename = "mar_small", serialize_with = "minus_one_for_none")]
    pub ar_small: Option<f64>,
    /// AR of medium objects.
    #[serde(rename = "mar_medium", serialize_with = "minus_one_for_none")]
    pub ar_medium: Option<f64>,
    /// AR of large objects.
    #[serde(rename = "mar_large", serialize_with = "minus_one_for_none")]
    pub ar_large: Option<f64>,
}

fn minus_one_for_none<S: Serializer>(
    value: &Option<f64>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(value.unwrap_or(-1.0))
}

impl Figures {
    /// The figures in the order of `COCOeval.stats`.
    pub fn all(&self) -> [Option<f64>; 12] {
        [
            self.ap,
            self.ap_50,
            self.ap_75,
            self.ap_small,
            self.ap_medium,
            self.ap_large,
            self.ar_low,
            self.ar_middle,
            self.ar_high,
            self.ar_small,
            self.ar_medium,
            self.ar_large,
        ]
    }

    /// `COCOeval.stats` as it would print: -1 where no truth counts.
    pub fn stats(&self) -> [f64; 12] {
        self.all().map(|value| value.unwrap_or(-1.0))
    }

    fn from_all(figures: [Option<f64>; 12]) -> Self {
        let [
            ap,
            ap_50,
            ap_75,
            ap_small,
            ap_medium,
            ap_large,
            ar_low,
            ar_middle,
            ar_high,
            ar_small,
            ar_medium,
            ar_large,
        ] = figures;
        Self {
            ap,
            ap_50,
            ap_75,
            ap_small,
            ap_medium,
            ap_large,
            ar_low,
            ar_middle,
            ar_high,
            ar_small,
            ar_medium,
            ar_large,
        }
    }

    /// Each figure's mean over the classes that have one.
    pub(super) fn mean_of(classes: &[Figures]) -> Self {
        let classes: Vec<_> = classes.iter().map(Figures::all).collect();
        Self::from_all(std::array::from_fn(|figure| {
            let values: Vec<f64> = classes.iter().filter_map(|class| class[figure]).collect();
            (!values.is_empty()).then(|| mean(values.into_iter()))
        }))
    }
}

/// A precision-recall curve, read at the points of [`recall_grid`].
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// The best precision at this recall or any higher one; 0 beyond the highest recall reached.
    pub precision: [f64; RECALLS],
    /// The score threshold at which the recall is reached; 0 where it never is.
    pub score: [f64; RECALLS],
}

impl Curve {
    /// The average precision: the mean height of the curve.
    pub fn mean_precision(&self) -> f64 {
        mean(self.precision.iter().copied())
    }
}

/// The recall grid as pycocotools has it (`numpy.linspace(0, 1, 101)`): `i * 0.01`, not `i / 100`.
pub fn recall_grid() -> [f64; RECALLS] {
    std::array::from_fn(|i| {
        if i + 1 == RECALLS {
            1.0
        } else {
            i as f64 * 0.01
        }
    })
}

/// The arithmetic mean of a list that is not empty.
pub(super) fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = values.len() as f64;
    values.sum::<f64>() / count
}
