//! The keys of `training` that say how much each class, and each image, of a classifier's data counts.

use super::options::{Check, Checked, each, need, not_negative, options, within};
use serde::de::{self, Deserializer, SeqAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use std::fmt;

/// The loss of a classifier; the key `name` says which.
// serde's name for the enum is the key that names the variant: see `value.rs`. The first variant is the default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename = "name", rename_all = "kebab-case")]
pub enum Loss {
    /// Softmax cross-entropy.
    #[default]
    CrossEntropy,
    /// Cross-entropy in which images that are already classified well count less (Lin et al. 2017).
    Focal(Focal),
}

impl Check for Loss {
    fn check(&self) -> Checked {
        match self {
            Self::CrossEntropy => Ok(()),
            Self::Focal(options) => options.check(),
        }
    }
}

options! {
    /// Options of `focal`.
    #[derive(Copy)]
    pub struct Focal {
        /// The cross-entropy of a class with probability p is multiplied by (1 - p)^gamma; 0 is cross-entropy.
        // Beyond this almost no image counts: 0.9^100 is 3e-5.
        gamma: f64 = 2.0, within(0.0..=100.0);
    }
}

/// How the images of an epoch are drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sampler {
    /// Every image once, in random order.
    #[default]
    Shuffle,
    /// As many images, every class equally often: images of rare classes several times, some of frequent ones not at
    /// all.
    Balanced,
}

impl Sampler {
    /// Its name in a recipe.
    pub fn name(self) -> &'static str {
        match self {
            Self::Shuffle => "shuffle",
            Self::Balanced => "balanced",
        }
    }
}

/// How much the images of each class count in the loss.
#[derive(Clone, Debug, PartialEq)]
pub enum ClassWeights {
    /// The inverse of how frequent the class is.
    Balanced,
    /// One number for each class, in the order of the classes.
    List(Vec<f64>),
}

/// How a recipe writes [`ClassWeights::Balanced`].
const BALANCED: &str = "balanced";

impl ClassWeights {
    /// One weight for each class, given the number of training images of each.
    ///
    /// Balanced: n / (K * n_c) for K classes and n images, n_c of them of class c, as scikit-learn's
    /// `compute_class_weight`; 0 for a class without images.
    ///
    /// ```
    /// use recipe::ClassWeights;
    ///
    /// assert_eq!(ClassWeights::Balanced.of(&[6, 2, 0]), [8.0 / 18.0, 8.0 / 6.0, 0.0]);
    /// ```
    pub fn of(&self, counts: &[usize]) -> Vec<f64> {
        match self {
            Self::List(weights) => weights.clone(),
            Self::Balanced => {
                let all = counts.iter().sum::<usize>() as f64;
                let weight = |&count: &usize| match count {
                    0 => 0.0,
                    _ => all / (counts.len() as f64 * count as f64),
                };
                counts.iter().map(weight).collect()
            }
        }
    }
}

impl Check for ClassWeights {
    fn check(&self) -> Checked {
        let Self::List(weights) = self else {
            return Ok(());
        };
        each(not_negative)(weights)?;
        let some = weights.iter().any(|&weight| weight > 0.0);
        let rule = "\"balanced\", or a list of one number for each class, of which at least one is greater than 0";
        need(some, rule, format!("{weights:?}"))
    }
}

impl Serialize for ClassWeights {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Balanced => serializer.serialize_str(BALANCED),
            Self::List(weights) => weights.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for ClassWeights {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct WeightsVisitor;

        impl<'de> Visitor<'de> for WeightsVisitor {
            type Value = ClassWeights;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("\"balanced\", or a list of one number for each class")
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<ClassWeights, E> {
                if name == BALANCED {
                    Ok(ClassWeights::Balanced)
                } else {
                    Err(E::unknown_variant(name, &[BALANCED]))
                }
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<ClassWeights, A::Error> {
                let mut weights = Vec::new();
                while let Some(weight) = seq.next_element::<f64>()? {
                    weights.push(weight);
                }
                Ok(ClassWeights::List(weights))
            }
        }

        deserializer.deserialize_any(WeightsVisitor)
    }
}
