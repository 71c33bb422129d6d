use super::*;
use CodeLine::Gap;

#[test]
fn common_lines_stand_side_by_side() {
    let common = |line: &str| CodeLine::Common(line.to_string());
    let [left, right] = aligned(&["a", "b", "c", "e"], &["a", "x", "y", "c"]);
    assert_eq!(
        left,
        [common("a"), changed("b"), Gap, common("c"), changed("e")]
    );
    assert_eq!(
        right,
        [common("a"), changed("x"), changed("y"), common("c"), Gap]
    );
    assert_eq!(aligned(&[], &["a"]), [vec![Gap], vec![changed("a")]]);
}
