//! Telling cases of the detector's matcher.

use super::Match::{Background, Ignored, Truth};
use super::*;

const RPN: Matcher = Matcher {
    positive: 0.7,
    negative: 0.3,
    low_quality: true,
    require_overlap: true,
};

#[test]
fn telling_cases() {
    struct Case {
        name: &'static str,
        matcher: Matcher,
        quality: &'static [f32],
        expected: &'static [Match],
    }
    let strict = Matcher {
        low_quality: false,
        ..RPN
    };
    let flooding = Matcher {
        require_overlap: false,
        ..RPN
    };
    let cases = [
        Case {
            name: "thresholds belong to the better side",
            matcher: strict,
            quality: &[0.7, 0.69, 0.3, 0.29],
            expected: &[Truth(0), Ignored, Ignored, Background],
        },
        Case {
            name: "all best candidates of a truth are saved",
            matcher: RPN,
            quality: &[0.2, 0.1, 0.2, 0.0],
            expected: &[Truth(0), Background, Truth(0), Background],
        },
        Case {
            name: "a saved candidate keeps its own best truth",
            matcher: RPN,
            quality: &[0.5, 0.9, /* second truth */ 0.4, 0.0],
            expected: &[Truth(0), Truth(0)],
        },
        Case {
            name: "a truth without overlap saves nobody",
            matcher: RPN,
            quality: &[
                0.8, 0.1, 0.0, 0.4, /* second truth */ 0.0, 0.0, 0.0, 0.0,
            ],
            expected: &[Truth(0), Background, Background, Ignored],
        },
        Case {
            name: "a truth without overlap floods where overlap is not required",
            matcher: flooding,
            quality: &[
                0.8, 0.1, 0.0, 0.4, /* second truth */ 0.0, 0.0, 0.0, 0.0,
            ],
            expected: &[Truth(0), Truth(0), Truth(0), Truth(0)],
        },
    ];
    for Case {
        name,
        matcher,
        quality,
        expected,
    } in cases
    {
        assert_eq!(
            matcher.match_quality(quality, expected.len()),
            expected,
            "{name}"
        );
    }
}

#[test]
fn empty_sides() {
    let candidate = Xyxy::new(0., 0., 4., 4.);
    for require_overlap in [true, false] {
        let matcher = Matcher {
            require_overlap,
            ..RPN
        };
        assert_eq!(
            matcher.match_boxes(&[], &[candidate; 3]),
            [Background; 3],
            "no truths"
        );
        assert_eq!(matcher.match_boxes(&[candidate], &[]), [], "no candidates");
    }
}
