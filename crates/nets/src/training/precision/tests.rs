//! Tests of `precision`.

use super::*;

#[test]
fn the_factor_halves_and_doubles() {
    assert_eq!(LossScale::of(Precision::Bf16), None);
    let mut scale = LossScale::of(Precision::F16).expect("needs one");
    scale.update(false);
    assert_eq!(scale.scale, 32_768.0);
    (1..GROWTH_STEPS).for_each(|_| scale.update(true));
    assert_eq!(scale.scale, 32_768.0);
    scale.update(true);
    assert_eq!(scale.scale, 65_536.0);
    (1..GROWTH_STEPS).for_each(|_| scale.update(true));
    scale.update(false);
    scale.update(true);
    assert_eq!(scale.scale, 32_768.0, "good steps are counted in a row");
}

#[test]
fn the_cpu_refuses() {
    let cpu = Device::flex().autodiff();
    assert!(check(Precision::F32, &cpu).is_ok());
    let error = check(Precision::F16, &cpu)
        .expect_err("refused")
        .to_string();
    assert!(error.contains("training.precision = \"f16\""), "{error}");
    assert!(error.contains("CPU"), "{error}");
}
