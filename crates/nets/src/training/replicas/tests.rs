//! Tests of `replicas`.

use super::*;

#[test]
fn parts_are_the_batch_in_its_order() {
    assert_eq!(parts(64, 1), [(0, 64)]);
    assert_eq!(parts(64, 2), [(0, 32), (32, 32)]);
    assert_eq!(parts(5, 3), [(0, 2), (2, 2), (4, 1)]);
    assert_eq!(parts(1, 2), [(0, 1), (1, 0)], "the first is never idle");
}
