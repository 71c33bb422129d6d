//! Elements of one type as those of another.

use half::{bf16, f16};

use super::{Element, Kind, Tensor, Values};

impl Tensor {
    /// The same numbers as another type: fractions are cut, numbers that do not fit wrap (whole ones) or become the
    /// nearest that does (floats to whole ones). Texts are read and written as numbers.
    pub(crate) fn cast(&self, to: Kind) -> Result<Tensor, String> {
        if self.kind() == to {
            return Ok(self.clone());
        }
        let shape = self.shape.clone();
        let values = match &self.values {
            Values::F32(x) => from_floats(x.iter().map(|&v| f64::from(v)), to),
            Values::F64(x) => from_floats(x.iter().copied(), to),
            Values::F16(x) => from_floats(x.iter().map(|v| v.to_f64()), to),
            Values::BF16(x) => from_floats(x.iter().map(|v| v.to_f64()), to),
            Values::I8(x) => from_integers(x.iter().map(|&v| i64::from(v)), to),
            Values::I16(x) => from_integers(x.iter().map(|&v| i64::from(v)), to),
            Values::I32(x) => from_integers(x.iter().map(|&v| i64::from(v)), to),
            Values::I64(x) => from_integers(x.iter().copied(), to),
            Values::U8(x) => from_integers(x.iter().map(|&v| i64::from(v)), to),
            Values::U16(x) => from_integers(x.iter().map(|&v| i64::from(v)), to),
            Values::U32(x) => from_integers(x.iter().map(|&v| i64::from(v)), to),
            Values::U64(x) => from_unsigned(x, to),
            Values::Bool(x) => from_integers(x.iter().map(|&v| i64::from(v)), to),
            Values::Text(x) => from_texts(x, to)?,
        };
        Ok(Tensor { shape, values })
    }
}

fn collect<T: Element>(values: impl Iterator<Item = T>) -> Values {
    T::into_values(values.collect()).0
}

fn from_floats(x: impl Iterator<Item = f64>, to: Kind) -> Values {
    match to {
        Kind::F32 => collect(x.map(|v| v as f32)),
        Kind::F64 => collect(x),
        Kind::F16 => collect(x.map(f16::from_f64)),
        Kind::BF16 => collect(x.map(bf16::from_f64)),
        Kind::I8 => collect(x.map(|v| v as i8)),
        Kind::I16 => collect(x.map(|v| v as i16)),
        Kind::I32 => collect(x.map(|v| v as i32)),
        Kind::I64 => collect(x.map(|v| v as i64)),
        Kind::U8 => collect(x.map(|v| v as u8)),
        Kind::U16 => collect(x.map(|v| v as u16)),
        Kind::U32 => collect(x.map(|v| v as u32)),
        Kind::U64 => collect(x.map(|v| v as u64)),
        Kind::Bool => collect(x.map(|v| v != 0.0)),
        Kind::Text => collect(x.map(text)),
    }
}

fn from_integers(x: impl Iterator<Item = i64>, to: Kind) -> Values {
    match to {
        Kind::F32 => collect(x.map(|v| v as f32)),
        Kind::F64 => collect(x.map(|v| v as f64)),
        Kind::F16 => collect(x.map(|v| f16::from_f64(v as f64))),
        Kind::BF16 => collect(x.map(|v| bf16::from_f64(v as f64))),
        Kind::I8 => collect(x.map(|v| v as i8)),
        Kind::I16 => collect(x.map(|v| v as i16)),
        Kind::I32 => collect(x.map(|v| v as i32)),
        Kind::I64 => collect(x),
        Kind::U8 => collect(x.map(|v| v as u8)),
        Kind::U16 => collect(x.map(|v| v as u16)),
        Kind::U32 => collect(x.map(|v| v as u32)),
        Kind::U64 => collect(x.map(|v| v as u64)),
        Kind::Bool => collect(x.map(|v| v != 0)),
        Kind::Text => collect(x.map(|v| v.to_string())),
    }
}

/// The upper half of their range exceeds 64 bits with a sign.
fn from_unsigned(x: &[u64], to: Kind) -> Values {
    match to {
        Kind::F32 => collect(x.iter().map(|&v| v as f32)),
        Kind::F64 => collect(x.iter().map(|&v| v as f64)),
        Kind::F16 => collect(x.iter().map(|&v| f16::from_f64(v as f64))),
        Kind::BF16 => collect(x.iter().map(|&v| bf16::from_f64(v as f64))),
        Kind::Text => collect(x.iter().map(u64::to_string)),
        _ => from_integers(x.iter().map(|&v| v as i64), to),
    }
}

fn from_texts(x: &[String], to: Kind) -> Result<Values, String> {
    let unreadable = |text: &String| format!("'{text}' is not a number");
    let whole = [Kind::I64, Kind::I32, Kind::I16, Kind::I8];
    if whole.contains(&to) {
        let numbers: Result<Vec<i64>, String> = x
            .iter()
            .map(|text| text.trim().parse().map_err(|_| unreadable(text)))
            .collect();
        return Ok(from_integers(numbers?.into_iter(), to));
    }
    let numbers: Result<Vec<f64>, String> = x
        .iter()
        .map(|text| text.trim().parse().map_err(|_| unreadable(text)))
        .collect();
    Ok(from_floats(numbers?.into_iter(), to))
}

/// As NumPy writes floats: a point or an exponent always, `inf` and `nan` in small letters.
fn text(v: f64) -> String {
    if v.is_nan() {
        return "nan".into();
    }
    if v.is_infinite() {
        return if v > 0.0 { "inf" } else { "-inf" }.into();
    }
    format!("{:?}", v as f32)
}
