//! Outputs written in parts.

use super::*;

#[test]
fn parts_make_the_whole() {
    let fill = Fill::new(10);
    // SAFETY: the two parts are disjoint and cover everything.
    let values = unsafe {
        fill.part(0, 4).iter_mut().for_each(|value| {
            value.write(1u16);
        });
        fill.part(4, 6).iter_mut().for_each(|value| {
            value.write(2);
        });
        fill.finish()
    };
    assert_eq!(values, [1, 1, 1, 1, 2, 2, 2, 2, 2, 2]);
}

#[test]
#[should_panic]
fn a_part_beyond_the_end_is_refused() {
    let fill = Fill::<f32>::new(10);
    // SAFETY: the only part.
    let _ = unsafe { fill.part(8, 3) };
}
