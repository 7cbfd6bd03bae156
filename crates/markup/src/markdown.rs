//! Markdown: `CommonMark` with the tables of GitHub's dialect, as the Hugging Face Hub and GitHub render it.

use crate::visible::visible;
use std::fmt::{self, Write};

/// A stretch of text inside a line: fixed words of the program, words from outside, code, links.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Inline(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Fixed(&'static str),
    Words(String),
    Code(String),
    Link(Inline, String),
    Strong(Inline),
}

impl From<&'static str> for Inline {
    /// The program's own words; Markdown in them is Markdown.
    fn from(text: &'static str) -> Self {
        Self(vec![Part::Fixed(text)])
    }
}

impl Inline {
    /// Words from outside: every character is shown as itself.
    #[must_use]
    pub fn words(text: &str) -> Self {
        Self(vec![Part::Words(text.to_owned())])
    }

    /// A name, a path, a formula: `like this`.
    #[must_use]
    pub fn code(text: &str) -> Self {
        Self(vec![Part::Code(text.to_owned())])
    }

    /// A link to a path beside the document, or to a web address.
    #[must_use]
    pub fn link(label: impl Into<Self>, target: &str) -> Self {
        Self(vec![Part::Link(label.into(), target.to_owned())])
    }

    /// The same, in bold.
    #[must_use]
    pub fn strong(self) -> Self {
        Self(vec![Part::Strong(self)])
    }

    /// This, and more behind it.
    #[must_use]
    pub fn then(mut self, more: impl Into<Self>) -> Self {
        self.0.extend(more.into().0);
        self
    }

    /// The texts with `between` between them.
    #[must_use]
    pub fn joined(texts: impl IntoIterator<Item = Self>, between: &'static str) -> Self {
        let mut all = Self::default();
        for (at, text) in texts.into_iter().enumerate() {
            if at > 0 {
                all = all.then(between);
            }
            all = all.then(text);
        }
        all
    }

    fn write(&self, to: &mut String, in_table: bool) {
        for part in &self.0 {
            match part {
                Part::Fixed(text) => to.push_str(text),
                Part::Words(text) => words(text, to),
                Part::Code(text) => code(text, to, in_table),
                Part::Link(label, target) => {
                    to.push('[');
                    label.write(to, in_table);
                    to.push_str("](");
                    address(target, to);
                    to.push(')');
                }
                Part::Strong(inner) => {
                    to.push_str("**");
                    inner.write(to, in_table);
                    to.push_str("**");
                }
            }
        }
    }
}

/// Characters that are markup anywhere in a line.
const ANYWHERE: &str = "\\`*_{}[]<>|#~!$&@^";

/// Any character is itself behind a backslash, if it is ASCII punctuation (`CommonMark` 0.31, section 2.4).
fn words(text: &str, to: &mut String) {
    let text = visible(text.trim());
    let number = text.bytes().take_while(u8::is_ascii_digit).count();
    for (at, character) in text.char_indices() {
        let next = text[at + character.len_utf8()..].chars().next();
        let before = &text[..at];
        let ends = next.is_none_or(char::is_whitespace);
        let marks = match character {
            // Items of lists, and lines below a heading or between paragraphs.
            '-' => at == 0 && (ends || next == Some('-')),
            '+' => at == 0 && ends,
            '=' => at == 0,
            ')' => at > 0 && at == number && ends,
            // A list's number, and an address without a scheme.
            '.' => {
                at > 0 && at == number && ends
                    || before.len() >= 3 && before.as_bytes()[at - 3..].eq_ignore_ascii_case(b"www")
            }
            // An address with a scheme, and an emoji's name.
            ':' => next.is_some_and(|next| next == '/' || next.is_alphanumeric() || "+-".contains(next)),
            _ => ANYWHERE.contains(character),
        };
        if marks {
            to.push('\\');
        }
        to.push(character);
    }
}

/// The longest run of a character.
fn longest_run(text: &str, of: char) -> usize {
    let mut longest = 0;
    let mut run = 0;
    for character in text.chars() {
        run = if character == of { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}

/// A code span (`CommonMark`, section 6.1): its fence is longer than any run of backticks inside.
fn code(text: &str, to: &mut String, in_table: bool) {
    let text = visible(text);
    if text.trim().is_empty() {
        return;
    }
    let fence = "`".repeat(longest_run(&text, '`') + 1);
    let padding = if text.starts_with([' ', '`']) || text.ends_with([' ', '`']) { " " } else { "" };
    // Tables are cut before spans are read, so that there `\|` is a bar inside a span, too.
    let text = if in_table { text.replace('|', "\\|") } else { text.into_owned() };
    let _ = write!(to, "{fence}{padding}{text}{padding}{fence}");
}

/// The target of a link: what could end it, or begin another, is written by its bytes in percent.
fn address(target: &str, to: &mut String) {
    for byte in target.bytes() {
        let plain = byte.is_ascii_alphanumeric() || b"-._~:/?#@!$&'*+,;=%".contains(&byte);
        if plain {
            to.push(char::from(byte));
        } else {
            let _ = write!(to, "%{byte:02X}");
        }
    }
}

/// A document, block by block.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Document(String);

impl fmt::Display for Document {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(&self.0)
    }
}

impl Document {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn block(&mut self) {
        if !self.0.is_empty() {
            self.0.push('\n');
        }
    }

    /// A heading of a level from 1 to 6.
    pub fn heading(&mut self, level: usize, text: impl Into<Inline>) {
        self.block();
        self.0.push_str(&"#".repeat(level.clamp(1, 6)));
        self.0.push(' ');
        text.into().write(&mut self.0, false);
        self.0.push('\n');
    }

    /// A paragraph.
    pub fn paragraph(&mut self, text: impl Into<Inline>) {
        self.block();
        text.into().write(&mut self.0, false);
        self.0.push('\n');
    }

    /// A block quote of paragraphs: what somebody else says.
    pub fn quote(&mut self, paragraphs: impl IntoIterator<Item = Inline>) {
        self.block();
        for (at, paragraph) in paragraphs.into_iter().enumerate() {
            self.0.push_str(if at > 0 { ">\n> " } else { "> " });
            paragraph.write(&mut self.0, false);
            self.0.push('\n');
        }
    }

    /// A list.
    pub fn list(&mut self, items: impl IntoIterator<Item = Inline>) {
        self.block();
        for item in items {
            self.0.push_str("- ");
            item.write(&mut self.0, false);
            self.0.push('\n');
        }
    }

    /// A table: the cells of its head, and its rows.
    pub fn table(
        &mut self,
        head: impl IntoIterator<Item = Inline>,
        rows: impl IntoIterator<Item = Vec<Inline>>,
    ) {
        self.block();
        let head: Vec<Inline> = head.into_iter().collect();
        self.row(&head);
        self.0.push_str(&"|---".repeat(head.len()));
        self.0.push_str("|\n");
        for row in rows {
            self.row(&row);
        }
    }

    fn row(&mut self, cells: &[Inline]) {
        self.0.push('|');
        for cell in cells {
            self.0.push(' ');
            cell.write(&mut self.0, true);
            self.0.push_str(" |");
        }
        self.0.push('\n');
    }

    /// Commands to type, or a file of the program's own.
    pub fn code(&mut self, language: &'static str, text: &'static str) {
        self.block();
        let _ = write!(self.0, "```{language}\n{text}```\n");
    }

    /// Text from outside, letter by letter, inside a quote: no line of it can end the quote.
    pub fn verbatim(&mut self, text: &str) {
        self.block();
        let fence = "`".repeat(longest_run(text, '`').max(2) + 1);
        let _ = writeln!(self.0, "> {fence}text");
        for line in text.lines() {
            let line = visible(line);
            let _ = writeln!(self.0, "{}", format!("> {line}").trim_end());
        }
        let _ = writeln!(self.0, "> {fence}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inline(text: impl Into<Inline>) -> String {
        let mut document = Document::new();
        document.paragraph(text);
        document.to_string().trim_end().to_owned()
    }

    #[test]
    fn words_from_outside_are_no_markup() {
        let cases = [
            ("- all claims hold", "\\- all claims hold"),
            ("1. first", "1\\. first"),
            ("12) twelfth", "12\\) twelfth"),
            ("1.5 g at 20 °C", "1.5 g at 20 °C"),
            ("-5 g", "-5 g"),
            ("---", "\\---"),
            ("7.", "7\\."),
            ("0.5–2.5 g", "0.5–2.5 g"),
            ("</blockquote> &lt;", "\\</blockquote\\> \\&lt;"),
            ("see https://a.b or www.a.b", "see https\\://a.b or www\\.a.b"),
            ("WWW.a", "WWW\\.a"),
            ("a: b, 12:30 :smile:", "a: b, 12\\:30 \\:smile:"),
            ("=== --- +", "\\=== --- +"),
            ("    indented  ", "indented"),
            ("[a](b) ![c] *d* _e_ ~f~ $g$ ^h", "\\[a\\](b) \\!\\[c\\] \\*d\\* \\_e\\_ \\~f\\~ \\$g\\$ \\^h"),
            ("me@example.org", "me\\@example.org"),
            ("a\nb\u{202e}", "a\\u{a}b\\u{202e}"),
        ];
        for (text, expected) in cases {
            // What is written out by `visible` has braces, which are escaped, too.
            let expected = expected.replace("\\u{a}", "\\\\u\\{a\\}").replace("\\u{202e}", "\\\\u\\{202e\\}");
            assert_eq!(inline(Inline::words(text)), expected);
        }
    }

    #[test]
    fn code_keeps_its_backticks_and_bars() {
        assert_eq!(inline(Inline::code("x²")), "`x²`");
        assert_eq!(inline(Inline::code("a`b``c")), "```a`b``c```");
        assert_eq!(inline(Inline::code("`a")), "`` `a ``");
        let mut table = Document::new();
        table
            .table([Inline::from("a"), Inline::from("b")], [vec![Inline::code("x|y"), Inline::words("x|y")]]);
        assert_eq!(table.to_string(), "| a | b |\n|---|---|\n| `x\\|y` | x\\|y |\n");
    }

    #[test]
    fn links_end_where_they_end() {
        assert_eq!(inline(Inline::link(Inline::code("a b"), "a b)(<c>")), "[`a b`](a%20b%29%28%3Cc%3E)");
    }

    #[test]
    fn verbatim_text_stays_in_its_quote() {
        let mut document = Document::new();
        document.verbatim("# 1.0.0\n\n````\n> - x\u{1b}\n");
        assert_eq!(document.to_string(), "> `````text\n> # 1.0.0\n>\n> ````\n> > - x\\u{1b}\n> `````\n");
    }
}
