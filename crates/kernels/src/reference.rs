//! Every kernel as simple loops on plain NCHW: the fast ones are tested against these.

use crate::conv::Conv;

/// Calls `visit(output index, input index, weight index)` for every multiply-add of the convolution of `n` images.
fn each_product(
    conv: &Conv,
    n: usize,
    size: [usize; 2],
    mut visit: impl FnMut(usize, usize, usize),
) {
    let Some([rows, columns]) = conv.output(size) else {
        return;
    };
    let [kernel_rows, kernel_columns] = conv.kernel;
    for image in 0..n {
        for o in 0..conv.out_channels {
            for (oy, ox) in (0..rows).flat_map(|y| (0..columns).map(move |x| (y, x))) {
                for c in 0..conv.in_channels {
                    for ky in 0..kernel_rows {
                        for kx in 0..kernel_columns {
                            let y = oy * conv.stride[0] + ky * conv.dilation[0];
                            let x = ox * conv.stride[1] + kx * conv.dilation[1];
                            let (Some(y), Some(x)) = (
                                y.checked_sub(conv.padding[0]),
                                x.checked_sub(conv.padding[1]),
                            ) else {
                                continue;
                            };
                            if y >= size[0] || x >= size[1] {
                                continue;
                            }
                            visit(
                                ((image * conv.out_channels + o) * rows + oy) * columns + ox,
                                ((image * conv.in_channels + c) * size[0] + y) * size[1] + x,
                                ((o * conv.in_channels + c) * kernel_rows + ky) * kernel_columns
                                    + kx,
                            );
                        }
                    }
                }
            }
        }
    }
}

fn narrow(x: Vec<f64>) -> Vec<f32> {
    x.into_iter().map(|x| x as f32).collect()
}

/// x `[n, in, H, W]`, weight `[out, in, kh, kw]`, bias `[out]` -> `[n, out, OH, OW]`, summed in f64.
pub fn conv(
    conv: &Conv,
    x: &[f32],
    n: usize,
    size: [usize; 2],
    weight: &[f32],
    bias: Option<&[f32]>,
) -> Vec<f32> {
    let [rows, columns] = conv.output(size).unwrap_or([0, 0]);
    let mut y = vec![0f64; n * conv.out_channels * rows * columns];
    if let Some(bias) = bias {
        for (i, y) in y.iter_mut().enumerate() {
            *y = f64::from(bias[i / (rows * columns) % conv.out_channels]);
        }
    }
    each_product(conv, n, size, |o, i, w| {
        y[o] += f64::from(x[i]) * f64::from(weight[w]);
    });
    narrow(y)
}

/// dy `[n, out, OH, OW]`, weight `[out, in, kh, kw]` -> the gradient of x `[n, in, H, W]`, summed in f64.
pub fn conv_backward_data(
    conv: &Conv,
    dy: &[f32],
    n: usize,
    size: [usize; 2],
    weight: &[f32],
) -> Vec<f32> {
    let mut dx = vec![0f64; n * conv.in_channels * size[0] * size[1]];
    each_product(conv, n, size, |o, i, w| {
        dx[i] += f64::from(dy[o]) * f64::from(weight[w]);
    });
    narrow(dx)
}

/// x `[n, in, H, W]`, dy `[n, out, OH, OW]` -> the gradient of the weight `[out, in, kh, kw]`, summed in f64.
pub fn conv_backward_weights(
    conv: &Conv,
    x: &[f32],
    dy: &[f32],
    n: usize,
    size: [usize; 2],
) -> Vec<f32> {
    let mut dw = vec![0f64; conv.out_channels * conv.in_channels * conv.kernel[0] * conv.kernel[1]];
    each_product(conv, n, size, |o, i, w| {
        dw[w] += f64::from(dy[o]) * f64::from(x[i]);
    });
    narrow(dw)
}

// ---- Boxes: suppression and RoIAlign ----

/// Reference for [`crate::nms::nms`] and [`crate::nms::batched_nms`] (one class for all gives the former): takes the
/// boxes from the best score on and compares each with all that were kept.
pub fn nms(
    boxes: &[crate::boxes::Xyxy],
    scores: &[f32],
    classes: &[usize],
    threshold: f64,
) -> Vec<usize> {
    let mut order: Vec<usize> = (0..boxes.len()).collect();
    order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
    let mut stay: Vec<usize> = Vec::new();
    for i in order {
        let suppressed = stay
            .iter()
            .any(|&k| classes[k] == classes[i] && f64::from(boxes[k].iou(boxes[i])) > threshold);
        if !suppressed {
            stay.push(i);
        }
    }
    stay
}

/// Reference for [`crate::roi_align::RoiAlign::forward`]: sample by sample, four neighbours each.
pub fn roi_align(
    op: &crate::roi_align::RoiAlign,
    features: &[f32],
    [_, channels, height, width]: [usize; 4],
    rois: &[(usize, crate::boxes::Xyxy)],
) -> Vec<f32> {
    let bins = op.output[0] * op.output[1];
    let mut out = vec![0.0; rois.len() * channels * bins];
    for_each_sample(op, [height, width], rois, |roi, bin, cell, weight| {
        for c in 0..channels {
            let map = (rois[roi].0 * channels + c) * height * width;
            out[(roi * channels + c) * bins + bin] += weight * features[map + cell];
        }
    });
    out
}

/// Reference for [`crate::roi_align::RoiAlign::backward`].
pub fn roi_align_backward(
    op: &crate::roi_align::RoiAlign,
    grad: &[f32],
    [images, channels, height, width]: [usize; 4],
    rois: &[(usize, crate::boxes::Xyxy)],
) -> Vec<f32> {
    let bins = op.output[0] * op.output[1];
    let mut out = vec![0.0; images * channels * height * width];
    for_each_sample(op, [height, width], rois, |roi, bin, cell, weight| {
        for c in 0..channels {
            let map = (rois[roi].0 * channels + c) * height * width;
            out[map + cell] += weight * grad[(roi * channels + c) * bins + bin];
        }
    });
    out
}

/// Calls `visit(box, bin, cell, weight)` for each of the four neighbours of each sample of each bin of each box.
fn for_each_sample(
    op: &crate::roi_align::RoiAlign,
    [height, width]: [usize; 2],
    rois: &[(usize, crate::boxes::Xyxy)],
    mut visit: impl FnMut(usize, usize, usize, f32),
) {
    let [bins_y, bins_x] = op.output;
    let shift = if op.aligned { 0.5 } else { 0.0 };
    for (index, (_, roi)) in rois.iter().enumerate() {
        let (x1, y1) = (roi.x1 * op.scale - shift, roi.y1 * op.scale - shift);
        let mut roi_width = roi.x2 * op.scale - shift - x1;
        let mut roi_height = roi.y2 * op.scale - shift - y1;
        if !op.aligned {
            roi_width = roi_width.max(1.0);
            roi_height = roi_height.max(1.0);
        }
        let (bin_width, bin_height) = (roi_width / bins_x as f32, roi_height / bins_y as f32);
        let (samples_y, samples_x) = match op.sampling_ratio {
            0 => (bin_height.ceil() as usize, bin_width.ceil() as usize),
            fixed => (fixed, fixed),
        };
        let count = (samples_y * samples_x).max(1) as f32;
        for bin in 0..bins_y * bins_x {
            let (bin_y, bin_x) = (bin / bins_x, bin % bins_x);
            for sample in 0..samples_y * samples_x {
                let (i, j) = (sample / samples_x, sample % samples_x);
                let y = y1
                    + bin_y as f32 * bin_height
                    + (i as f32 + 0.5) * bin_height / samples_y as f32;
                let x =
                    x1 + bin_x as f32 * bin_width + (j as f32 + 0.5) * bin_width / samples_x as f32;
                if y < -1.0 || y > height as f32 || x < -1.0 || x > width as f32 {
                    continue;
                }
                let (y, x) = (
                    y.clamp(0.0, (height - 1) as f32),
                    x.clamp(0.0, (width - 1) as f32),
                );
                let (top, left) = (y.floor(), x.floor());
                for (dy, dx) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
                    // Clamped to the map; the neighbour outside has weight 0 then.
                    let row = (top as usize + dy).min(height - 1);
                    let column = (left as usize + dx).min(width - 1);
                    let near = |part: f32, far: usize| if far == 1 { part } else { 1.0 - part };
                    let weight = near(y - top, dy) * near(x - left, dx);
                    visit(index, bin, row * width + column, weight / count);
                }
            }
        }
    }
}

// ---- Linear, pooling, normalization and optimizers, all in f64 ----

/// The gradient of `sum(f(x) * dy)` with respect to `x` by central differences: the reference for every backward pass.
pub fn gradient(x: &[f64], dy: &[f64], f: impl Fn(&[f64]) -> Vec<f64>) -> Vec<f64> {
    let step = 1e-5;
    let mut moved = x.to_vec();
    (0..x.len())
        .map(|i| {
            let mut at = |value: f64| -> f64 {
                moved[i] = value;
                f(&moved).iter().zip(dy).map(|(y, dy)| y * dy).sum()
            };
            let slope = (at(x[i] + step) - at(x[i] - step)) / (2.0 * step);
            moved[i] = x[i];
            slope
        })
        .collect()
}

/// Reference for [`crate::linear::forward`] (without ReLU): x `[n, I]`, weight `[I, O]` -> `[n, O]`.
pub fn linear(x: &[f64], weight: &[f64], bias: &[f64], n: usize) -> Vec<f64> {
    let (inputs, outputs) = (x.len() / n.max(1), bias.len());
    let mut y = vec![0.0; n * outputs];
    for row in 0..n {
        for o in 0..outputs {
            let products = (0..inputs).map(|i| x[row * inputs + i] * weight[i * outputs + o]);
            y[row * outputs + o] = bias[o] + products.sum::<f64>();
        }
    }
    y
}

/// Reference for [`crate::linear::backward_data`]: dy `[n, O]`, weight `[I, O]` -> `[n, I]`.
pub fn linear_backward_data(dy: &[f64], weight: &[f64], n: usize, outputs: usize) -> Vec<f64> {
    let inputs = weight.len() / outputs;
    let mut dx = vec![0.0; n * inputs];
    for row in 0..n {
        for i in 0..inputs {
            let products = (0..outputs).map(|o| dy[row * outputs + o] * weight[i * outputs + o]);
            dx[row * inputs + i] = products.sum();
        }
    }
    dx
}

/// Reference for [`crate::linear::backward_weights`]: x `[n, I]`, dy `[n, O]` -> `[I, O]`.
pub fn linear_backward_weights(x: &[f64], dy: &[f64], n: usize, inputs: usize) -> Vec<f64> {
    let outputs = dy.len() / n;
    let mut dw = vec![0.0; inputs * outputs];
    for i in 0..inputs {
        for o in 0..outputs {
            let products = (0..n).map(|row| x[row * inputs + i] * dy[row * outputs + o]);
            dw[i * outputs + o] = products.sum();
        }
    }
    dw
}

/// Calls `visit(output, offset in the window, input)` for each pixel of each window that lies on the plane.
fn for_each_in_windows(
    size: [usize; 2],
    pool: crate::pool::Pool,
    mut visit: impl FnMut(usize, usize, usize),
) {
    let [rows, columns] = pool.output(size);
    for (row, column) in (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column))) {
        for (ky, kx) in
            (0..pool.kernel[0]).flat_map(|ky| (0..pool.kernel[1]).map(move |kx| (ky, kx)))
        {
            let y = (row * pool.stride[0] + ky) as isize - pool.padding[0] as isize;
            let x = (column * pool.stride[1] + kx) as isize - pool.padding[1] as isize;
            if (0..size[0] as isize).contains(&y) && (0..size[1] as isize).contains(&x) {
                let input = y as usize * size[1] + x as usize;
                visit(row * columns + column, ky * pool.kernel[1] + kx, input);
            }
        }
    }
}

/// Reference for [`crate::pool::max_forward`] for `[planes, H, W]`: values and offsets.
pub fn max_pool(x: &[f64], size: [usize; 2], pool: crate::pool::Pool) -> (Vec<f64>, Vec<u16>) {
    let outputs = pool.output(size).iter().product();
    let (mut values, mut offsets) = (Vec::new(), Vec::new());
    for plane in x.chunks(size[0] * size[1]) {
        let mut best: Vec<Option<(f64, u16)>> = vec![None; outputs];
        for_each_in_windows(size, pool, |output, offset, input| {
            let greater = |(value, _)| plane[input] > value || plane[input].is_nan();
            if best[output].is_none_or(greater) {
                best[output] = Some((plane[input], offset as u16));
            }
        });
        for (value, offset) in best.into_iter().flatten() {
            values.push(value);
            offsets.push(offset);
        }
    }
    (values, offsets)
}

/// Reference for [`crate::pool::average_forward`] for `[planes, H, W]`.
pub fn average_pool(x: &[f64], size: [usize; 2], pool: crate::pool::Pool) -> Vec<f64> {
    let outputs: usize = pool.output(size).iter().product();
    let area = (pool.kernel[0] * pool.kernel[1]) as f64;
    x.chunks(size[0] * size[1])
        .flat_map(|plane| {
            let mut sums = vec![0.0; outputs];
            for_each_in_windows(size, pool, |output, _, input| sums[output] += plane[input]);
            sums.into_iter().map(move |sum| sum / area)
        })
        .collect()
}

/// `fine` `[planes, H, W, 16]` plus `coarse` `[planes, h, w, 16]` enlarged to its size by repeating cells.
pub fn add_upsampled(
    fine: &[f64],
    [height, width]: [usize; 2],
    coarse: &[f64],
    [rows, columns]: [usize; 2],
) -> Vec<f64> {
    let row_of = crate::upsample::sources(rows, height);
    let column_of = crate::upsample::sources(columns, width);
    let cell = |i: usize| {
        let (lane, cell) = (i % 16, i / 16);
        let (x, y, plane) = (cell % width, cell / width % height, cell / width / height);
        ((plane * rows + row_of[y]) * columns + column_of[x]) * 16 + lane
    };
    fine.iter()
        .enumerate()
        .map(|(i, value)| value + coarse[cell(i)])
        .collect()
}

/// Mean and biased variance.
pub fn moments(x: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    let count = x.clone().count() as f64;
    let mean = x.clone().sum::<f64>() / count;
    (
        mean,
        x.map(|x| (x - mean) * (x - mean)).sum::<f64>() / count,
    )
}

/// Reference for [`crate::norm::group_forward`] for `[n, C, area]`, and without `groups` for
/// [`crate::norm::batch_forward`], where each group is one channel of all images.
pub fn normalize(
    x: &[f64],
    gamma: &[f64],
    beta: &[f64],
    area: usize,
    groups: Option<usize>,
    epsilon: f64,
    relu: bool,
) -> Vec<f64> {
    let channels = gamma.len();
    let place = |i: usize| (i / area / channels, i / area % channels);
    let set = |i: usize| match (place(i), groups) {
        ((image, channel), Some(groups)) => (image, channel / (channels / groups)),
        ((_, channel), None) => (0, channel),
    };
    (0..x.len())
        .map(|i| {
            let (mean, variance) =
                moments((0..x.len()).filter(|&j| set(j) == set(i)).map(|j| x[j]));
            let channel = place(i).1;
            let y = (x[i] - mean) / (variance + epsilon).sqrt() * gamma[channel] + beta[channel];
            if relu { y.max(0.0) } else { y }
        })
        .collect()
}

/// Reference for [`crate::optimizer::average`] for one value: the new mean.
pub fn average(mean: f64, value: f64, share: f64) -> f64 {
    (1.0 - share) * mean + share * value
}

/// Reference for [`crate::optimizer::adam`] for one parameter: the new one.
pub fn adam(
    param: f64,
    grad: f64,
    m: &mut f64,
    v: &mut f64,
    options: &crate::optimizer::Adam,
) -> f64 {
    let o = options;
    let (mut param, mut grad) = (param, grad * o.grad_scale);
    if o.decoupled {
        param -= o.learning_rate * o.weight_decay * param;
    } else {
        grad += o.weight_decay * param;
    }
    *m = o.beta1 * *m + (1.0 - o.beta1) * grad;
    *v = o.beta2 * *v + (1.0 - o.beta2) * grad * grad;
    let unbiased_m = *m / (1.0 - o.beta1.powf(o.step as f64));
    let unbiased_v = *v / (1.0 - o.beta2.powf(o.step as f64));
    param - o.learning_rate * unbiased_m / (unbiased_v.sqrt() + o.epsilon)
}

/// Reference for [`crate::optimizer::sgd`] for one parameter: the new one.
pub fn sgd(
    param: f64,
    grad: f64,
    momentum: Option<&mut f64>,
    options: &crate::optimizer::Sgd,
) -> f64 {
    let grad = grad * options.grad_scale + options.weight_decay * param;
    let Some(buffer) = momentum else {
        return param - options.learning_rate * grad;
    };
    *buffer = options.momentum * *buffer + grad;
    let ahead = grad + options.momentum * *buffer;
    param - options.learning_rate * if options.nesterov { ahead } else { *buffer }
}

/// Reference for [`crate::optimizer::rmsprop`] for one parameter: the new one.
pub fn rmsprop(
    param: f64,
    grad: f64,
    squares: &mut f64,
    momentum: Option<&mut f64>,
    options: &crate::optimizer::RmsProp,
) -> f64 {
    let grad = grad * options.grad_scale + options.weight_decay * param;
    *squares = options.alpha * *squares + (1.0 - options.alpha) * grad * grad;
    let direction = grad / (squares.sqrt() + options.epsilon);
    let Some(buffer) = momentum else {
        return param - options.learning_rate * direction;
    };
    *buffer = options.momentum * *buffer + direction;
    param - options.learning_rate * *buffer
}
