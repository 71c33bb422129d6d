use super::*;
use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;
use ratatui_core::style::Style;

fn frame(colours: bool) -> String {
    let mut buffer = Buffer::empty(Rect::new(0, 0, 6, 2));
    buffer.set_string(0, 0, "ab", Style::new().fg(Color::Cyan));
    buffer.set_string(2, 0, "c", Style::new());
    buffer.set_string(1, 1, "数x", Style::new().add_modifier(Modifier::BOLD));
    let mut ansi = Ansi::new(colours, |_| Ok(()));
    ansi.draw(Buffer::empty(buffer.area).diff(&buffer).into_iter())
        .unwrap();
    ansi.frame
}

#[test]
fn neighbours_follow_each_other_without_moving_the_cursor() {
    assert_eq!(
        frame(true),
        "\x1b[1;1H\x1b[0;36mab\x1b[0mc\x1b[2;2H\x1b[0;1m数x\x1b[0m"
    );
    let plain = frame(false);
    assert!(!plain.contains("36"), "{plain:?}");
    assert!(plain.contains("\x1b[0;1m"), "bold is no colour: {plain:?}");
}
