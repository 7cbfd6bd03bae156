//! What is written is what another program's reader of Markdown reads: words from outside are words, whatever they are.

#![allow(clippy::unwrap_used, reason = "what cannot be unwrapped is a failed test")]

use openweigh_markup::markdown::{Document, Inline};
use openweigh_markup::visible::visible;
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

/// Pieces of which hostile words are made.
const PIECES: [&str; 66] = [
    "#",
    "##",
    " ",
    "  ",
    "-",
    "--",
    "---",
    "+",
    "*",
    "**",
    "_",
    "__",
    "=",
    "===",
    ">",
    "<",
    "</blockquote>",
    "<b>",
    "<!--",
    "-->",
    "&",
    "&lt;",
    "&#35;",
    "`",
    "``",
    "```",
    "~~~",
    "~",
    "|",
    "|---|",
    "[",
    "]",
    "(",
    ")",
    "](",
    "[a]: b",
    "![x](y)",
    "https://a.b",
    "http://",
    "www.a.b",
    "a@b.c",
    ":",
    ":smile:",
    "\\",
    "\\\\",
    "{",
    "}",
    "$",
    "$$",
    "^",
    "[^1]",
    "1.",
    "1. a",
    "12)",
    "-5",
    "0.5",
    "- [x] done",
    "\t",
    "\n",
    "\n\n",
    "\u{202e}",
    "\u{a0}",
    "a",
    "é",
    "质量",
    "!",
];

/// xorshift64*: the same words on every run.
struct Random(u64);

impl Random {
    fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % below
    }

    fn words(&mut self) -> String {
        let count = 1 + self.next(8);
        (0..count).map(|_| PIECES[self.next(PIECES.len())]).collect()
    }
}

fn options() -> Options {
    Options::all()
}

/// The text in a stretch of events, which may hold nothing but text.
fn text<'a>(events: impl IntoIterator<Item = Event<'a>>, of: &str, document: &str) -> String {
    let mut text = String::new();
    for event in events {
        match event {
            Event::Text(part) => text.push_str(&part),
            other => panic!("{of:?} gave {other:?} in\n{document}"),
        }
    }
    text
}

#[test]
fn words_in_a_quote_are_one_paragraph_of_text() {
    let mut random = Random(1);
    for _ in 0..20_000 {
        let words = random.words();
        if words.trim().is_empty() {
            continue;
        }
        let mut document = Document::new();
        document.paragraph("Before.");
        document.quote([Inline::words(&words)]);
        document.paragraph("Behind.");
        let written = document.to_string();
        let events: Vec<Event<'_>> =
            Parser::new_ext(&written, Options::all() - Options::ENABLE_SMART_PUNCTUATION).collect();
        let start =
            events.iter().position(|event| matches!(event, Event::Start(Tag::BlockQuote(_)))).unwrap();
        let end = events.iter().position(|event| matches!(event, Event::End(TagEnd::BlockQuote(_)))).unwrap();
        assert!(matches!(events[start + 1], Event::Start(Tag::Paragraph)), "{written}");
        assert!(matches!(events[end - 1], Event::End(TagEnd::Paragraph)), "{written}");
        let found = text(events[start + 2..end - 1].iter().cloned(), &words, &written);
        assert_eq!(found, visible(words.trim()).into_owned(), "{written}");
        assert_eq!(events.len() - (end - start + 1), 6, "a paragraph before, a paragraph behind: {written}");
    }
}

#[test]
fn words_and_code_in_a_table_stay_in_their_cells() {
    let mut random = Random(2);
    for _ in 0..20_000 {
        let (words, code) = (random.words(), random.words());
        if words.trim().is_empty() || code.trim().is_empty() {
            continue;
        }
        let mut document = Document::new();
        let cells = vec![Inline::words(&words), Inline::code(&code), Inline::from("end")];
        document.table(["a", "b", "c"].map(Inline::from), [cells]);
        let written = document.to_string();
        let events: Vec<Event<'_>> = Parser::new_ext(&written, Options::ENABLE_TABLES).collect();
        let rows = events.iter().filter(|event| matches!(event, Event::Start(Tag::TableRow))).count();
        assert_eq!(rows, 1, "{written}");
        let mut cells = events.split(|event| matches!(event, Event::Start(Tag::TableCell))).skip(4);
        let inside = |events: &[Event<'_>]| -> Vec<Event<'_>> {
            let end = events.iter().position(|event| matches!(event, Event::End(TagEnd::TableCell))).unwrap();
            events[..end].iter().cloned().map(Event::into_static).collect()
        };
        let first = inside(cells.next().unwrap());
        assert_eq!(text(first, &words, &written), visible(words.trim()).into_owned(), "{written}");
        let second = inside(cells.next().unwrap());
        let [Event::Code(found)] = second.as_slice() else {
            panic!("{code:?} gave {second:?} in\n{written}")
        };
        assert_eq!(found.trim(), visible(&code).trim(), "{written}");
        assert_eq!(text(inside(cells.next().unwrap()), "end", &written), "end");
    }
}

#[test]
fn what_is_quoted_letter_by_letter_stays_in_its_fence() {
    let mut random = Random(3);
    for _ in 0..5_000 {
        let hostile: String = (0..4).map(|_| random.words() + "\n").collect();
        let mut document = Document::new();
        document.verbatim(&hostile);
        document.paragraph("Behind.");
        let written = document.to_string();
        let mut events = Parser::new_ext(&written, options());
        assert!(matches!(events.next(), Some(Event::Start(Tag::BlockQuote(_)))), "{written}");
        assert!(matches!(events.next(), Some(Event::Start(Tag::CodeBlock(_)))), "{written}");
        let mut rest = events.skip_while(|event| matches!(event, Event::Text(_)));
        assert!(matches!(rest.next(), Some(Event::End(TagEnd::CodeBlock))), "{written}");
        assert!(matches!(rest.next(), Some(Event::End(TagEnd::BlockQuote(_)))), "{written}");
        assert_eq!(rest.count(), 3, "the paragraph behind: {written}");
    }
}
