//! Box coding: what the network regresses instead of corners (Girshick et al. 2014, arXiv:1311.2524, appendix C).
//!
//! 'deltas' are (dx, dy, dw, dh) from a reference box (an anchor or a proposal) a to a target box g with centres x, y:
//! dx = (gx - ax) / aw, dw = ln(gw / aw), likewise dy and dh, each times a weight.

use crate::boxes::Xyxy;

/// ln(1000 / 16): decoded boxes grow at most this much, so that a wild dw or dh stays finite.
pub const MOST_GROWTH: f32 = 4.135_166_6;

/// The weights of the four deltas; larger ones make the loss count more.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BoxCoder {
    /// For dx, dy, dw, dh.
    pub weights: [f32; 4],
}

/// Centre x and y, width and height.
fn centre_and_sides(b: Xyxy) -> [f32; 4] {
    let (width, height) = (b.width(), b.height());
    [b.x1 + 0.5 * width, b.y1 + 0.5 * height, width, height]
}

impl BoxCoder {
    /// For anchors: all weights 1.
    pub const PROPOSALS: BoxCoder = BoxCoder { weights: [1.0; 4] };

    /// With these weights, in the precision that recipes have.
    pub fn new(weights: [f64; 4]) -> Self {
        Self {
            weights: weights.map(|weight| weight as f32),
        }
    }

    /// The deltas from `reference` to `target`; both need positive sides.
    pub fn encode(&self, target: Xyxy, reference: Xyxy) -> [f32; 4] {
        let [gx, gy, gw, gh] = centre_and_sides(target);
        let [ax, ay, aw, ah] = centre_and_sides(reference);
        let [wx, wy, ww, wh] = self.weights;
        [
            wx * (gx - ax) / aw,
            wy * (gy - ay) / ah,
            ww * (gw / aw).ln(),
            wh * (gh / ah).ln(),
        ]
    }

    /// The box that `deltas` make of `reference`; NaN stays NaN.
    pub fn decode(&self, deltas: [f32; 4], reference: Xyxy) -> Xyxy {
        let [ax, ay, aw, ah] = centre_and_sides(reference);
        let [wx, wy, ww, wh] = self.weights;
        let [dx, dy, dw, dh] = [
            deltas[0] / wx,
            deltas[1] / wy,
            deltas[2] / ww,
            deltas[3] / wh,
        ];
        // Not `min`, which would make a large box of NaN.
        let limit = |d: f32| if d > MOST_GROWTH { MOST_GROWTH } else { d };
        let (x, y) = (dx * aw + ax, dy * ah + ay);
        let (half_width, half_height) =
            (0.5 * (limit(dw).exp() * aw), 0.5 * (limit(dh).exp() * ah));
        Xyxy::new(
            x - half_width,
            y - half_height,
            x + half_width,
            y + half_height,
        )
    }

    /// `deltas [R, K, 4]` of K classes from one reference a row -> boxes `[R, K]`. Stops at the shorter argument.
    pub fn decode_classes(&self, deltas: &[f32], classes: usize, references: &[Xyxy]) -> Vec<Xyxy> {
        let rows = deltas.as_chunks::<4>().0.chunks_exact(classes.max(1));
        rows.zip(references)
            .flat_map(|(row, &a)| row.iter().map(move |&d| self.decode(d, a)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_limit_is_ln_62_5() {
        assert_eq!(MOST_GROWTH, (1000.0_f64 / 16.0).ln() as f32);
    }

    #[test]
    fn telling_cases() {
        let reference = Xyxy::new(10., 10., 20., 30.);
        let cases = [
            ("no change", [0.; 4], reference),
            (
                "half a width to the right",
                [0.5, 0., 0., 0.],
                Xyxy::new(15., 10., 25., 30.),
            ),
            (
                "a quarter of the height up",
                [0., -0.25, 0., 0.],
                Xyxy::new(10., 5., 20., 25.),
            ),
            (
                "growth is limited",
                [0., 0., 100., 0.],
                Xyxy::new(15. - 312.5, 10., 15. + 312.5, 30.),
            ),
            (
                "shrinking is not",
                [0., 0., -100., 0.],
                Xyxy::new(15., 10., 15., 30.),
            ),
        ];
        for (name, deltas, expected) in cases {
            let got = <[f32; 4]>::from(BoxCoder::PROPOSALS.decode(deltas, reference));
            let near = got
                .iter()
                .zip(<[f32; 4]>::from(expected))
                .all(|(a, b)| (a - b).abs() < 1e-3);
            assert!(near, "{name}: {got:?}");
        }
        assert!(
            !BoxCoder::PROPOSALS
                .decode([0., 0., f32::NAN, 0.], reference)
                .is_finite()
        );
    }

    #[test]
    fn encoding_is_undone_by_decoding() {
        let coder = BoxCoder {
            weights: [10., 10., 5., 5.],
        };
        let (a, g) = (Xyxy::new(3., 4., 17., 9.), Xyxy::new(-2., 5., 11., 26.));
        let back = <[f32; 4]>::from(coder.decode(coder.encode(g, a), a));
        assert!(
            back.iter()
                .zip(<[f32; 4]>::from(g))
                .all(|(a, b)| (a - b).abs() < 1e-4),
            "{back:?}"
        );
    }
}
