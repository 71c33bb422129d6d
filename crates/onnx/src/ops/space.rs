//! Blocks of pixels as channels, and back.

use super::moves::permuted;
use super::{Call, Outputs};

pub(super) fn depth_to_space(call: &mut Call) -> Outputs {
    let block = block(call)?;
    let x = call.input(0)?;
    let &[n, c, h, w] = x.shape() else {
        return Err(format!("an image of {} dimensions, not 4", x.rank()));
    };
    let area = block.checked_mul(block).ok_or("the blocks are too large")?;
    if c % area != 0 {
        return Err(format!("{c} channels are not a multiple of {area}"));
    }
    let depth = c / area;
    let (shape, order) = match call.attributes().text_or("mode", "DCR")? {
        "DCR" => ([n, block, block, depth, h, w], [0, 3, 4, 1, 5, 2]),
        "CRD" => ([n, depth, block, block, h, w], [0, 1, 4, 2, 5, 3]),
        other => return Err(format!("attribute 'mode' can't be '{other}'")),
    };
    let moved = permuted(&x.clone().reshaped(shape)?, &order);
    Ok(vec![moved.reshaped([
        n,
        depth,
        h.saturating_mul(block),
        w.saturating_mul(block),
    ])?])
}

pub(super) fn space_to_depth(call: &mut Call) -> Outputs {
    let block = block(call)?;
    let x = call.input(0)?;
    let &[n, c, h, w] = x.shape() else {
        return Err(format!("an image of {} dimensions, not 4", x.rank()));
    };
    if h % block != 0 || w % block != 0 {
        return Err(format!(
            "{h} x {w} pixels are not blocks of {block} x {block}"
        ));
    }
    let (rows, columns) = (h / block, w / block);
    let order = match call.attributes().text_or("mode", "DCR")? {
        "DCR" => [0, 3, 5, 1, 2, 4],
        "CRD" => [0, 1, 3, 5, 2, 4],
        other => return Err(format!("attribute 'mode' can't be '{other}'")),
    };
    let split = x.clone().reshaped([n, c, rows, block, columns, block])?;
    let depth = c.saturating_mul(block).saturating_mul(block);
    Ok(vec![
        permuted(&split, &order).reshaped([n, depth, rows, columns])?,
    ])
}

fn block(call: &Call) -> Result<usize, String> {
    let given = call.attributes().int_or("blocksize", 0)?;
    match usize::try_from(given) {
        Ok(block @ 1..) => Ok(block),
        _ => Err(format!("attribute 'blocksize' can't be {given}")),
    }
}
