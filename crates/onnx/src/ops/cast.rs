//! Changes of type.

use super::{Call, Outputs};
use crate::tensor::Kind;

pub(super) fn cast(call: &mut Call) -> Outputs {
    let to = call
        .attributes()
        .int("to")?
        .ok_or("attribute 'to' is missing")?;
    let kind = Kind::from_code(to).ok_or_else(|| format!("type {to} is not supported"))?;
    Ok(vec![call.input(0)?.cast(kind)?])
}

pub(super) fn cast_like(call: &mut Call) -> Outputs {
    Ok(vec![call.input(0)?.cast(call.input(1)?.kind())?])
}
