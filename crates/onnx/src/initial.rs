//! Tensors as a file holds them. Their lengths are checked against the bytes that are there before anything is copied.

use half::{bf16, f16};

use super::external::EXTERNAL;
use super::proto::TensorProto;
use super::shape;
use super::tensor::{Element, Kind, Tensor};

/// A tensor of a file.
pub(crate) fn tensor(from: TensorProto) -> Result<Tensor, String> {
    if from.data_location == Some(EXTERNAL) || !from.external_data.is_empty() {
        let place = from
            .external_data
            .iter()
            .find(|entry| entry.key == "location");
        let file = place.map_or("another file", |entry| &entry.value);
        return Err(format!(
            "has its values outside of the model, in {file}, which is not read; save the model as a single file \
             (in Python: onnx.save_model(onnx.load(\"model.onnx\"), \"whole.onnx\"))"
        ));
    }
    let kind = Kind::from_code(i64::from(from.data_type)).ok_or_else(|| {
        format!(
            "has elements of type {}, which is not supported",
            from.data_type
        )
    })?;
    let sides: Result<Vec<usize>, _> = from.dims.iter().map(|&side| side.try_into()).collect();
    let shape = sides.map_err(|_| format!("has the shape {:?}", from.dims))?;
    let count = shape::count(&shape).ok_or_else(|| format!("has the shape {shape:?}"))?;
    match kind {
        Kind::F32 => build(
            shape,
            count,
            from.raw_data,
            f32::from_le_bytes,
            from.float_data,
        ),
        Kind::F64 => build(
            shape,
            count,
            from.raw_data,
            f64::from_le_bytes,
            from.double_data,
        ),
        Kind::I64 => build(
            shape,
            count,
            from.raw_data,
            i64::from_le_bytes,
            from.int64_data,
        ),
        Kind::I32 => build(
            shape,
            count,
            from.raw_data,
            i32::from_le_bytes,
            from.int32_data,
        ),
        Kind::U64 => build(
            shape,
            count,
            from.raw_data,
            u64::from_le_bytes,
            from.uint64_data,
        ),
        Kind::U32 => {
            let listed = from.uint64_data.iter().map(|&v| v as u32).collect();
            build(shape, count, from.raw_data, u32::from_le_bytes, listed)
        }
        Kind::F16 => {
            let listed = from
                .int32_data
                .iter()
                .map(|&v| f16::from_bits(v as u16))
                .collect();
            build(shape, count, from.raw_data, f16::from_le_bytes, listed)
        }
        Kind::BF16 => {
            let listed = from
                .int32_data
                .iter()
                .map(|&v| bf16::from_bits(v as u16))
                .collect();
            build(shape, count, from.raw_data, bf16::from_le_bytes, listed)
        }
        Kind::I8 => {
            let listed = from.int32_data.iter().map(|&v| v as i8).collect();
            build(shape, count, from.raw_data, i8::from_le_bytes, listed)
        }
        Kind::I16 => {
            let listed = from.int32_data.iter().map(|&v| v as i16).collect();
            build(shape, count, from.raw_data, i16::from_le_bytes, listed)
        }
        Kind::U8 => {
            let listed = from.int32_data.iter().map(|&v| v as u8).collect();
            build(shape, count, from.raw_data, u8::from_le_bytes, listed)
        }
        Kind::U16 => {
            let listed = from.int32_data.iter().map(|&v| v as u16).collect();
            build(shape, count, from.raw_data, u16::from_le_bytes, listed)
        }
        Kind::Bool => {
            let listed = from.int32_data.iter().map(|&v| v != 0).collect();
            build(
                shape,
                count,
                from.raw_data,
                |[byte]: [u8; 1]| byte != 0,
                listed,
            )
        }
        Kind::Text => {
            let texts: Result<Vec<String>, _> = from
                .string_data
                .into_iter()
                .map(String::from_utf8)
                .collect();
            let texts = texts.map_err(|_| "holds a text that is not UTF-8".to_string())?;
            fill(shape, count, texts)
        }
    }
}

/// The elements from their bytes, or as they are listed.
fn build<T: Element, const N: usize>(
    shape: Vec<usize>,
    count: usize,
    raw: Option<Vec<u8>>,
    read: fn([u8; N]) -> T,
    listed: Vec<T>,
) -> Result<Tensor, String> {
    let Some(raw) = raw.filter(|raw| !raw.is_empty() || listed.is_empty()) else {
        return fill(shape, count, listed);
    };
    let (elements, rest) = raw.as_chunks::<N>();
    if elements.len() != count || !rest.is_empty() {
        return Err(format!(
            "holds {} bytes, but its shape {shape:?} needs {count} values of {N} bytes",
            raw.len()
        ));
    }
    Ok(Tensor::of(
        shape,
        elements.iter().map(|&bytes| read(bytes)).collect(),
    ))
}

fn fill<T: Element>(shape: Vec<usize>, count: usize, values: Vec<T>) -> Result<Tensor, String> {
    if values.len() != count {
        return Err(format!(
            "holds {} values, but its shape {shape:?} needs {count}",
            values.len()
        ));
    }
    Ok(Tensor::of(shape, values))
}
