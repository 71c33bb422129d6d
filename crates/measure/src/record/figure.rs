//! Figures in JSON that may be infinite or not a number: JSON has no such numbers, so they are written as the texts "NaN",
//! "Infinity" and "-Infinity". For `#[serde(with = "figure")]`.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Writes a number, or the text for it.
///
/// # Errors
/// Those of the serializer.
pub fn serialize<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    match *value {
        value if value.is_nan() => serializer.serialize_str("NaN"),
        f64::INFINITY => serializer.serialize_str("Infinity"),
        f64::NEG_INFINITY => serializer.serialize_str("-Infinity"),
        value => serializer.serialize_f64(value),
    }
}

/// Reads what [`serialize`] wrote.
///
/// # Errors
/// For anything but a number and the three texts.
pub fn deserialize<'a, D: Deserializer<'a>>(deserializer: D) -> Result<f64, D::Error> {
    struct FigureVisitor;

    impl Visitor<'_> for FigureVisitor {
        type Value = f64;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a number, \"NaN\", \"Infinity\" or \"-Infinity\"")
        }

        fn visit_f64<E: Error>(self, value: f64) -> Result<f64, E> {
            Ok(value)
        }

        fn visit_u64<E: Error>(self, value: u64) -> Result<f64, E> {
            Ok(value as f64)
        }

        fn visit_i64<E: Error>(self, value: i64) -> Result<f64, E> {
            Ok(value as f64)
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<f64, E> {
            match text {
                "NaN" => Ok(f64::NAN),
                "Infinity" => Ok(f64::INFINITY),
                "-Infinity" => Ok(f64::NEG_INFINITY),
                _ => Err(E::invalid_value(Unexpected::Str(text), &self)),
            }
        }
    }

    deserializer.deserialize_any(FigureVisitor)
}

#[derive(Serialize, Deserialize)]
struct Figure(#[serde(with = "self")] f64);

/// A figure that may be missing.
pub mod optional {
    use super::*;

    /// Writes a figure, or null.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(value: &Option<f64>, serializer: S) -> Result<S::Ok, S::Error> {
        value.map(Figure).serialize(serializer)
    }

    /// Reads what [`serialize`] wrote.
    ///
    /// # Errors
    /// For anything but a figure and null.
    pub fn deserialize<'a, D: Deserializer<'a>>(deserializer: D) -> Result<Option<f64>, D::Error> {
        Ok(Option::<Figure>::deserialize(deserializer)?.map(|figure| figure.0))
    }
}

/// Figures by name.
pub mod named {
    use super::*;

    /// Writes an object.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(
        values: &BTreeMap<String, f64>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_map(values.iter().map(|(name, value)| (name, Figure(*value))))
    }

    /// Reads what [`serialize`] wrote.
    ///
    /// # Errors
    /// For anything but an object of figures.
    pub fn deserialize<'a, D: Deserializer<'a>>(
        deserializer: D,
    ) -> Result<BTreeMap<String, f64>, D::Error> {
        let figures = BTreeMap::<String, Figure>::deserialize(deserializer)?;
        Ok(figures
            .into_iter()
            .map(|(name, figure)| (name, figure.0))
            .collect())
    }
}
