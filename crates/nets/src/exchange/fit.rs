//! Which tensor of a file belongs to which parameter of a network: by name, or by order.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::path::Path;
use std::str::FromStr;

use super::names::{BATCHES, PytorchNames};
use super::{ExchangeError, Mismatch, NamedWeights};
use crate::network::Network;
use crate::weights::{Weight, Weights, collect, order};

/// What decides which tensor of a file belongs to which parameter of a network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pairing {
    /// Their names; what does not fit is left.
    #[default]
    Name,
    /// Their places in the file and in the network; everything must fit.
    Order,
}

impl FromStr for Pairing {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "name" => Ok(Self::Name),
            "order" => Ok(Self::Order),
            _ => Err("expected name or order".to_string()),
        }
    }
}

/// The weights of a network, with those of a file where they fit.
#[derive(Clone, Debug)]
pub struct Fitted {
    /// All of the network's tensors under its own names; what the file lacks has its initial values.
    pub weights: Weights,
    /// How many of them come from the file.
    pub taken: usize,
    /// What does not fit.
    pub left: Mismatch,
    /// Pairs that were made by order: the file's name and ours. None were when names decided.
    pub pairs: Vec<(String, String)>,
}

/// The weights of the file at `path` under the names that `network` has for them.
///
/// The file may use our names or PyTorch's, whichever more tensors fit, behind any prefix (`module.`, `_orig_mod.`, `model.`:
/// wrappers of PyTorch add them). Batch normalisation's counters of batches are passed over; nothing here depends on them.
///
/// # Errors
/// [`ExchangeError::Mismatch`] with every tensor that is missing, surplus or of another shape,
/// [`ExchangeError::NotFinite`] for a NaN or an infinity.
pub fn fit(path: &Path, file: Weights, network: &Network) -> Result<Weights, ExchangeError> {
    let fitted = by_name(path, file, network)?;
    if fitted.left.is_none() {
        return Ok(fitted.weights);
    }
    Err(ExchangeError::Mismatch {
        path: path.to_path_buf(),
        mismatch: fitted.left,
    })
}

/// The same, but tensors of the network that the file lacks, or has in another shape, keep their initial values.
///
/// A classifier's weights fit the backbone of a detector, and the reverse.
///
/// # Errors
/// [`ExchangeError::NothingFits`] when the file gives no tensor, [`ExchangeError::NotFinite`] for a NaN or an infinity.
pub fn fit_what_fits(
    path: &Path,
    file: Weights,
    network: &Network,
) -> Result<Fitted, ExchangeError> {
    let fitted = by_name(path, file, network)?;
    if fitted.taken == 0 {
        return Err(ExchangeError::NothingFits {
            path: path.to_path_buf(),
            mismatch: fitted.left,
        });
    }
    Ok(fitted)
}

/// Pairs the file's tensors with the network's in their order, whatever their names are.
///
/// # Errors
/// [`ExchangeError::Order`] when their numbers or the shapes of a pair differ,
/// [`ExchangeError::NotFinite`] for a NaN or an infinity.
pub fn fit_by_order(
    path: &Path,
    file: NamedWeights,
    network: &Network,
) -> Result<Fitted, ExchangeError> {
    let differ = |reason: String| ExchangeError::Order {
        path: path.to_path_buf(),
        reason,
    };
    let ours = order(network);
    let file: Vec<_> = file
        .into_iter()
        .filter(|(name, _)| !is_counter(name))
        .collect();
    let mut weights = collect(network);
    let mut pairs = Vec::with_capacity(ours.len());
    let counts = [file.len(), ours.len()];
    for (number, ((theirs, found), ours)) in (1..).zip(file.into_iter().zip(ours)) {
        let Some(expected) = weights.get_mut(&ours) else {
            continue; // never happens: both list the same tensors
        };
        if found.shape != expected.shape {
            return Err(differ(format!(
                "tensor {number} of the file is {theirs} {:?}, tensor {number} of the network is {ours} {:?}",
                found.shape, expected.shape
            )));
        }
        check_finite(path, &theirs, &found)?;
        *expected = found;
        pairs.push((theirs, ours));
    }
    let [theirs, ours] = counts;
    if theirs != ours {
        return Err(differ(format!(
            "the file holds {theirs} tensors, the network {ours}"
        )));
    }
    Ok(Fitted {
        weights,
        taken: pairs.len(),
        left: Mismatch::default(),
        pairs,
    })
}

fn by_name(path: &Path, file: Weights, network: &Network) -> Result<Fitted, ExchangeError> {
    let mut file = file;
    file.retain(|name, _| !is_counter(name));
    let mut weights = collect(network);
    let pytorch = PytorchNames::new(network);
    let naming = Naming::best(&file, &weights, &pytorch);
    let mut left = Mismatch::default();
    let mut taken = 0;
    for (ours, weight) in &mut weights {
        let Some(theirs) = naming.of(ours) else {
            left.missing.push((pytorch.of(ours), weight.shape.clone()));
            continue;
        };
        match file.remove(&theirs) {
            None => left.missing.push((theirs, weight.shape.clone())),
            Some(found) if found.shape != weight.shape => {
                left.misshapen
                    .push((theirs, weight.shape.clone(), found.shape));
            }
            Some(found) => {
                check_finite(path, &theirs, &found)?;
                *weight = found;
                taken += 1;
            }
        }
    }
    let surplus = file.into_iter().map(|(name, weight)| (name, weight.shape));
    left.surplus = surplus.collect();
    Ok(Fitted {
        weights,
        taken,
        left,
        pairs: Vec::new(),
    })
}

/// Whether it is PyTorch's counter of batches.
fn is_counter(name: &str) -> bool {
    name.rsplit('.').next() == Some(BATCHES)
}

fn check_finite(path: &Path, tensor: &str, weight: &Weight) -> Result<(), ExchangeError> {
    match weight.values.iter().find(|value| !value.is_finite()) {
        None => Ok(()),
        Some(value) => Err(ExchangeError::NotFinite {
            path: path.to_path_buf(),
            tensor: tensor.to_string(),
            value: *value,
        }),
    }
}

/// What a file calls the parameters of a network: the file's name by ours.
struct Naming(BTreeMap<String, String>);

impl Fitted {
    /// The same, if the file at `path` gives every tensor of the network; what it has beside them does not matter.
    ///
    /// # Errors
    /// [`ExchangeError::Mismatch`].
    pub fn complete(self, path: &Path) -> Result<Self, ExchangeError> {
        if self.left.missing.is_empty() && self.left.misshapen.is_empty() {
            return Ok(self);
        }
        Err(ExchangeError::Mismatch {
            path: path.to_path_buf(),
            mismatch: self.left,
        })
    }

    /// How much of the file was taken, and what was not.
    pub fn in_short(&self) -> String {
        let all = self.weights.len();
        let taken = match self.taken {
            taken if taken == all => format!("all {all} tensors"),
            taken => format!("{taken} of the network's {all} tensors"),
        };
        let pairs = self.pairs.iter();
        let pairs: String = pairs
            .map(|(theirs, ours)| format!("\n  {theirs} -> {ours}"))
            .collect();
        format!("{taken}{}{pairs}", self.left.in_short())
    }

    /// Whether it is doubtful that the file belongs to this kind of network: fewer than half of its tensors fit.
    pub fn is_doubtful(&self) -> bool {
        2 * self.taken < self.weights.len()
    }
}

/// How many tensors of a file fit: by name and shape, and by name.
type Score = (usize, usize);

impl Naming {
    /// The names under which most tensors of the file fit; PyTorch's where none do.
    fn best(file: &Weights, expected: &Weights, pytorch: &PytorchNames) -> Self {
        let all = |name: &dyn Fn(&str) -> Option<String>| -> Vec<(String, String)> {
            let names = expected.keys();
            names
                .filter_map(|ours| Some((ours.clone(), name(ours)?)))
                .collect()
        };
        // Behind these prefixes a detector has what a classifier has without them.
        let body = |name: String| name.strip_prefix("backbone.body.").map(str::to_string);
        let ways = [
            all(&|ours| Some(pytorch.of(ours))),
            all(&|ours| Some(pytorch.older(ours))),
            all(&|ours| Some(ours.to_string())),
            all(&|ours| body(pytorch.of(ours))),
            all(&|ours| ours.strip_prefix("backbone.").map(str::to_string)),
        ];
        let scores = ways.iter().map(|way| prefix(file, expected, way));
        let scores: Vec<(Score, &str)> = scores.collect();
        // The first of several that are as good.
        let most = scores.iter().map(|(score, _)| *score).max();
        let best = scores.iter().position(|(score, _)| Some(*score) == most);
        let best = best.unwrap_or(0);
        let prefix = scores[best].1;
        let names = ways[best].iter();
        Self(
            names
                .map(|(ours, theirs)| (ours.clone(), format!("{prefix}{theirs}")))
                .collect(),
        )
    }

    fn of(&self, ours: &str) -> Option<String> {
        self.0.get(ours).cloned()
    }
}

/// The prefix of the file's names behind which most of these names are found, the shortest of several, and their score.
fn prefix<'a>(
    file: &'a Weights,
    expected: &Weights,
    names: &[(String, String)],
) -> (Score, &'a str) {
    let wanted: BTreeMap<&str, &Weight> = names
        .iter()
        .filter_map(|(ours, theirs)| Some((theirs.as_str(), expected.get(ours)?)))
        .collect();
    let mut scores: BTreeMap<&str, Score> = BTreeMap::new();
    for (name, found) in file {
        let after_points = name.match_indices('.').map(|(at, _)| at + 1);
        for at in std::iter::once(0).chain(after_points) {
            if let Some(weight) = wanted.get(&name[at..]) {
                let (by_shape, by_name) = scores.entry(&name[..at]).or_default();
                *by_shape += usize::from(weight.shape == found.shape);
                *by_name += 1;
            }
        }
    }
    let scores = scores.into_iter().map(|(prefix, score)| (score, prefix));
    scores
        .max_by_key(|(score, prefix)| (*score, Reverse(prefix.len()), Reverse(*prefix)))
        .unwrap_or_default()
}
