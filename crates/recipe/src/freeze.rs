//! Parts of a network that training leaves as they are, or trains at a rate of their own: their names in `training.freeze`
//! and `training.learning-rates`, and their layers.

use super::layer::Layer;
use super::problem::{Problem, Segment, suggestion};
use std::collections::BTreeMap;
use std::ops::Range;

/// What may stand before a part's name, since parts of a detector belong to its backbone.
const BACKBONE: &str = "backbone";

/// The layers that a network reads maps with, and whether those of its head follow them, as in a classifier.
#[derive(Clone, Copy)]
pub(super) struct Body<'a> {
    pub layers: &'a [Layer],
    pub with_head: bool,
}

impl Body<'_> {
    /// The layers of the part with this name.
    pub fn find(self, name: &str) -> Result<Range<usize>, Problem> {
        Parts::of(self).find(name)
    }

    /// The name of the smallest part that each layer belongs to; `head` for those behind the backbone.
    pub fn names(self) -> Vec<String> {
        let parts = Parts::of(self).named;
        let name = |at: usize| {
            let parts = parts.iter().filter(|(_, range)| range.contains(&at));
            let smallest = parts.min_by_key(|(_, range)| range.len());
            smallest.map_or("head".to_string(), |(name, _)| name.clone())
        };
        (0..self.layers.len()).map(name).collect()
    }
}

/// Whether each of the layers belongs to one of these parts.
///
/// # Errors
/// A name that no part has; parts that leave nothing to train.
pub(super) fn frozen(body: Body, names: &[String]) -> Result<Vec<bool>, Problem> {
    let mut frozen = vec![false; body.layers.len()];
    let parts = Parts::of(body);
    for (index, name) in names.iter().enumerate() {
        let range = parts.find(name);
        let range = range.map_err(|problem| problem.inside(Segment::Index(index)))?;
        frozen[range].fill(true);
    }
    let mut layers = body.layers.iter().zip(&frozen);
    let is_trained = layers.any(|(layer, frozen)| has_parameters(layer) && !frozen);
    if body.with_head && frozen.contains(&true) && !is_trained {
        let help = "freeze \"backbone\" to train the layers behind the last map only";
        return Err(Problem::here("leaves no layer to train").with_help(help));
    }
    Ok(frozen)
}

/// The place behind the part of a detector's backbone with this name.
pub(super) fn end_of(layers: &[Layer], name: &str) -> Result<usize, Problem> {
    let body = Body {
        layers,
        with_head: false,
    };
    body.find(name).map(|range| range.end)
}

/// The factor of each layer's learning rate: that of the smallest of these parts that it belongs to, else 1.
///
/// # Errors
/// A name that no part has; two parts that share layers, of which neither holds the other.
pub(super) fn rates(body: Body, factors: &BTreeMap<String, f64>) -> Result<Vec<f64>, Problem> {
    let parts = Parts::of(body);
    let mut found: Vec<(&str, Range<usize>, f64)> = Vec::new();
    for (name, factor) in factors {
        let range = parts
            .find(name)
            .map_err(|problem| problem.inside_key(name))?;
        found.push((name, range, *factor));
    }
    for (number, (name, one, _)) in found.iter().enumerate() {
        for (before, other, _) in &found[..number] {
            let apart = one.end <= other.start || other.end <= one.start;
            let within = |a: &Range<usize>, b: &Range<usize>| a.start >= b.start && a.end <= b.end;
            if !apart && (one == other || !(within(one, other) || within(other, one))) {
                let what = format!("shares layers with `{before}`");
                let help = "write parts that are apart, or of which one lies within the other";
                return Err(Problem::at_key(name, what).with_help(help));
            }
        }
    }
    // The smallest last, so that it counts.
    found.sort_by_key(|(_, range, _)| std::cmp::Reverse(range.len()));
    let mut rates = vec![1.0; body.layers.len()];
    for (_, range, factor) in found {
        rates[range].fill(factor);
    }
    Ok(rates)
}

/// The parts of a network that can be named.
struct Parts {
    named: Vec<(String, Range<usize>)>,
    /// Layers of the list.
    layers: usize,
}

impl Parts {
    fn of(Body { layers, with_head }: Body) -> Self {
        let stages: Vec<usize> = (0..layers.len())
            .filter(|&at| is_stage(&layers[at]))
            .collect();
        let mut named = Vec::new();
        if let Some(&first) = stages.first().filter(|first| **first > 0) {
            named.push(("stem".to_string(), 0..first));
        }
        let numbered = (1..).zip(stages);
        named.extend(numbered.map(|(number, at)| (format!("stage-{number}"), at..at + 1)));
        // The head begins with the linear layers behind the last map.
        let reads_maps =
            |layer: &Layer| has_parameters(layer) && !matches!(layer, Layer::Linear { .. });
        let body = if with_head {
            let last = layers.iter().rposition(reads_maps);
            last.map_or(0, |last| last + 1)
        } else {
            layers.len()
        };
        if body > 0 {
            named.push((BACKBONE.to_string(), 0..body));
        }
        Self {
            named,
            layers: layers.len(),
        }
    }

    /// The layers of the part with this name.
    fn find(&self, name: &str) -> Result<Range<usize>, Problem> {
        let within = name
            .strip_prefix(BACKBONE)
            .and_then(|rest| rest.strip_prefix('.'))
            .unwrap_or(name);
        if let Some((_, range)) = self.named.iter().find(|(part, _)| part == within) {
            return Ok(range.clone());
        }
        let in_brackets = within
            .strip_prefix("layers[")
            .and_then(|rest| rest.strip_suffix(']'));
        match in_brackets.map(range) {
            Some(Some(range)) if range.start < range.end && range.end <= self.layers => Ok(range),
            Some(Some(_)) => {
                let what = format!("`{name}`: the network has layers[0..{}]", self.layers);
                Err(Problem::here(what).with_help("layers[0..3] is layers 0, 1 and 2"))
            }
            _ => {
                let mut valid: Vec<String> =
                    self.named.iter().map(|(part, _)| part.clone()).collect();
                valid.push(format!("layers[0..{}]", self.layers));
                let what = format!("no part of the network is called `{name}`");
                Err(Problem::here(what).with_help(suggestion(within, &valid, "names")))
            }
        }
    }
}

/// `3` or `0..4`.
fn range(text: &str) -> Option<Range<usize>> {
    match text.split_once("..") {
        Some((start, end)) => Some(start.parse().ok()?..end.parse().ok()?),
        None => {
            let one: usize = text.parse().ok()?;
            Some(one..one.checked_add(1)?)
        }
    }
}

fn is_stage(layer: &Layer) -> bool {
    matches!(
        layer,
        Layer::Stage(_) | Layer::Inverted(_) | Layer::Residual { .. }
    )
}

fn has_parameters(layer: &Layer) -> bool {
    is_stage(layer)
        || matches!(
            layer,
            Layer::Conv { .. }
                | Layer::BatchNorm { .. }
                | Layer::Linear { .. }
                | Layer::SqueezeExcitation { .. }
        )
}
