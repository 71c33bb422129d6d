use super::*;

#[test]
fn names_fit() {
    assert_eq!(cut("adam", 10), "adam");
    assert_eq!(cut("{name=\"sgd\"}", 8), "{name=…");
    assert_eq!(cut("long", 3), "");
}

#[test]
fn lines_of_a_choice_stay_in_their_place() {
    let ruler = Ruler::Choices(["a", "b", "c"].map(String::from).to_vec());
    for line in 0..100 {
        let place = ruler.place(None, "b", line).unwrap();
        assert!((1.0 / 3.0..2.0 / 3.0).contains(&place), "{place}");
    }
    assert_eq!(ruler.place(Some(1.0), "d", 0), None);
}
