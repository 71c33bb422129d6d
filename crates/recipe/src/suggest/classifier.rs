//! Drafts of classifiers: convolutions with batch normalisation, then a linear layer.

use super::survey::Survey;
use super::text::{channels, counted};
use super::{Draft, Split};

/// A step of the ladder: side of a square input, channels of the first block, and whether later blocks have two
/// convolutions.
type Rung = (usize, usize, bool);

/// From the largest network to the smallest.
const LADDER: [Rung; 8] = [
    (128, 32, true),
    (96, 32, true),
    (96, 24, true),
    (64, 32, true),
    (64, 24, true),
    (64, 24, false),
    (48, 16, false),
    (32, 16, false),
];
/// Most channels of a block.
const MOST_CHANNELS: usize = 256;
/// Most features of a hidden layer, and most classes for which it is worth one.
const HIDDEN: usize = 128;
/// Pictures no larger than this are taken as they are, if they all have one size.
const SMALL: usize = 64;

pub fn drafts(survey: &Survey, split: Split) -> impl Iterator<Item = Draft> {
    let pictures = split.train;
    let most_side = match pictures {
        0..1000 => 64,
        1000..5000 => 96,
        _ => 128,
    };
    let most_width = match pictures {
        0..200 => 16,
        200..1000 => 24,
        _ => 32,
    };
    // Small networks memorise less.
    let deep = pictures >= 1000;
    let size = survey.size;
    let as_it_is = survey.same_size > 0.999 && size[0].max(size[1]) <= SMALL;
    let own_side = ((size[0] * size[1]) as f64).sqrt();
    let largest = (own_side / 16.0).ceil().max(2.0) as usize * 16;
    let mut rungs: Vec<Rung> = LADDER
        .into_iter()
        .map(|(side, width, two)| {
            let side = if as_it_is {
                0
            } else {
                side.min(most_side).min(largest)
            };
            (side, width.min(most_width), two && deep)
        })
        .collect();
    rungs.dedup();
    let survey = survey.clone();
    rungs
        .into_iter()
        .map(move |rung| draft(&survey, split, rung, as_it_is))
}

fn draft(survey: &Survey, split: Split, (side, width, two): Rung, as_it_is: bool) -> Draft {
    let [height, width_of_input] = if as_it_is {
        survey.size
    } else {
        proportioned(side, survey.size)
    };
    let size_reason = if as_it_is {
        "The size of all the pictures.".to_string()
    } else if split.train < 1000 {
        format!(
            "Small: {} teach little detail.",
            counted(split.train, "picture")
        )
    } else {
        "As large as the pictures and the time allow, in their proportions.".to_string()
    };
    let input = [channels(survey), height, width_of_input];
    Draft {
        input,
        size_reason,
        model: model(survey, split, input, width, two),
        wanted: (100_000 / split.train.max(1)).clamp(8, 40),
        training,
    }
}

/// `[height, width]` in multiples of 8 with about the area of a square of this side, and the proportions of `size`.
fn proportioned(side: usize, [height, width]: [usize; 2]) -> [usize; 2] {
    let aspect = (width.max(1) as f64 / height.max(1) as f64).clamp(0.25, 4.0);
    if (0.87..1.15).contains(&aspect) {
        return [side, side];
    }
    let root = aspect.sqrt();
    [side as f64 / root, side as f64 * root].map(|side| ((side / 8.0).round() as usize).max(1) * 8)
}

fn model(survey: &Survey, split: Split, input: [usize; 3], width: usize, two: bool) -> String {
    let [_, mut height, mut across] = input;
    let shorter = height.min(across);
    // Until three or more cells are left of the shorter side.
    let pools = (shorter as f64 / 3.0).log2().max(0.0) as usize;
    let blocks = pools.clamp(3, 5);
    let mut layers = String::new();
    for block in 0..blocks {
        let channels = (width << block).min(MOST_CHANNELS);
        let conv = format!("{{ conv = {channels}, kernel = 3, padding = 1, bias = false }}, ");
        if two && block > 0 {
            layers += &format!("  {conv}\"batch-norm\", \"relu\",\n");
        }
        let pool = if block < pools {
            height /= 2;
            across /= 2;
            "{ max-pool = 2 }, "
        } else {
            ""
        };
        layers += &format!(
            "  {conv}{pool}\"batch-norm\", \"relu\",  # {channels} x {height} x {across}\n"
        );
    }
    let dropout = match split.train {
        0..1000 => "{ dropout = 0.4 }, ",
        1000..10_000 => "{ dropout = 0.2 }, ",
        _ => "",
    };
    let classes = split.classes;
    let cells = height * across;
    let (reason, head) = if survey.is_ink() && cells <= 16 && classes <= HIDDEN {
        (
            "Symbols fill the picture: the last layers see where each part lies.",
            format!("\"flatten\", {{ linear = {HIDDEN} }}, \"relu\", {dropout}"),
        )
    } else {
        (
            "Things may be anywhere: the last map is averaged.",
            format!("\"global-avg-pool\", {dropout}"),
        )
    };
    let dropout_reason = if dropout.is_empty() {
        ""
    } else {
        " Dropout, because there are few pictures."
    };
    format!(
        "[model]\nkind = \"cnn\"\n\
         # {} that halve the map {}; pooling before normalising costs less.\n\
         # {reason}{dropout_reason}\nlayers = [\n{layers}  {head}{{ linear = {classes} }},\n]\n",
        counted(blocks, "block"),
        match pools.min(blocks) {
            0 => "never".to_string(),
            1 => "once".to_string(),
            times => format!("{times} times"),
        }
    )
}

fn training(split: &Split, batch: usize) -> String {
    // The rate of recipe fast-cnn, which suits batches of 256; it falls with the square root.
    let peak = 0.01 * (batch as f64 / 256.0).sqrt();
    let peak = (peak * 10_000.0).round() / 10_000.0;
    let decay = if split.train < 5000 { 0.05 } else { 0.01 };
    let smoothing = if split.classes > 2 { 0.1 } else { 0.05 };
    format!(
        "optimizer = {{ name = \"adamw\", learning-rate = 0.001, weight-decay = {decay} }}\n\
         # The peak suits this batch size.\nschedule = {{ name = \"one-cycle\", peak = {peak} }}\n\
         # Keeps the network from being too sure of itself.\nlabel-smoothing = {smoothing}\n"
    )
}
