//! Ranges of `data.augment`.

use super::{MOST_PIXELS, fraction, need};
use crate::Augment;
use crate::problem::Problem;

/// Beyond this slant little of a picture is left in its frame.
const MOST_SHEAR: f64 = 60.0;
/// A picture bent by more than this share of `elastic-sigma` folds over itself in places.
const MOST_BENDING: f64 = 0.5;

pub(super) fn check(augment: &Augment) -> Result<(), Problem> {
    let key = |name: &str| format!("data.augment.{name}");
    let Augment {
        shift,
        rotate,
        scale,
        shear,
        flip,
        elastic,
        elastic_sigma,
        contrast,
        brightness,
        invert,
        noise,
        erase,
        erase_area,
    } = *augment;
    need(
        shift <= MOST_PIXELS,
        &key("shift"),
        &format!("at most {MOST_PIXELS}"),
        shift,
    )?;
    need(
        (0.0..=180.0).contains(&rotate),
        &key("rotate"),
        "from 0 to 180 degrees",
        rotate,
    )?;
    super::below_1(&key("scale"), scale)?;
    need(
        (0.0..=MOST_SHEAR).contains(&shear),
        &key("shear"),
        &format!("from 0 to {MOST_SHEAR} degrees"),
        shear,
    )?;
    need(
        (1.0..=MOST_PIXELS as f64).contains(&elastic_sigma),
        &key("elastic-sigma"),
        &format!("from 1 to {MOST_PIXELS} pixels"),
        elastic_sigma,
    )?;
    need(
        (0.0..=MOST_BENDING * elastic_sigma).contains(&elastic),
        &key("elastic"),
        &format!("from 0 to half of data.augment.elastic-sigma, {elastic_sigma}"),
        elastic,
    )?;
    for (name, value) in [
        ("flip", flip),
        ("contrast", contrast),
        ("brightness", brightness),
        ("invert", invert),
        ("noise", noise),
        ("erase", erase),
    ] {
        fraction(&key(name), value)?;
    }
    let [least, most] = erase_area;
    need(
        least > 0.0 && least <= most && most <= 1.0,
        &key("erase-area"),
        "the smallest and the largest share, greater than 0 and at most 1",
        format!("{erase_area:?}"),
    )
}
