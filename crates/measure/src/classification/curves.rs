//! ROC and precision-recall curves with no more points than an eye can tell apart.

use super::Probabilities;

/// How far a thinned curve may lie from the whole one, as a part of an axis: less than a pixel on any screen.
pub const PLOT_TOLERANCE: f64 = 0.0005;

impl Probabilities<'_> {
    /// [`Probabilities::roc_curve`] thinned to [`PLOT_TOLERANCE`].
    pub fn roc_plot(&self, class: usize) -> Vec<[f64; 2]> {
        thin(&self.roc_curve(class), PLOT_TOLERANCE)
    }

    /// [`Probabilities::precision_recall_curve`] as the stairs whose area is the average precision, thinned to
    /// [`PLOT_TOLERANCE`]: between two recalls stands the precision of the higher. Straight lines between the points
    /// would promise more than any threshold gives (J. Davis and M. Goadrich, "The relationship between
    /// precision-recall and ROC curves", 2006).
    pub fn precision_recall_plot(&self, class: usize) -> Vec<[f64; 2]> {
        let points = self.precision_recall_curve(class);
        let mut stairs: Vec<[f64; 2]> = points.first().copied().into_iter().collect();
        for pair in points.windows(2) {
            stairs.extend([[pair[0][0], pair[1][1]], pair[1]]);
        }
        thin(&stairs, PLOT_TOLERANCE)
    }
}

/// Leaves out points, none of them farther than `tolerance` from the line through those that stay: D. Douglas and T. Peucker, "Algorithms for the reduction of the number of points required
/// to represent a digitized line or its caricature", 1973. Both ends stay. Points are finite.
///
/// ```
/// use measure::classification::thin;
/// let points = [[0.0, 0.0], [0.5, 0.501], [0.7, 0.7], [1.0, 0.0]];
/// assert_eq!(thin(&points, 0.01), [[0.0, 0.0], [0.7, 0.7], [1.0, 0.0]]);
/// ```
pub fn thin(points: &[[f64; 2]], tolerance: f64) -> Vec<[f64; 2]> {
    if points.len() < 3 {
        return points.to_vec();
    }
    let mut stays = vec![false; points.len()];
    stays[0] = true;
    stays[points.len() - 1] = true;
    // Stretches to look at, by their ends; a stack, because curves may have a million points.
    let mut stretches = vec![(0, points.len() - 1)];
    while let Some((first, last)) = stretches.pop() {
        let distance = |place: usize| square_distance(points[place], points[first], points[last]);
        let farthest = (first + 1..last).map(|place| (place, distance(place)));
        // The first of equals.
        let farthest = farthest.reduce(|a, b| if b.1 > a.1 { b } else { a });
        if let Some((place, square)) = farthest
            && square > tolerance * tolerance
        {
            stays[place] = true;
            stretches.extend([(first, place), (place, last)]);
        }
    }
    let kept = points.iter().zip(stays);
    kept.filter_map(|(&point, stays)| stays.then_some(point))
        .collect()
}

/// Squared distance of `point` from the stretch between two ends.
fn square_distance(point: [f64; 2], from: [f64; 2], to: [f64; 2]) -> f64 {
    let [along, off] = [
        [to[0] - from[0], to[1] - from[1]],
        [point[0] - from[0], point[1] - from[1]],
    ];
    let length = along[0] * along[0] + along[1] * along[1];
    let part = if length > 0.0 {
        ((off[0] * along[0] + off[1] * along[1]) / length).clamp(0.0, 1.0)
    } else {
        0.0
    };
    let rest = [off[0] - part * along[0], off[1] - part * along[1]];
    rest[0] * rest[0] + rest[1] * rest[1]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lines_keep_their_corners() {
        let collinear: Vec<[f64; 2]> = (0..=8).map(|i| [f64::from(i) / 8.0; 2]).collect();
        for (name, points, expected) in [
            ("nothing", vec![], vec![]),
            ("a point", vec![[0.5, 0.5]], vec![[0.5, 0.5]]),
            ("one line", collinear, vec![[0.0, 0.0], [1.0, 1.0]]),
            (
                "there and back",
                vec![[0.0, 0.0], [0.0, 1.0], [0.0, 0.0]],
                vec![[0.0, 0.0], [0.0, 1.0], [0.0, 0.0]],
            ),
            (
                "a step",
                vec![[0.0, 0.0], [0.0, 0.5], [0.0, 1.0], [0.5, 1.0], [1.0, 1.0]],
                vec![[0.0, 0.0], [0.0, 1.0], [1.0, 1.0]],
            ),
        ] {
            assert_eq!(thin(&points, 0.001), expected, "{name}");
        }
    }

    #[test]
    fn the_stairs_stand_at_the_precision_of_the_higher_recall() {
        // By falling value: right, wrong, right.
        let values = [0.9, 0.1, 0.6, 0.4, 0.3, 0.7];
        let probabilities = Probabilities::new(&values, &[0, 1, 0], 2).unwrap();
        let two_thirds = 2.0 / 3.0;
        assert_eq!(
            probabilities.precision_recall_plot(0),
            [
                [0.0, 1.0],
                [0.5, 1.0],
                [0.5, 0.5],
                [0.5, two_thirds],
                [1.0, two_thirds]
            ]
        );
        assert!(probabilities.precision_recall_plot(9).is_empty());
        assert!(probabilities.roc_plot(9).is_empty());
    }

    /// Area under a curve whose first coordinate never falls.
    fn area(points: &[[f64; 2]]) -> f64 {
        let pairs = points.windows(2);
        pairs
            .map(|pair| (pair[1][0] - pair[0][0]) * (pair[0][1] + pair[1][1]) / 2.0)
            .sum()
    }

    #[test]
    fn thinned_curves_of_ten_thousand_images_keep_their_area_and_few_points() {
        // Two overlapping bells of values, by a linear congruential generator.
        let mut state = 7_u64;
        let mut uniform = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 40) as f32 / (1 << 24) as f32
        };
        let truths: Vec<usize> = (0..10_000)
            .map(|image| usize::from(image % 10 != 0))
            .collect();
        let rows = truths.iter().flat_map(|&truth| {
            let bell = (0..4).map(|_| uniform()).sum::<f32>() / 4.0;
            let value = if truth == 0 {
                0.25 + 0.75 * bell
            } else {
                0.75 * bell
            };
            [value, 1.0 - value]
        });
        let values: Vec<f32> = rows.collect();
        let probabilities = Probabilities::new(&values, &truths, 2).unwrap();
        let (roc, stairs) = (
            probabilities.roc_plot(0),
            probabilities.precision_recall_plot(0),
        );
        let auc = probabilities.roc_auc(0).unwrap();
        let precision = probabilities.average_precision(0).unwrap();
        assert!((area(&roc) - auc).abs() < 2.0 * PLOT_TOLERANCE, "{auc}");
        assert!(
            (area(&stairs) - precision).abs() < 2.0 * PLOT_TOLERANCE,
            "{precision}"
        );
        assert!(probabilities.roc_curve(0).len() > 5000);
        assert!(
            roc.len() < 300 && stairs.len() < 1000,
            "{} {}",
            roc.len(),
            stairs.len()
        );
    }

    proptest! {
        #[test]
        fn nothing_left_out_is_far_from_what_stays(
            points in prop::collection::vec([0.0..1.0_f64, 0.0..1.0_f64], 0..60),
            tolerance in 0.0..0.3_f64,
        ) {
            let thinned = thin(&points, tolerance);
            // A part of the points, in their order, with both ends.
            let mut rest = points.iter();
            prop_assert!(thinned.iter().all(|kept| rest.any(|point| point == kept)));
            prop_assert_eq!(thinned.first(), points.first());
            prop_assert_eq!(thinned.last(), points.last());
            for &point in &points {
                // Distance by walking along every stretch in small steps.
                let mut nearest = f64::INFINITY;
                for pair in thinned.windows(2) {
                    for step in 0..=200 {
                        let part = f64::from(step) / 200.0;
                        let x = pair[0][0] + part * (pair[1][0] - pair[0][0]);
                        let y = pair[0][1] + part * (pair[1][1] - pair[0][1]);
                        nearest = nearest.min((point[0] - x).hypot(point[1] - y));
                    }
                }
                if let [only] = thinned[..] {
                    nearest = (point[0] - only[0]).hypot(point[1] - only[1]);
                }
                // Half a step of the longest stretch, 1.42 / 200.
                prop_assert!(nearest <= tolerance + 0.004, "{nearest}");
            }
        }
    }
}
