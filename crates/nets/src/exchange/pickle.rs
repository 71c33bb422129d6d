//! The part of Python's pickle that a state dict of tensors needs, read without executing anything.
//!
//! A pickle is a program for a stack machine (the opcodes are described in CPython's `Lib/pickletools.py`). This machine
//! builds plain values only. A pickle may name the handful of classes and functions in [`Callable`]; here they are words
//! with a fixed meaning. Anything else is refused by its name.

use std::collections::HashMap;

use super::number::Number;

/// Tensors of weights have at most 5. The limits keep a small hostile file from growing in memory.
const MOST_DIMENSIONS: usize = 8;
/// PyTorch numbers its storages.
const MOST_KEY: usize = 64;
/// A parameter is made from 3 values, a tensor from 6 or 7.
const MOST_ARGUMENTS: usize = 16;

/// A value's place in [`Values`].
///
/// Values refer to each other by place: however deep a hostile file nests them, nothing here recurses.
pub(super) type Id = usize;

/// A value that a state dict may hold.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    None,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    Tuple(Vec<Id>),
    List(Vec<Id>),
    Dict(Vec<(Id, Id)>),
    Callable(Callable),
    Storage(Storage),
    Tensor(TensorView),
}

/// What a pickle may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Callable {
    OrderedDict,
    RebuildTensor,
    RebuildParameter,
    Storage(Number),
}

/// Numbers in an entry of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Storage {
    pub number: Number,
    /// The entry's name behind `data/`.
    pub key: String,
}

/// A tensor as a view of a storage; places are counted in elements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TensorView {
    pub storage: Storage,
    pub offset: usize,
    pub shape: Vec<usize>,
    pub strides: Vec<usize>,
}

/// All values of a pickle.
#[derive(Debug, Default)]
pub(super) struct Values {
    all: Vec<Value>,
}

impl Values {
    pub fn get(&self, id: Id) -> &Value {
        &self.all[id]
    }

    fn add(&mut self, value: Value) -> Id {
        self.all.push(value);
        self.all.len() - 1
    }
}

/// Runs a pickle: its values, and which of them is the result.
///
/// # Errors
/// The first thing that a state dict of tensors does not need, or that is damaged.
pub(super) fn read(bytes: &[u8]) -> Result<(Values, Id), String> {
    let mut machine = Machine {
        rest: bytes,
        values: Values::default(),
        stack: Vec::new(),
        marks: Vec::new(),
        memo: HashMap::new(),
    };
    loop {
        if let Some(result) = machine.step()? {
            return Ok((machine.values, result));
        }
    }
}

struct Machine<'a> {
    rest: &'a [u8],
    values: Values,
    stack: Vec<Id>,
    marks: Vec<usize>,
    memo: HashMap<usize, Id>,
}

impl<'a> Machine<'a> {
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
            b'N' => self.push(Value::None),
            0x88 => self.push(Value::Bool(true)),
            0x89 => self.push(Value::Bool(false)),
            b'K' => self.integer(1)?,
            b'M' => self.integer(2)?,
            b'J' => {
                let bytes = self.array()?;
                self.push(Value::Int(i32::from_le_bytes(bytes).into()));
            }
            0x8a => self.long()?,
            b'G' => {
                let bytes = self.array()?;
                self.push(Value::Float(f64::from_be_bytes(bytes)));
            }
            b'X' => self.text(4)?,
            0x8c => self.text(1)?,
            b'}' => self.push(Value::Dict(Vec::new())),
            b']' => self.push(Value::List(Vec::new())),
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
                let items = self.pop_many(1)?;
                self.append(items)?;
            }
            b'e' => {
                let items = self.marked()?;
                self.append(items)?;
            }
            b'q' => self.remember(1)?,
            b'r' => self.remember(4)?,
            0x94 => {
                let top = self.top()?;
                self.memo.insert(self.memo.len(), top);
            }
            b'h' => self.recall(1)?,
            b'j' => self.recall(4)?,
            b'c' => {
                let (module, name) = (self.line()?, self.line()?);
                self.name(&module, &name)?;
            }
            0x93 => {
                let names = self.pop_many(2)?;
                match (self.values.get(names[0]), self.values.get(names[1])) {
                    (Value::Text(module), Value::Text(name)) => {
                        let (module, name) = (module.clone(), name.clone());
                        self.name(&module, &name)?;
                    }
                    _ => return Err(damaged()),
                }
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

    /// A number of up to eight bytes in two's complement.
    fn long(&mut self) -> Result<(), String> {
        let size = self.unsigned(1)?;
        let bytes = self.take(size)?;
        if size > 8 {
            return Err("a whole number of more than 64 bits".to_string());
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
        self.push(Value::Text(text.to_string()));
        Ok(())
    }

    fn line(&mut self) -> Result<String, String> {
        let length = self.rest.iter().position(|&byte| byte == b'\n');
        let line = self.take(length.ok_or_else(damaged)?)?;
        self.take(1)?;
        String::from_utf8(line.to_vec()).map_err(|_| damaged())
    }

    fn push(&mut self, value: Value) {
        let id = self.values.add(value);
        self.stack.push(id);
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
        let (place, top) = (self.unsigned(size)?, self.top()?);
        self.memo.insert(place, top);
        Ok(())
    }

    fn recall(&mut self, size: usize) -> Result<(), String> {
        let place = self.unsigned(size)?;
        self.stack.push(*self.memo.get(&place).ok_or_else(damaged)?);
        Ok(())
    }

    fn set_items(&mut self, items: Vec<Id>) -> Result<(), String> {
        let top = self.top()?;
        match &mut self.values.all[top] {
            Value::Dict(pairs) if items.len().is_multiple_of(2) => {
                pairs.extend(items.chunks_exact(2).map(|pair| (pair[0], pair[1])));
                Ok(())
            }
            _ => Err(damaged()),
        }
    }

    fn append(&mut self, items: Vec<Id>) -> Result<(), String> {
        let top = self.top()?;
        match &mut self.values.all[top] {
            Value::List(list) => {
                list.extend(items);
                Ok(())
            }
            _ => Err(damaged()),
        }
    }

    fn name(&mut self, module: &str, name: &str) -> Result<(), String> {
        let callable = match (module, name) {
            ("collections", "OrderedDict") => Some(Callable::OrderedDict),
            ("torch._utils", "_rebuild_tensor_v2") => Some(Callable::RebuildTensor),
            ("torch._utils", "_rebuild_parameter") => Some(Callable::RebuildParameter),
            ("torch", class) => Number::of_storage(class).map(Callable::Storage),
            _ => None,
        };
        let callable = callable.ok_or_else(|| {
            format!(
                "it asks for {module}.{name}; only tensors are read and nothing is executed. \
                 Save the weights alone: torch.save(model.state_dict(), PATH)"
            )
        })?;
        self.push(Value::Callable(callable));
        Ok(())
    }

    /// A reference to numbers outside: `('storage', class, key, device, count)`.
    fn storage(&mut self) -> Result<(), String> {
        let reference = self.pop()?;
        let Value::Tuple(parts) = self.values.get(reference) else {
            return Err(damaged());
        };
        let [kind, class, key, ..] = parts[..] else {
            return Err(damaged());
        };
        let parts = (
            self.values.get(kind),
            self.values.get(class),
            self.values.get(key),
        );
        let (Value::Text(kind), Value::Callable(Callable::Storage(number)), Value::Text(key)) =
            parts
        else {
            return Err(damaged());
        };
        if kind != "storage" || key.len() > MOST_KEY {
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
        let (Value::Callable(callable), Value::Tuple(arguments)) =
            (self.values.get(call[0]), self.values.get(call[1]))
        else {
            return Err(damaged());
        };
        if arguments.len() > MOST_ARGUMENTS {
            return Err(damaged());
        }
        let arguments: Vec<&Value> = arguments.iter().map(|id| self.values.get(*id)).collect();
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
            ) => Value::Tensor(TensorView {
                storage: storage.clone(),
                offset: size(*offset)?,
                shape: self.sizes(shape)?,
                strides: self.sizes(strides)?,
            }),
            (Callable::RebuildParameter, [tensor @ Value::Tensor(_), ..]) => (*tensor).clone(),
            _ => return Err(damaged()),
        };
        self.push(made);
        Ok(())
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
            Value::Dict(_) => Ok(()),
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
