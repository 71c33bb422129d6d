//! Ensembles of decision trees: random forests, boosting.

use std::collections::{HashMap, HashSet};

use super::classes::{Classes, Transform, best};
use super::rows;
use crate::attributes::Attributes;
use crate::ops::{Call, Outputs, Prepared};
use crate::tensor::Tensor;

/// Which way a row goes at a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rule {
    LessOrEqual,
    Less,
    GreaterOrEqual,
    Greater,
    Equal,
    NotEqual,
}

impl Rule {
    fn holds(self, x: f64, limit: f64) -> bool {
        match self {
            Rule::LessOrEqual => x <= limit,
            Rule::Less => x < limit,
            Rule::GreaterOrEqual => x >= limit,
            Rule::Greater => x > limit,
            Rule::Equal => x == limit,
            Rule::NotEqual => x != limit,
        }
    }
}

#[derive(Debug)]
enum Node {
    Branch {
        feature: usize,
        rule: Rule,
        limit: f64,
        /// Where a missing number (NaN) goes.
        missing: bool,
        /// The next nodes: where the rule holds, and where not.
        next: [usize; 2],
    },
    /// What it adds to the scores of classes.
    Leaf(Vec<(usize, f64)>),
}

/// All trees of a model.
#[derive(Debug)]
pub(crate) struct Trees {
    nodes: Vec<Node>,
    roots: Vec<usize>,
    /// Scores before any tree.
    base: Vec<f64>,
    /// Whether all leaves speak of the same class.
    only: bool,
    /// No leaf lowers a score.
    positive: bool,
    /// The largest feature and class, plus one.
    features: usize,
    classes: usize,
}

/// Numbers from one of two attributes: as 32-bit floats, or as a tensor.
fn floats(attributes: &Attributes, name: &str) -> Result<Vec<f64>, String> {
    match attributes.tensor(&format!("{name}_as_tensor"))? {
        Some(tensor) => tensor.floats(name),
        None => Ok(attributes.floats(name)?.iter().map(|&v| v.into()).collect()),
    }
}

impl Trees {
    fn read(attributes: &Attributes) -> Result<Self, String> {
        let ints = |name: &str| Ok::<_, String>(attributes.ints(name)?.unwrap_or_default());
        let (trees, ids) = (ints("nodes_treeids")?, ints("nodes_nodeids")?);
        let (features, modes) = (ints("nodes_featureids")?, attributes.texts("nodes_modes")?);
        let (yes, no) = (ints("nodes_truenodeids")?, ints("nodes_falsenodeids")?);
        let limits = floats(attributes, "nodes_values")?;
        let missing = ints("nodes_missing_value_tracks_true")?;
        let count = ids.len();
        let lengths = [
            trees.len(),
            features.len(),
            modes.len(),
            yes.len(),
            no.len(),
            limits.len(),
        ];
        if lengths.iter().any(|&len| len != count) {
            return Err("the lists of nodes differ in length".into());
        }
        let places: HashMap<(i64, i64), usize> = trees
            .iter()
            .copied()
            .zip(ids.iter().copied())
            .zip(0..)
            .collect();
        let mut nodes = Vec::with_capacity(count);
        let mut read = Self {
            nodes: Vec::new(),
            roots: Vec::new(),
            base: floats(attributes, "base_values")?,
            only: false,
            positive: true,
            features: 0,
            classes: 0,
        };
        let mut begun = HashSet::new();
        for i in 0..count {
            // The first node of a tree is its root.
            if begun.insert(trees[i]) {
                read.roots.push(i);
            }
            let rule = match modes[i].as_str() {
                "LEAF" => {
                    nodes.push(Node::Leaf(Vec::new()));
                    continue;
                }
                "BRANCH_LEQ" => Rule::LessOrEqual,
                "BRANCH_LT" => Rule::Less,
                "BRANCH_GTE" => Rule::GreaterOrEqual,
                "BRANCH_GT" => Rule::Greater,
                "BRANCH_EQ" => Rule::Equal,
                "BRANCH_NEQ" => Rule::NotEqual,
                other => return Err(format!("a node can't be '{other}'")),
            };
            let place = |id: i64| {
                let found = places.get(&(trees[i], id)).copied();
                found.ok_or_else(|| format!("node {} of tree {} leads nowhere", ids[i], trees[i]))
            };
            let feature = usize::try_from(features[i])
                .ok()
                .filter(|&feature| feature < 1 << 40);
            let feature = feature.ok_or("a feature has no valid number")?;
            read.features = read.features.max(feature + 1);
            nodes.push(Node::Branch {
                feature,
                rule,
                limit: limits[i],
                missing: missing.get(i).is_some_and(|&missing| missing != 0),
                next: [place(yes[i])?, place(no[i])?],
            });
        }
        let (trees, ids) = (ints("class_treeids")?, ints("class_nodeids")?);
        let (classes, weights) = (ints("class_ids")?, floats(attributes, "class_weights")?);
        if [trees.len(), ids.len(), weights.len()]
            .iter()
            .any(|&len| len != classes.len())
        {
            return Err("the lists of classes differ in length".into());
        }
        for i in 0..classes.len() {
            let class = usize::try_from(classes[i])
                .ok()
                .filter(|&class| class < 1 << 40);
            let class = class.ok_or("a class has no valid number")?;
            let place = places.get(&(trees[i], ids[i]));
            let Some(Node::Leaf(leaf)) = place.and_then(|&place| nodes.get_mut(place)) else {
                return Err(format!(
                    "node {} of tree {} is not a leaf",
                    ids[i], trees[i]
                ));
            };
            leaf.push((class, weights[i]));
            read.classes = read.classes.max(class + 1);
        }
        read.only = classes.windows(2).all(|pair| pair[0] == pair[1]);
        read.positive = weights.iter().all(|&weight| weight >= 0.0);
        read.nodes = nodes;
        read.check()?;
        Ok(read)
    }

    /// Every node is reached on one way at most: so no walk through a tree runs in circles.
    fn check(&self) -> Result<(), String> {
        let mut open = self.roots.clone();
        let mut reached = vec![false; self.nodes.len()];
        while let Some(at) = open.pop() {
            if std::mem::replace(&mut reached[at], true) {
                return Err("a node has two parents".into());
            }
            if let Node::Branch { next, .. } = &self.nodes[at] {
                open.extend(next);
            }
        }
        Ok(())
    }

    /// The scores of one row, added up over all trees.
    fn scores(&self, row: &[f64], classes: usize) -> Vec<f64> {
        let mut scores = vec![0.0; classes];
        scores
            .iter_mut()
            .zip(&self.base)
            .for_each(|(score, base)| *score = *base);
        for &root in &self.roots {
            let mut at = root;
            loop {
                match &self.nodes[at] {
                    Node::Branch {
                        feature,
                        rule,
                        limit,
                        missing,
                        next,
                    } => {
                        let x = row[*feature];
                        let holds = if x.is_nan() {
                            *missing
                        } else {
                            rule.holds(x, *limit)
                        };
                        at = next[usize::from(!holds)];
                    }
                    Node::Leaf(leaf) => {
                        leaf.iter()
                            .for_each(|&(class, weight)| scores[class] += weight);
                        break;
                    }
                }
            }
        }
        scores
    }
}

/// Labels, and the scores of all classes.
pub(in super::super) fn tree_ensemble_classifier(call: &mut Call) -> Outputs {
    let attributes = call.attributes();
    let classes = Classes::read(attributes, "classlabels_int64s", "classlabels_strings")?;
    let transform = Transform::read(attributes)?;
    if call.node.prepared.get().is_none() {
        // Another thread may have been faster: its trees are the same.
        let _ = call
            .node
            .prepared
            .set(Prepared::Trees(Trees::read(attributes)?));
    }
    let Some(Prepared::Trees(trees)) = call.node.prepared.get() else {
        return Err("trees of another operator".into());
    };
    let (x, count, features) = rows(call.input(0)?)?;
    let number = classes.len().max(1);
    if trees.features > features || trees.classes > number {
        return Err(format!(
            "trees for {} features and {} classes, not {features} and {number}",
            trees.features, trees.classes
        ));
    }
    call.room(&[count, number])?;
    let (mut labels, mut scores) = (Vec::with_capacity(count), Vec::new());
    for row in x.chunks_exact(features.max(1)) {
        let mut own = trees.scores(row, number);
        if trees.only && number == 2 {
            // The leaves speak of one class: the other gets the rest, or the opposite.
            let score = own.iter().sum::<f64>();
            if trees.positive {
                labels.push(usize::from(score > 0.5));
                own = vec![1.0 - score, score];
            } else {
                labels.push(usize::from(score > 0.0));
                own = vec![-score, score];
                transform.apply(&mut own);
            }
        } else {
            labels.push(best(&own));
            transform.apply(&mut own);
        }
        scores.extend(own.into_iter().map(|v| v as f32));
    }
    Ok(vec![
        classes.named(&labels)?,
        Tensor::of([count, number], scores),
    ])
}
