//! Sums of products by a formula of indices.

use super::product::{float_product, product};
use super::{Call, Outputs, unsuited};
use crate::shape::{Walk, strides};
use crate::tensor::{Kind, Tensor};

/// An index: a letter, or one of those that three dots stand for, counted from the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Index {
    Letter(char),
    Dots(usize),
}

/// Indices of a term for a tensor of `rank`; for the result `rank` is that of the dots.
fn term(text: &str, rank: usize, dots_only: bool) -> Result<Vec<Index>, String> {
    let fail = || format!("'{text}' does not fit a tensor of {rank} dimensions");
    let letters = text.replace("...", ".");
    let named = letters.chars().filter(|c| *c != '.').count();
    let dotted = if dots_only {
        rank
    } else {
        rank.checked_sub(named).ok_or_else(fail)?
    };
    let mut indices = Vec::new();
    for c in letters.chars() {
        match c {
            '.' => indices.extend((0..dotted).rev().map(Index::Dots)),
            c if c.is_ascii_alphabetic() => indices.push(Index::Letter(c)),
            c => return Err(format!("'{c}' is not an index")),
        }
    }
    if !dots_only && indices.len() != rank {
        return Err(fail());
    }
    Ok(indices)
}

pub(super) fn einsum(call: &mut Call) -> Outputs {
    let text: String = call
        .attributes()
        .text_or("equation", "")?
        .split_whitespace()
        .collect();
    let (left, right) = match text.split_once("->") {
        Some((left, right)) => (left, Some(right)),
        None => (text.as_str(), None),
    };
    let inputs = call.all();
    let texts: Vec<&str> = left.split(',').collect();
    if texts.len() != inputs.len() {
        return Err(format!("'{text}' is not for {} inputs", inputs.len()));
    }
    let terms = texts
        .iter()
        .zip(&inputs)
        .map(|(text, x)| term(text, x.rank(), false));
    let terms = terms.collect::<Result<Vec<Vec<Index>>, String>>()?;
    // The length of every index; 1 is repeated.
    let mut sides: Vec<(Index, usize)> = Vec::new();
    for (term, x) in terms.iter().zip(&inputs) {
        for (index, &side) in term.iter().zip(x.shape()) {
            match sides.iter_mut().find(|(known, _)| known == index) {
                None => sides.push((*index, side)),
                Some((_, known)) if *known == 1 => *known = side,
                Some((_, known)) if side == 1 || *known == side => {}
                Some(_) => return Err(format!("the lengths do not fit '{text}'")),
            }
        }
    }
    let dots = sides
        .iter()
        .filter(|(index, _)| matches!(index, Index::Dots(_)))
        .count();
    let result: Vec<Index> = match right {
        Some(right) => term(right, dots, true)?,
        None => implied(&terms, dots),
    };
    let side = |index: &Index| {
        sides
            .iter()
            .find(|(known, _)| known == index)
            .map(|found| found.1)
    };
    let shape: Option<Vec<usize>> = result.iter().map(side).collect();
    let shape = shape.ok_or_else(|| format!("'{text}' has an index only on the right"))?;
    call.room(&shape)?;
    let mut summed: Vec<Index> = sides.iter().map(|(index, _)| *index).collect();
    summed.retain(|index| !result.contains(index));
    let all: Vec<Index> = result.iter().chain(&summed).copied().collect();
    match inputs[0].kind() {
        Kind::F32 => sum(call, &inputs, &terms, &result, &all, &side, product),
        Kind::F64 => sum(
            call,
            &inputs,
            &terms,
            &result,
            &all,
            &side,
            float_product::<f64>,
        ),
        kind => Err(unsuited(kind)),
    }
}

/// Without a right side: the dots, and letters that occur once, in the order of the alphabet.
fn implied(terms: &[Vec<Index>], dots: usize) -> Vec<Index> {
    let mut letters = Vec::new();
    let all = || terms.iter().flatten();
    for index in all() {
        if let Index::Letter(letter) = index
            && all().filter(|other| *other == index).count() == 1
        {
            letters.push(*letter);
        }
    }
    letters.sort_unstable();
    let dots = (0..dots).rev().map(Index::Dots);
    dots.chain(letters.into_iter().map(Index::Letter)).collect()
}

/// All terms laid out with the same indices, multiplied, and summed over those that the result lacks.
fn sum<T: super::Float>(
    call: &Call,
    inputs: &[&Tensor],
    terms: &[Vec<Index>],
    result: &[Index],
    all: &[Index],
    side: &dyn Fn(&Index) -> Option<usize>,
    product: impl Fn(&[T], &[T], [usize; 3]) -> Vec<T>,
) -> Outputs {
    // Strides of a tensor along other indices: summed where an index occurs twice (a diagonal), 0 where it is repeated.
    let along = |x: &Tensor, term: &[Index], indices: &[Index]| -> Vec<isize> {
        let own = strides(x.shape());
        let step = |wanted: &Index| {
            let axes = (0..x.rank()).filter(|&axis| term[axis] == *wanted && x.shape()[axis] != 1);
            axes.map(|axis| own[axis]).sum()
        };
        indices.iter().map(step).collect()
    };
    let sides = |indices: &[Index]| -> Vec<usize> { indices.iter().filter_map(side).collect() };
    let shape = sides(result);
    if let ([a, b], [left, right]) = (inputs, terms) {
        // Two terms are a product of matrices for each place of the indices that both and the result have.
        let holds = |term: &[Index], index: &Index| term.contains(index);
        let pick = |in_left: bool, in_right: bool, in_result: bool| -> Vec<Index> {
            let fits = |index: &&Index| {
                holds(left, index) == in_left
                    && holds(right, index) == in_right
                    && holds(result, index) == in_result
            };
            all.iter().filter(fits).copied().collect()
        };
        let (batch, inner) = (pick(true, true, true), pick(true, true, false));
        let (rows, columns) = (pick(true, false, true), pick(false, true, true));
        if pick(true, false, false).is_empty() && pick(false, true, false).is_empty() {
            let order = |parts: [&[Index]; 3]| parts.concat();
            let (of_a, of_b) = (
                order([&batch, &rows, &inner]),
                order([&batch, &inner, &columns]),
            );
            let view = |x: &Tensor, term: &[Index], indices: &[Index]| {
                let shape = sides(indices);
                call.room(&shape)?;
                Ok::<_, String>(super::moves::view(x, &shape, &along(x, term, indices), 0))
            };
            let (a, b) = (view(a, left, &of_a)?, view(b, right, &of_b)?);
            let count = |indices: &[Index]| sides(indices).iter().product::<usize>();
            let sizes = [count(&rows), count(&inner), count(&columns)];
            let (x, y) = (a.expect::<T>("an input")?, b.expect::<T>("an input")?);
            let mut out = Vec::new();
            for i in 0..count(&batch) {
                let x = &x[i * sizes[0] * sizes[1]..][..sizes[0] * sizes[1]];
                let y = &y[i * sizes[1] * sizes[2]..][..sizes[1] * sizes[2]];
                out.extend(product(x, y, sizes));
            }
            let made = order([&batch, &rows, &columns]);
            let out = Tensor::of(sides(&made), out);
            let places = |index: &Index| made.iter().position(|other| other == index);
            let axes: Vec<usize> = result.iter().filter_map(places).collect();
            return Ok(vec![super::moves::permuted(&out, &axes)]);
        }
    }
    let whole = sides(all);
    crate::shape::count(&whole).ok_or("too many products")?;
    let mut factors: Option<Vec<f64>> = None;
    for (x, term) in inputs.iter().zip(terms) {
        call.room(&whole)?;
        let values = x.expect::<T>("an input")?;
        let walk = Walk::new(&whole, [&along(x, term, all)]);
        let mut laid_out: Vec<f64> = Vec::new();
        let [step] = walk.step();
        for [start] in walk.starts(0, walk.rows()) {
            let row = (0..walk.row() as isize).map(|i| values[(start + i * step) as usize].into());
            laid_out.extend(row);
        }
        factors = Some(match factors {
            None => laid_out,
            Some(mut product) => {
                product.iter_mut().zip(laid_out).for_each(|(a, b)| *a *= b);
                product
            }
        });
    }
    let products = factors.unwrap_or_default();
    let results: usize = shape.iter().product();
    let each = products.len().checked_div(results).unwrap_or(0);
    let sum = |i: usize| T::nearest(products[i * each..][..each].iter().sum());
    Ok(vec![Tensor::of(
        shape,
        (0..results).map(sum).collect::<Vec<T>>(),
    )])
}
