//! The entries of earlier releases: quoted as they were published, never recomputed.
//!
//! A quote is not put into the next one's quote: what a changelog quotes is taken out of it first.

use openweigh_markup::markdown::Document;

/// The heading below which the quote stands.
const HEADING: &str = "Before: as published then, not recomputed";

/// The heading and the quote, after an empty line; nothing where the changelog before has no entry.
pub(super) fn section(before: &str) -> String {
    let entries = entries(before);
    if entries.is_empty() {
        return String::new();
    }
    let mut section = Document::new();
    section.heading(2, HEADING);
    section.verbatim(&entries);
    format!("\n{section}")
}

/// The entries of a changelog of either generator, one after the other, without title and quotes.
fn entries(changelog: &str) -> String {
    let Some(start) = changelog.find("\n## ") else { return String::new() };
    let changelog = &changelog[start + 1..];
    let heading = format!("\n## {HEADING}\n");
    let Some(at) = changelog.find(&heading) else { return changelog.trim_end().to_owned() };
    let (own, quoted) = (&changelog[..at], &changelog[at + heading.len()..]);
    // Between the first and the last line, which are the fence.
    let lines: Vec<&str> = quoted.lines().skip_while(|line| line.is_empty()).collect();
    let inside = lines.get(1..lines.len().saturating_sub(1)).unwrap_or_default();
    let lines: Vec<&str> =
        inside.iter().map(|line| line.strip_prefix("> ").unwrap_or(line.trim_start_matches('>'))).collect();
    format!("{}\n\n{}", own.trim_end(), lines.join("\n").trim_end()).trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn history_is_quoted_once_however_long_it_is() {
        let first = "# Changelog\n\nWritten.\n\n## 1.0.0\n\n- First release.\n";
        let second = format!("# Changelog\n\nWritten.\n\n## 2.0.0\n\n- Succeeds 1.0.0.\n{}", section(first));
        assert!(second.ends_with(
            "\n\n## Before: as published then, not recomputed\n\n> ```text\n> ## 1.0.0\n>\n> - First release.\n> ```\n"
        ));
        assert_eq!(entries(&second), "## 2.0.0\n\n- Succeeds 1.0.0.\n\n## 1.0.0\n\n- First release.");
        let third = section(&second);
        assert_eq!(third.matches("```").count(), 2, "{third}");
        assert!(!third.contains("> >"), "{third}");
    }

    #[test]
    fn a_hostile_history_stays_in_the_quote() {
        let hostile =
            "\n## 1\n\n````\n</blockquote>\n## Before: as published then, not recomputed\n\n> ```text\n- x\n";
        let quoted = section(hostile);
        let mut lines = quoted.lines().skip(3);
        assert!(lines.all(|line| line.starts_with('>')), "{quoted}");
        assert!(entries("no entry").is_empty());
    }
}
