//! Every operation on every instruction set.

use super::*;

/// Every operation once on a ramp, so that a wrong operand order shows.
struct Every;

impl Task for Every {
    type Output = Vec<[f32; WIDTH]>;

    #[inline(always)]
    fn run<L: Lanes>(self, l: L) -> Self::Output {
        let ramp: [f32; WIDTH] = std::array::from_fn(|i| i as f32);
        let mut bytes = [0u8; WIDTH];
        let mut out = Vec::new();
        // SAFETY: every array holds WIDTH elements, and the ramp's values fit a byte.
        unsafe {
            let x = l.load(ramp.as_ptr());
            let (two, five) = (l.splat(2.0), l.splat(5.0));
            l.store_bytes(bytes.as_mut_ptr(), x);
            let sums = l.sum4([two, x, five, l.zero()]);
            for v in [
                l.add(x, two),
                l.sub(x, two),
                l.mul(x, two),
                l.div(x, two),
                l.sqrt(l.mul(x, x)),
                l.mul_add(x, two, five),
                l.neg_mul_add(x, two, five),
                l.max(x, five),
                l.min(x, five),
                l.select_gt(x, five, two, x),
                l.select_eq(x, five, two, x),
                l.splat(l.sum(x)),
                l.splat(sums[0]),
                l.splat(sums[1]),
                l.splat(sums[2]),
                l.splat(sums[3]),
                l.splat(l.max_lane(x)),
                l.load_bytes(bytes.as_ptr()),
            ] {
                let mut row = [0f32; WIDTH];
                l.store(row.as_mut_ptr(), v);
                out.push(row);
            }
        }
        out
    }
}

#[test]
fn every_operation_on_every_instruction_set() {
    let at = |f: fn(f32) -> f32| std::array::from_fn::<f32, WIDTH, _>(|i| f(i as f32));
    let expected = vec![
        at(|x| x + 2.0),
        at(|x| x - 2.0),
        at(|x| x * 2.0),
        at(|x| x / 2.0),
        at(|x| x),
        at(|x| x * 2.0 + 5.0),
        at(|x| 5.0 - x * 2.0),
        at(|x| x.max(5.0)),
        at(|x| x.min(5.0)),
        at(|x| if x > 5.0 { 2.0 } else { x }),
        at(|x| if x == 5.0 { 2.0 } else { x }),
        at(|_| 120.0),
        at(|_| 32.0),
        at(|_| 120.0),
        at(|_| 80.0),
        at(|_| 0.0),
        at(|_| 15.0),
        at(|x| x),
    ];
    for simd in Simd::available() {
        assert_eq!(simd.run(Every), expected, "{simd:?}");
    }
}

#[test]
fn a_forced_set_ends_with_its_closure() {
    let portable = Simd { arch: None };
    with_simd(portable, || assert!(Simd::current().arch.is_none()));
    assert!(Simd::current().arch.is_some());
}
