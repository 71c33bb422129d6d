//! What does not fit between a file of weights and a network.

use std::fmt;
use std::fmt::Write;

/// How many names a short list has.
const FIRST: usize = 4;

/// Tensors of a file and of a network that have no counterpart, in the names of the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mismatch {
    /// The network has them, the file lacks them: name and the network's shape.
    pub missing: Vec<(String, Vec<usize>)>,
    /// The file has them, the network has no place for them: name and the file's shape.
    pub surplus: Vec<(String, Vec<usize>)>,
    /// Both have them: name, the network's shape, the file's shape.
    pub misshapen: Vec<(String, Vec<usize>, Vec<usize>)>,
}

impl Mismatch {
    /// Whether everything fits.
    pub fn is_none(&self) -> bool {
        self.missing.is_empty() && self.surplus.is_empty() && self.misshapen.is_empty()
    }

    /// The number of tensors of each kind and the first names, each kind on a line that begins with a line break.
    pub fn in_short(&self) -> String {
        let named = |(name, shape): &(String, Vec<usize>)| format!("{name} {shape:?}");
        let two_shapes = |(name, expected, found): &(String, Vec<usize>, Vec<usize>)| {
            format!("{name} is {found:?}, the network expects {expected:?}")
        };
        let missing = short(&self.missing, named);
        let surplus = short(&self.surplus, named);
        let misshapen = short(&self.misshapen, two_shapes);
        let mut text = String::new();
        for (what, list) in [
            ("missing, keep initial values", missing),
            ("other shape, keep initial values", misshapen),
            ("surplus, not used", surplus),
        ] {
            if let Some(list) = list {
                // Writing to a string does not fail.
                let _ = write!(text, "\n  {what}: {list}");
            }
        }
        text
    }
}

/// The number of elements and the first of them; `None` if there are none.
fn short<T>(list: &[T], text: impl Fn(&T) -> String) -> Option<String> {
    let first: Vec<String> = list.iter().take(FIRST).map(text).collect();
    let more = match list.len().saturating_sub(FIRST) {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    (!list.is_empty()).then(|| format!("{} ({}{more})", list.len(), first.join("; ")))
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the weights belong to another network")?;
        for (name, shape) in &self.missing {
            write!(f, "\n  missing:     {name} {shape:?}")?;
        }
        for (name, shape) in &self.surplus {
            write!(f, "\n  surplus:     {name} {shape:?}")?;
        }
        for (name, expected, found) in &self.misshapen {
            write!(
                f,
                "\n  other shape: {name} is {found:?}, the network expects {expected:?}"
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_list_counts_what_it_leaves_out() {
        let missing = (0..6).map(|number| (format!("{number}.bias"), vec![number]));
        let mismatch = Mismatch {
            missing: missing.collect(),
            misshapen: vec![("fc.weight".to_string(), vec![10, 8], vec![1000, 8])],
            ..Mismatch::default()
        };
        assert_eq!(
            mismatch.in_short(),
            "\n  missing, keep initial values: 6 (0.bias [0]; 1.bias [1]; 2.bias [2]; 3.bias [3]; and 2 more)\
             \n  other shape, keep initial values: 1 (fc.weight is [1000, 8], the network expects [10, 8])"
        );
        assert_eq!(Mismatch::default().in_short(), "");
    }
}
