//! The part of Python's pickle that a state dict of tensors needs, read without executing anything.
//!
//! A pickle is a program for a stack machine (CPython's `Lib/pickletools.py` describes the opcodes). This machine builds
//! plain values only. A pickle may name the classes and functions of [`Callable::named`]; here they are words with a fixed
//! meaning. Everything else is refused by name. What PyTorch's `weights_only` mode loads beside tensors (numbers, bytes,
//! sets, sizes) is passed over.

mod value;

use std::collections::HashMap;
use std::rc::Rc;

use value::{Callable, OTHER, Storage, TRUE};
pub(super) use value::{Id, TensorView, Value, Values};

/// Weights have at most 5 dimensions. The limits keep a small hostile file from growing in memory.
const MOST_DIMENSIONS: usize = 8;
/// PyTorch numbers its storages.
const MOST_KEY: usize = 64;
/// A parameter is made from 3 values, a tensor from 6 or 7.
const MOST_ARGUMENTS: usize = 16;
/// Values that any file may hold; a large file may hold one more for every eight of its bytes. A tensor needs about 40 values
/// and takes at least 330 bytes.
const MOST_VALUES: usize = 200_000;

/// Runs the pickle that `bytes` begins with, which lies in a file of `file_size` bytes: its values, and which of them is the
/// result. Leaves what follows it.
///
/// # Errors
/// The first thing that a state dict of tensors does not need, or that is damaged.
pub(super) fn read(bytes: &mut &[u8], file_size: usize) -> Result<(Values, Id), String> {
    let most = MOST_VALUES + file_size / 8;
    let mut machine = Machine {
        rest: bytes,
        values: Values {
            all: vec![Value::Other, Value::True],
        },
        stack: Vec::new(),
        marks: Vec::new(),
        memo: HashMap::new(),
    };
    loop {
        if let Some(result) = machine.step()? {
            *bytes = machine.rest;
            return Ok((machine.values, result));
        }
        if machine.size() > most {
            return Err(format!(
                "the pickle holds more than {most} values; a file of this size needs fewer"
            ));
        }
    }
}

struct Machine<'a> {
    rest: &'a [u8],
    values: Values,
    stack: Vec<Id>,
    marks: Vec<usize>,
    memo: HashMap<u32, Id>,
}

impl<'a> Machine<'a> {
    /// How many things it remembers.
    fn size(&self) -> usize {
        self.values.all.len() + self.stack.len() + self.marks.len() + self.memo.len()
    }

    /// One opcode; the result where it is the last.
    fn step(&mut self) -> Result<Option<Id>, String> {
        let opcode = self.take(1)?[0];
        match opcode {
            0x80 => match self.take(1)?[0] {
                2..=5 => {}
                version => return Err(format!("version {version} of the pickle is unknown")),
            },
            0x95 => drop(self.take(8)?), // a frame's length: only good for reading ahead
            b'.' => return self.pop().map(Some),
            b'(' => self.marks.push(self.stack.len()),
            // None, False, an empty list, an empty set.
            b'N' | 0x89 | b']' | 0x8f => self.stack.push(OTHER),
            0x88 => self.stack.push(TRUE),
            b'K' => self.integer(1)?,
            b'M' => self.integer(2)?,
            b'J' => {
                let bytes = self.array()?;
                self.push(Value::Int(i32::from_le_bytes(bytes).into()));
            }
            0x8a => self.long(1)?,
            0x8b => self.long(4)?,
            b'G' => {
                self.take(8)?;
                self.stack.push(OTHER);
            }
            // Unicode, and the texts of Python 2.
            b'X' | b'T' => self.text(4)?,
            0x8c | b'U' => self.text(1)?,
            b'C' => self.bytes(1)?,
            b'B' => self.bytes(4)?,
            0x8e | 0x96 => self.bytes(8)?,
            b'}' => self.push(Value::Dict(Vec::new())),
            b')' => self.push(Value::Tuple(Vec::new())),
            b't' => {
                let items = self.marked()?;
                self.push(Value::Tuple(items));
            }
            0x85..=0x87 => {
                let items = self.pop_many(usize::from(opcode - 0x84))?;
                self.push(Value::Tuple(items));
            }
            b's' => {
                let items = self.pop_many(2)?;
                self.set_items(items)?;
            }
            b'u' => {
                let items = self.marked()?;
                self.set_items(items)?;
            }
            b'a' => {
                self.pop()?;
                self.expect_other()?;
            }
            b'e' | 0x90 => {
                self.marked()?;
                self.expect_other()?;
            }
            // A frozen set.
            0x91 => {
                self.marked()?;
                self.stack.push(OTHER);
            }
            b'q' => self.remember(1)?,
            b'r' => self.remember(4)?,
            0x94 => {
                let top = self.top()?;
                self.memo.insert(self.memo.len() as u32, top);
            }
            b'h' => self.recall(1)?,
            b'j' => self.recall(4)?,
            b'c' => {
                let module = self.line()?;
                let name = self.line()?;
                self.push(Value::Callable(Callable::named(&module, &name)?));
            }
            0x93 => {
                let names = self.pop_many(2)?;
                let callable = match [self.values.get(names[0]), self.values.get(names[1])] {
                    [Value::Text(module), Value::Text(name)] => Callable::named(module, name)?,
                    _ => return Err(damaged()),
                };
                self.push(Value::Callable(callable));
            }
            b'Q' => self.storage()?,
            b'R' => self.call()?,
            b'b' => self.build()?,
            other => {
                return Err(format!(
                    "the pickle uses opcode {other:#04x} ({:?}), which no state dict of tensors needs",
                    char::from(other)
                ));
            }
        }
        Ok(None)
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], String> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or_else(damaged)?;
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], String> {
        self.take(N)?.try_into().map_err(|_| damaged())
    }

    /// An unsigned number of `size` bytes.
    fn unsigned(&mut self, size: usize) -> Result<usize, String> {
        let bytes = self.take(size)?;
        Ok(bytes
            .iter()
            .rev()
            .fold(0, |n, &byte| n << 8 | usize::from(byte)))
    }

    fn integer(&mut self, size: usize) -> Result<(), String> {
        let value = self.unsigned(size)? as i64;
        self.push(Value::Int(value));
        Ok(())
    }

    /// A number in two's complement, whose length is a number of `width` bytes. None of more than 64 bits is needed.
    fn long(&mut self, width: usize) -> Result<(), String> {
        let size = self.unsigned(width)?;
        let bytes = self.take(size)?;
        if size > 8 {
            self.stack.push(OTHER);
            return Ok(());
        }
        let negative = bytes.last().is_some_and(|byte| byte & 0x80 != 0);
        let mut wide = [if negative { 0xff } else { 0 }; 8];
        wide[..size].copy_from_slice(bytes);
        self.push(Value::Int(i64::from_le_bytes(wide)));
        Ok(())
    }

    fn text(&mut self, size: usize) -> Result<(), String> {
        let length = self.unsigned(size)?;
        let text = std::str::from_utf8(self.take(length)?).map_err(|_| damaged())?;
        self.push(Value::Text(text.into()));
        Ok(())
    }

    /// Bytes, whose length is a number of `width` bytes.
    fn bytes(&mut self, width: usize) -> Result<(), String> {
        let length = self.unsigned(width)?;
        self.take(length)?;
        self.stack.push(OTHER);
        Ok(())
    }

    fn line(&mut self) -> Result<String, String> {
        let length = self.rest.iter().position(|&byte| byte == b'\n');
        let line = self.take(length.ok_or_else(damaged)?)?;
        self.take(1)?;
        String::from_utf8(line.to_vec()).map_err(|_| damaged())
    }

    fn push(&mut self, value: Value) {
        // Far fewer than 2^32: see MOST_VALUES.
        self.stack.push(self.values.all.len() as Id);
        self.values.all.push(value);
    }

    /// The stack may not be emptied below the last mark.
    fn floor(&self) -> usize {
        self.marks.last().copied().unwrap_or(0)
    }

    fn pop(&mut self) -> Result<Id, String> {
        Ok(self.pop_many(1)?[0])
    }

    fn pop_many(&mut self, count: usize) -> Result<Vec<Id>, String> {
        let from = self.stack.len().checked_sub(count);
        let from = from
            .filter(|from| *from >= self.floor())
            .ok_or_else(damaged)?;
        Ok(self.stack.split_off(from))
    }

    fn marked(&mut self) -> Result<Vec<Id>, String> {
        let mark = self.marks.pop().ok_or_else(damaged)?;
        Ok(self.stack.split_off(mark))
    }

    fn top(&self) -> Result<Id, String> {
        if self.stack.len() <= self.floor() {
            return Err(damaged());
        }
        self.stack.last().copied().ok_or_else(damaged)
    }

    fn remember(&mut self, size: usize) -> Result<(), String> {
        let place = self.unsigned(size)? as u32;
        self.memo.insert(place, self.top()?);
        Ok(())
    }

    fn recall(&mut self, size: usize) -> Result<(), String> {
        let place = self.unsigned(size)? as u32;
        self.stack.push(*self.memo.get(&place).ok_or_else(damaged)?);
        Ok(())
    }

    fn set_items(&mut self, items: Vec<Id>) -> Result<(), String> {
        let top = self.top()?;
        match &mut self.values.all[top as usize] {
            Value::Dict(pairs) if items.len().is_multiple_of(2) => {
                pairs.extend(items.chunks_exact(2).map(|pair| (pair[0], pair[1])));
                Ok(())
            }
            Value::Other => Ok(()),
            _ => Err(damaged()),
        }
    }

    /// What is added to a list or a set is not needed.
    fn expect_other(&self) -> Result<(), String> {
        match self.values.get(self.top()?) {
            Value::Other => Ok(()),
            _ => Err(damaged()),
        }
    }

    /// A reference to numbers outside: `('storage', class, key, device, count)`.
    fn storage(&mut self) -> Result<(), String> {
        let reference = self.pop()?;
        let Value::Tuple(parts) = self.values.get(reference) else {
            return Err(damaged());
        };
        let [kind, class, key, _, _, ref view @ ..] = parts[..] else {
            return Err(damaged());
        };
        if view.iter().any(|view| *view != OTHER) {
            return Err(
                "it holds a storage that is a part of another; save it with a current PyTorch"
                    .to_string(),
            );
        }
        let [
            Value::Text(kind),
            Value::Callable(Callable::Storage(number)),
            Value::Text(key),
        ] = [kind, class, key].map(|id| self.values.get(id))
        else {
            return Err(damaged());
        };
        if &**kind != "storage" || key.len() > MOST_KEY {
            return Err(damaged());
        }
        let storage = Storage {
            number: *number,
            key: key.clone(),
        };
        self.push(Value::Storage(storage));
        Ok(())
    }

    fn call(&mut self) -> Result<(), String> {
        let call = self.pop_many(2)?;
        let (Value::Callable(callable), Value::Tuple(ids)) =
            (self.values.get(call[0]), self.values.get(call[1]))
        else {
            return Err(damaged());
        };
        if *callable == Callable::Other {
            self.stack.push(OTHER);
            return Ok(());
        }
        if ids.len() > MOST_ARGUMENTS {
            return Err(damaged());
        }
        let arguments: Vec<&Value> = ids.iter().map(|id| self.values.get(*id)).collect();
        let made = match (callable, &arguments[..]) {
            (Callable::OrderedDict, []) => Value::Dict(Vec::new()),
            (
                Callable::RebuildTensor,
                [
                    Value::Storage(storage),
                    Value::Int(offset),
                    Value::Tuple(shape),
                    Value::Tuple(strides),
                    ..,
                ],
            ) => Value::Tensor(Rc::new(TensorView {
                storage: storage.clone(),
                offset: size(*offset)?,
                shape: self.sizes(shape)?,
                strides: self.sizes(strides)?,
                // Behind `requires_grad` and the hooks.
                negative: ids.get(6).map_or(Ok(false), |id| self.is_negative(*id))?,
            })),
            (Callable::RebuildParameter, [tensor @ Value::Tensor(_), ..]) => (*tensor).clone(),
            _ => return Err(damaged()),
        };
        self.push(made);
        Ok(())
    }

    /// Whether a tensor's metadata sets PyTorch's negative bit. The conjugate bit changes no real number.
    fn is_negative(&self, metadata: Id) -> Result<bool, String> {
        let set = |(name, id)| (id == TRUE).then_some(name);
        let mut negative = false;
        for name in self.values.named(metadata).filter_map(set) {
            match name {
                "neg" => negative = true,
                "conj" => {}
                _ => {
                    return Err(format!(
                        "a tensor carries PyTorch's mark '{name}', which is unknown here"
                    ));
                }
            }
        }
        Ok(negative)
    }

    fn sizes(&self, ids: &[Id]) -> Result<Vec<usize>, String> {
        if ids.len() > MOST_DIMENSIONS {
            return Err(format!("a tensor of {} dimensions", ids.len()));
        }
        let each = ids.iter().map(|id| match self.values.get(*id) {
            Value::Int(value) => size(*value),
            _ => Err(damaged()),
        });
        each.collect()
    }

    /// Sets attributes of an object: a state dict's versions of its modules, which are of no use here.
    fn build(&mut self) -> Result<(), String> {
        self.pop()?;
        match self.values.get(self.top()?) {
            Value::Dict(_) | Value::Other => Ok(()),
            _ => Err(damaged()),
        }
    }
}

fn size(value: i64) -> Result<usize, String> {
    usize::try_from(value).map_err(|_| damaged())
}

fn damaged() -> String {
    "the pickle is damaged or not whole".to_string()
}
