use super::*;

#[test]
fn only_some_terminals_show_a_dashboard() {
    let size = |width, height| Some(Size::new(width, height));
    for (term, size, expected) in [
        (Some("xterm-256color"), size(80, 24), true),
        (Some("tmux"), size(40, 10), true),
        (Some("tmux"), size(39, 10), false),
        (Some("tmux"), size(40, 9), false),
        (Some("tmux"), size(0, 0), false),
        (Some("tmux"), None, false),
        (Some("dumb"), size(80, 24), false),
        (Some(""), size(80, 24), false),
        (None, size(80, 24), false),
    ] {
        assert_eq!(suits(term, size), expected, "{term:?} {size:?}");
    }
}
