//! Thrift's compact protocol, in which Parquet writes its footer and the headers of its pages.
//!
//! Source: <https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md>.

/// Deeper values are refused.
const DEPTH: usize = 32;

/// The type of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A boolean field, whose type is its value.
    Flag(bool),
    /// One byte.
    Byte,
    /// 16, 32 or 64 bits.
    Whole,
    /// 64 bits, floating point.
    Double,
    /// Text or other bytes.
    Bytes,
    /// A list or set.
    List,
    /// A map.
    Map,
    /// Fields, which end with a zero.
    Struct,
}

impl Kind {
    fn of(code: u8) -> Option<Self> {
        Some(match code {
            1 => Self::Flag(true),
            2 => Self::Flag(false),
            3 => Self::Byte,
            4..=6 => Self::Whole,
            7 => Self::Double,
            8 => Self::Bytes,
            9 | 10 => Self::List,
            11 => Self::Map,
            12 => Self::Struct,
            _ => return None,
        })
    }
}

/// What is left of some bytes. Its functions give `None` where they end too early or make no sense.
#[derive(Clone, Debug)]
pub struct Reader<'a>(pub &'a [u8]);

impl<'a> Reader<'a> {
    /// The next field of a structure, whose id is stored as the difference to the one before; `None` inside at its end.
    pub fn field(&mut self, id: &mut i16) -> Option<Option<Kind>> {
        let byte = self.byte()?;
        if byte == 0 {
            return Some(None);
        }
        *id = match byte >> 4 {
            0 => i16::try_from(self.whole()?).ok()?,
            step => id.checked_add(i16::from(step))?,
        };
        Kind::of(byte & 15).map(Some)
    }

    /// A whole number.
    pub fn whole(&mut self) -> Option<i64> {
        let number = self.varint()?;
        Some((number >> 1) as i64 ^ -((number & 1) as i64))
    }

    /// Bytes after their length.
    pub fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.varint()?).ok()?;
        let bytes = self.0.get(..length)?;
        self.0 = &self.0[length..];
        Some(bytes)
    }

    /// The type and number of a list's elements. There are not more than bytes left, of which each needs at least one.
    pub fn list(&mut self) -> Option<(Kind, usize)> {
        let byte = self.byte()?;
        let count = match byte >> 4 {
            15 => self.varint()?,
            count => u64::from(count),
        };
        let count = usize::try_from(count).ok()?;
        if count == 0 {
            // Some writers give empty lists no type.
            return Some((Kind::Byte, 0));
        }
        (count <= self.0.len()).then_some((Kind::of(byte & 15)?, count))
    }

    /// The whole numbers and flags among a structure's fields, by their ids; others are skipped.
    pub fn numbers<const N: usize>(&mut self) -> Option<[Option<i64>; N]> {
        let mut numbers = [None; N];
        let mut id = 0;
        while let Some(kind) = self.field(&mut id)? {
            let value = match kind {
                Kind::Whole => Some(self.whole()?),
                Kind::Flag(value) => Some(i64::from(value)),
                other => {
                    self.skip(other)?;
                    None
                }
            };
            let place = usize::try_from(id).ok();
            if let Some(place) = place.and_then(|place| numbers.get_mut(place)) {
                *place = value;
            }
        }
        Some(numbers)
    }

    /// Passes over a field's value.
    pub fn skip(&mut self, kind: Kind) -> Option<()> {
        self.skip_within(kind, DEPTH)
    }

    fn skip_within(&mut self, kind: Kind, depth: usize) -> Option<()> {
        let depth = depth.checked_sub(1)?;
        match kind {
            Kind::Flag(_) => {}
            Kind::Byte => drop(self.byte()?),
            Kind::Whole => drop(self.varint()?),
            Kind::Double => self.0 = self.0.get(8..)?,
            Kind::Bytes => drop(self.bytes()?),
            Kind::List => {
                let (element, count) = self.list()?;
                for _ in 0..count {
                    self.skip_element(element, depth)?;
                }
            }
            Kind::Map => {
                let count = self.varint()?;
                if count > self.0.len() as u64 {
                    return None;
                }
                if count > 0 {
                    let kinds = self.byte()?;
                    let (key, value) = (Kind::of(kinds >> 4)?, Kind::of(kinds & 15)?);
                    for _ in 0..count {
                        self.skip_element(key, depth)?;
                        self.skip_element(value, depth)?;
                    }
                }
            }
            Kind::Struct => {
                let mut id = 0;
                while let Some(kind) = self.field(&mut id)? {
                    self.skip_within(kind, depth)?;
                }
            }
        }
        Some(())
    }

    /// Unlike a field, an element stores its flag in a byte.
    fn skip_element(&mut self, kind: Kind, depth: usize) -> Option<()> {
        match kind {
            Kind::Flag(_) => self.byte().map(drop),
            other => self.skip_within(other, depth),
        }
    }

    fn byte(&mut self) -> Option<u8> {
        let (&first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(first)
    }

    /// A number in seven bits a byte, the lowest first; the eighth says that more follow.
    pub fn varint(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..u64::BITS).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f).checked_shl(shift)?;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }
}
