//! What somebody else wrote, on a terminal: it stays in its lines, and commands nothing.
#![no_main]

use openweigh_formats::shown::{GAP, plain, quoted};
use std::num::NonZero;

const WIDTH: NonZero<u16> = NonZero::new(80).expect("above zero");
const HEIGHT: NonZero<u16> = NonZero::new(400).expect("above zero");

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let text: String = text.chars().take(600).collect();
    for shown in [plain(&text), quoted(&text)] {
        assert!(!shown.chars().any(char::is_control), "{shown:?}");
        assert!(!shown.contains(&" ".repeat(GAP + 1)), "no gap that could move a verdict: {shown:?}");
        // What is shown is shown the same again, but for the quotation marks.
        assert_eq!(plain(&shown), shown);
        let mut terminal = vt100::Parser::new(HEIGHT, WIDTH, 0);
        terminal.process(b"BEFORE\r\n");
        terminal.process(shown.as_bytes());
        let (row, _) = terminal.screen().cursor_position();
        terminal.process(b"\r\nAFTER");
        let screen = terminal.screen();
        let rows: Vec<String> = screen.rows(0, WIDTH.get()).collect();
        assert_eq!(rows[0].trim_end(), "BEFORE");
        assert_eq!(rows[usize::from(row) + 1].trim_end(), "AFTER");
        assert!(!screen.alternate_screen() && !screen.hide_cursor() && !screen.application_keypad());
        assert_eq!(screen.fgcolor(), vt100::Color::Default);
    }
    assert!(quoted(&text).chars().count() <= 10 * 200 + 3);
});
