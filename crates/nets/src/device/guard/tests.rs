//! Tests of `guard`.

use super::*;

#[test]
fn a_panic_becomes_an_error() {
    assert_eq!(guarded(|| 7), Ok(7));
    let error =
        guarded(|| -> () { panic!("can't allocate buffer of size: {}\nat 0x1", 1_u64 << 40) });
    let error: Failure = error.expect_err("a panic");
    assert!(error.is_out_of_memory());
    assert_eq!(
        error.to_string(),
        "can't allocate buffer of size: 1099511627776"
    );
    let chain = "An error\nCaused by:\n  An IO error\nCaused by:\n  device lost\nNo backtrace";
    let error = guarded(|| -> () { panic!("{chain}") }).expect_err("a panic");
    assert!(!error.is_out_of_memory());
    assert_eq!(error.to_string(), "device lost");
    let gone = "An error\nCaused by:\n  Failed to read tensor: RecvError(())";
    let error = guarded(|| -> () { panic!("{gone}") }).expect_err("a panic");
    assert!(
        error.to_string().starts_with("its worker has ended"),
        "{error}"
    );
}
