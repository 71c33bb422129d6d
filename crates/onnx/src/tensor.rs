//! A tensor: a shape, and values of one of ONNX's types.

mod cast;

use std::fmt;
use std::sync::Arc;

use half::{bf16, f16};

use super::error::OnnxError;
use super::shape;

/// The element types, in one place: variant, Rust's type, ONNX's name, ONNX's number.
macro_rules! kinds {
    ($($kind:ident $element:ty, $name:literal, $code:literal, $doc:literal;)*) => {
        /// The type of a tensor's elements.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Kind {
            $(#[doc = $doc] $kind,)*
        }

        /// The elements. Shared, so that a copy or another shape costs nothing.
        #[derive(Clone, Debug, PartialEq)]
        pub(crate) enum Values {
            $($kind(Arc<Vec<$element>>),)*
        }

        impl Kind {
            /// The type with this number in ONNX's files.
            pub(crate) fn from_code(code: i64) -> Option<Kind> {
                match code {
                    $($code => Some(Kind::$kind),)*
                    _ => None,
                }
            }

            /// Whether its numbers have fractions.
            pub fn is_float(self) -> bool {
                matches!(self, Kind::F32 | Kind::F64 | Kind::F16 | Kind::BF16)
            }

            /// ONNX's name for it.
            pub fn name(self) -> &'static str {
                match self {
                    $(Kind::$kind => $name,)*
                }
            }
        }

        impl Values {
            pub(crate) fn kind(&self) -> Kind {
                match self {
                    $(Values::$kind(_) => Kind::$kind,)*
                }
            }
        }

        $(impl Element for $element {
            const KIND: Kind = Kind::$kind;

            fn into_values(values: Vec<Self>) -> Data {
                Data(Values::$kind(Arc::new(values)))
            }

            fn of(data: &Tensor) -> Option<&[Self]> {
                match &data.values {
                    Values::$kind(values) => Some(values),
                    _ => None,
                }
            }

            fn unshare(data: &mut Tensor) -> Option<&mut [Self]> {
                match &mut data.values {
                    Values::$kind(values) => Some(Arc::make_mut(values).as_mut_slice()),
                    _ => None,
                }
            }
        })*
    };
}

/// Runs one expression for the elements of any type.
macro_rules! with_values {
    ($values:expr, $x:ident => $body:expr) => {
        match $values {
            $crate::tensor::Values::F32($x) => $body,
            $crate::tensor::Values::F64($x) => $body,
            $crate::tensor::Values::F16($x) => $body,
            $crate::tensor::Values::BF16($x) => $body,
            $crate::tensor::Values::I8($x) => $body,
            $crate::tensor::Values::I16($x) => $body,
            $crate::tensor::Values::I32($x) => $body,
            $crate::tensor::Values::I64($x) => $body,
            $crate::tensor::Values::U8($x) => $body,
            $crate::tensor::Values::U16($x) => $body,
            $crate::tensor::Values::U32($x) => $body,
            $crate::tensor::Values::U64($x) => $body,
            $crate::tensor::Values::Bool($x) => $body,
            $crate::tensor::Values::Text($x) => $body,
        }
    };
}
pub(crate) use with_values;

/// A type that a tensor's elements can have.
pub trait Element: Clone + Default + PartialEq + fmt::Debug + Send + Sync + 'static {
    /// The type's name in this crate.
    const KIND: Kind;
    #[doc(hidden)]
    fn into_values(values: Vec<Self>) -> Data;
    #[doc(hidden)]
    fn of(data: &Tensor) -> Option<&[Self]>;
    #[doc(hidden)]
    fn unshare(data: &mut Tensor) -> Option<&mut [Self]>;
}

/// Elements of any type.
#[doc(hidden)]
#[derive(Clone, Debug, PartialEq)]
pub struct Data(Values);

kinds! {
    F32 f32, "float", 1, "32-bit float.";
    F64 f64, "double", 11, "64-bit float.";
    F16 f16, "float16", 10, "16-bit float.";
    BF16 bf16, "bfloat16", 16, "The upper half of a 32-bit float.";
    I8 i8, "int8", 3, "8 bits, signed.";
    I16 i16, "int16", 5, "16 bits, signed.";
    I32 i32, "int32", 6, "32 bits, signed.";
    I64 i64, "int64", 7, "64 bits, signed.";
    U8 u8, "uint8", 2, "8 bits, unsigned.";
    U16 u16, "uint16", 4, "16 bits, unsigned.";
    U32 u32, "uint32", 12, "32 bits, unsigned.";
    U64 u64, "uint64", 13, "64 bits, unsigned.";
    Bool bool, "bool", 9, "True or false.";
    Text String, "string", 8, "Text.";
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A shape and its elements, the last axis innermost.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    shape: Vec<usize>,
    values: Values,
}

impl Tensor {
    /// A tensor of this shape; `[]` holds a single value.
    ///
    /// # Errors
    /// [`OnnxError::Length`] when the values do not fill the shape.
    pub fn new<T: Element>(shape: &[usize], values: Vec<T>) -> Result<Self, OnnxError> {
        if shape::count(shape) != Some(values.len()) {
            return Err(OnnxError::Length {
                shape: shape.to_vec(),
                kind: T::KIND.name(),
                values: values.len(),
            });
        }
        Ok(Self {
            shape: shape.to_vec(),
            values: T::into_values(values).0,
        })
    }

    /// What an operator made: the values fill the shape, or the operator is wrong.
    pub(crate) fn of<T: Element>(shape: impl Into<Vec<usize>>, values: Vec<T>) -> Self {
        let shape = shape.into();
        assert_eq!(
            shape::count(&shape),
            Some(values.len()),
            "values of {shape:?}"
        );
        Self {
            shape,
            values: T::into_values(values).0,
        }
    }

    /// The shape.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Number of axes.
    pub(crate) fn rank(&self) -> usize {
        self.shape.len()
    }

    /// Number of values.
    pub fn len(&self) -> usize {
        with_values!(&self.values, x => x.len())
    }

    /// Whether there is no value.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The type of the elements.
    pub fn kind(&self) -> Kind {
        self.values.kind()
    }

    /// The elements, if they are of this type.
    pub fn values<T: Element>(&self) -> Option<&[T]> {
        T::of(self)
    }

    /// The elements to be changed, if they are of this type; copied first where they are shared.
    pub(crate) fn values_mut<T: Element>(&mut self) -> Option<&mut [T]> {
        T::unshare(self)
    }

    /// The elements of whatever type.
    pub(crate) fn data(&self) -> &Values {
        &self.values
    }

    /// The elements, or an error that says which type was expected.
    pub(crate) fn expect<T: Element>(&self, what: &str) -> Result<&[T], String> {
        self.values()
            .ok_or_else(|| format!("{what} must be {}, not {}", T::KIND, self.kind()))
    }

    /// The same elements in another shape of as many.
    pub(crate) fn reshaped(self, shape: impl Into<Vec<usize>>) -> Result<Self, String> {
        let shape = shape.into();
        if shape::count(&shape) != Some(self.len()) {
            return Err(format!(
                "{:?} does not hold as many values as {shape:?}",
                self.shape
            ));
        }
        Ok(Self { shape, ..self })
    }

    /// Whole numbers of whatever size.
    pub(crate) fn integers(&self, what: &str) -> Result<Vec<i64>, String> {
        match self.kind() {
            Kind::I8
            | Kind::I16
            | Kind::I32
            | Kind::I64
            | Kind::U8
            | Kind::U16
            | Kind::U32
            | Kind::U64 => {
                let wide = self.cast(Kind::I64)?;
                Ok(wide.expect::<i64>(what)?.to_vec())
            }
            kind => Err(format!("{what} must be whole numbers, not {kind}")),
        }
    }

    /// The only whole number.
    pub(crate) fn integer(&self, what: &str) -> Result<i64, String> {
        match self.integers(what)?[..] {
            [number] => Ok(number),
            ref numbers => Err(format!("{what} must be one number, not {}", numbers.len())),
        }
    }

    /// Floats of whatever size.
    pub(crate) fn floats(&self, what: &str) -> Result<Vec<f64>, String> {
        match self.kind() {
            Kind::F32 | Kind::F64 | Kind::F16 | Kind::BF16 => {
                let wide = self.cast(Kind::F64)?;
                Ok(wide.expect::<f64>(what)?.to_vec())
            }
            kind => Err(format!("{what} must be floats, not {kind}")),
        }
    }

    /// The only float.
    pub(crate) fn float(&self, what: &str) -> Result<f64, String> {
        match self.floats(what)?[..] {
            [number] => Ok(number),
            ref numbers => Err(format!("{what} must be one number, not {}", numbers.len())),
        }
    }
}
