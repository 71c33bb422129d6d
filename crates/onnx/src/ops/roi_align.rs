//! RoIAlign: averages by this project's kernel, maxima by simple loops.

use kernels::boxes::Xyxy;
use kernels::roi_align::{MapLayout, RoiAlign};

use super::{Call, Outputs, one, unsuited};
use crate::shape::index;
use crate::tensor::Kind;

/// Samples of a bin along an axis, at most: more would only take time.
const MOST_SAMPLES: i64 = 1000;

pub(super) fn roi_align(call: &mut Call) -> Outputs {
    let (x, rois, images) = (call.input(0)?, call.input(1)?, call.input(2)?);
    let (&[n, channels, height, width], &[count, 4], &[same]) =
        (x.shape(), rois.shape(), images.shape())
    else {
        return Err(format!("maps {:?}, regions {:?}", x.shape(), rois.shape()));
    };
    if count != same {
        return Err(format!("{count} regions in {same} images"));
    }
    let attributes = call.attributes();
    let bins = |name: &str| {
        let given = attributes.int_or(name, 1)?;
        usize::try_from(given)
            .ok()
            .filter(|&bins| bins > 0)
            .ok_or_else(|| format!("attribute '{name}' can't be {given}"))
    };
    let output = [bins("output_height")?, bins("output_width")?];
    let samples = attributes.int_or("sampling_ratio", 0)?;
    if !(0..=MOST_SAMPLES).contains(&samples) {
        return Err(format!("attribute 'sampling_ratio' can't be {samples}"));
    }
    let default = if call.opset() < 16 {
        "output_half_pixel"
    } else {
        "half_pixel"
    };
    let aligned = match attributes.text_or("coordinate_transformation_mode", default)? {
        "half_pixel" => true,
        "output_half_pixel" => false,
        other => {
            let name = "coordinate_transformation_mode";
            return Err(format!("attribute '{name}' can't be '{other}'"));
        }
    };
    let op = RoiAlign {
        output,
        scale: attributes.float_or("spatial_scale", 1.0)?,
        sampling_ratio: samples as usize,
        aligned,
    };
    let shape = [count, channels, output[0], output[1]];
    // Weights and work space of each bin, too.
    call.room(&[count.max(16), channels, output[0], output[1], 2])?;
    call.room(&[
        output[0].max(output[1]),
        height.max(width).max(samples as usize),
    ])?;
    let (Kind::F32, Kind::F32) = (x.kind(), rois.kind()) else {
        return Err(unsuited(if x.kind() == Kind::F32 {
            rois.kind()
        } else {
            x.kind()
        }));
    };
    let maps = x.expect::<f32>("the maps")?;
    let boxes = rois.expect::<f32>("the regions")?.as_chunks::<4>().0;
    let places = images.integers("the images' numbers")?;
    let place = |(&image, &corners): (&i64, &[f32; 4])| {
        // Numbers from the end would be a mistake here.
        let image = index(image.max(-1), n).ok().filter(|_| image >= 0);
        let image = image.ok_or_else(|| format!("a region lies in none of {n} images"))?;
        Ok((image, Xyxy::from(corners)))
    };
    let rois = places.iter().zip(boxes).map(place);
    let rois = rois.collect::<Result<Vec<(usize, Xyxy)>, String>>()?;
    let made = match attributes.text_or("mode", "avg")? {
        "avg" => op.forward(MapLayout::Planes, maps, [n, channels, height, width], &rois),
        "max" => maxima(&op, maps, [channels, height, width], &rois),
        other => return Err(format!("attribute 'mode' can't be '{other}'")),
    };
    one(shape, made)
}

/// The largest of the samples' weighted neighbours: as ONNX defines it, neighbours are not added up first.
fn maxima(
    op: &RoiAlign,
    maps: &[f32],
    [channels, height, width]: [usize; 3],
    rois: &[(usize, Xyxy)],
) -> Vec<f32> {
    let [rows, columns] = op.output;
    let mut out = Vec::with_capacity(rois.len() * channels * rows * columns);
    for &(image, roi) in rois {
        let down = Samples::new(op, [roi.y1, roi.y2], rows, height);
        let right = Samples::new(op, [roi.x1, roi.x2], columns, width);
        for c in 0..channels {
            let map = &maps[(image * channels + c) * height * width..][..height * width];
            for bin in 0..rows * columns {
                let mut best = f32::NEG_INFINITY;
                let mut any = false;
                for y in down.of_bin(bin / columns) {
                    for x in right.of_bin(bin % columns) {
                        any = true;
                        let (Some(y), Some(x)) = (y, x) else {
                            best = best.max(0.0);
                            continue;
                        };
                        for (row, share) in y {
                            for (column, other) in x {
                                best = best.max(map[row * width + column] * share * other);
                            }
                        }
                    }
                }
                out.push(if any { best } else { 0.0 });
            }
        }
    }
    out
}

/// Samples of a region along one axis.
struct Samples {
    start: f32,
    bin: f32,
    count: usize,
    side: usize,
}

/// Two neighbours and their weights; none outside of the map.
type Neighbours = Option<[(usize, f32); 2]>;

impl Samples {
    fn new(op: &RoiAlign, [start, end]: [f32; 2], bins: usize, side: usize) -> Self {
        let shift = if op.aligned { 0.5 } else { 0.0 };
        let start = start * op.scale - shift;
        let len = end * op.scale - shift - start;
        let len = if op.aligned { len } else { len.max(1.0) };
        let bin = len / bins as f32;
        let count = match op.sampling_ratio {
            // As many as cells; of a region far larger than the map, most lie outside.
            0 => (bin.ceil() as usize).min(4 * side + 4),
            count => count,
        };
        Self {
            start,
            bin,
            count,
            side,
        }
    }

    fn of_bin(&self, bin: usize) -> impl Iterator<Item = Neighbours> {
        let first = self.start + bin as f32 * self.bin;
        (0..self.count).map(move |i| {
            let at = first + (i as f32 + 0.5) * self.bin / self.count as f32;
            if !(-1.0..=self.side as f32).contains(&at) || self.side == 0 {
                return None;
            }
            let at = at.max(0.0);
            let last = self.side - 1;
            let low = (at as usize).min(last);
            let part = if low == last { 0.0 } else { at - low as f32 };
            Some([(low, 1.0 - part), ((low + 1).min(last), part)])
        })
    }
}
