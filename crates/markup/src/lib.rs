//! The one writer of Markdown, HTML and SVG.
//!
//! Text from outside is a text, never markup: the types say which is which, so that nobody escapes by hand.
//!
//! ```
//! use openweigh_markup::markdown::{Document, Inline};
//!
//! let mut card = Document::new();
//! card.heading(2, Inline::from("Weights ").then(Inline::code("scale")));
//! card.quote([Inline::words("# Not a heading, & <b>not bold</b>")]);
//! assert_eq!(card.to_string(), "## Weights `scale`\n\n> \\# Not a heading, \\& \\<b\\>not bold\\</b\\>\n");
//! ```
//!
//! ```
//! use openweigh_markup::html::Element;
//!
//! let cell = Element::new("td").attribute("class", "g").text("<script>");
//! assert_eq!(cell.to_string(), "<td class=\"g\">&lt;script&gt;</td>");
//! ```
//!
//! What this crate does *not* do: it reads no markup, opens no file, and knows nothing of weights or releases.

pub mod html;
pub mod markdown;
pub mod visible;
