//! HTML and SVG, element by element: texts and values of attributes are escaped where they are written.

use crate::visible::visible;
use std::fmt;

/// Elements without an end tag (HTML standard, section 13.1.2).
const VOID: [&str; 13] =
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"];

/// Attributes whose value is an address, which [`Element::address`] checks.
const ADDRESSES: [&str; 7] = ["action", "cite", "data", "formaction", "href", "poster", "src"];

/// An element with its attributes and what is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Element {
    name: &'static str,
    attributes: Vec<(&'static str, String)>,
    inside: Vec<Node>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Node {
    Element(Element),
    Text(String),
    /// A style sheet or a script of the program's own.
    Fixed(&'static str),
}

/// An address that a browser only ever fetches or goes to: `https:`, `http:`, `mailto:`, or a path beside the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address(String);

impl Address {
    /// The address, unless it has a scheme that runs something, such as `javascript:`.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        let start = text.split(['/', '?', '#']).next().unwrap_or_default();
        let scheme = start.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase());
        let safe = scheme.is_none_or(|scheme| ["https", "http", "mailto"].contains(&scheme.as_str()));
        (safe && visible(text) == text).then(|| Self(text.to_owned()))
    }
}

impl Element {
    /// An element.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self { name, attributes: Vec::new(), inside: Vec::new() }
    }

    /// The element with an attribute.
    ///
    /// # Panics
    /// If the attribute holds a script (`onclick`), or an address, which [`Element::address`] sets: a mistake of the
    /// program, whatever the value.
    #[must_use]
    pub fn attribute(mut self, name: &'static str, value: impl Into<String>) -> Self {
        assert!(!name.starts_with("on") && !ADDRESSES.contains(&name), "`{name}` is no attribute for texts");
        self.attributes.push((name, value.into()));
        self
    }

    /// The element with an address: `href`, `src`.
    #[must_use]
    pub fn address(mut self, name: &'static str, value: Address) -> Self {
        self.attributes.push((name, value.0));
        self
    }

    /// The element with a text behind what it has.
    #[must_use]
    pub fn text(mut self, text: impl Into<String>) -> Self {
        self.inside.push(Node::Text(text.into()));
        self
    }

    /// The element with another one behind what it has.
    #[must_use]
    pub fn with(mut self, element: Self) -> Self {
        self.inside.push(Node::Element(element));
        self
    }

    /// The element with others behind what it has.
    #[must_use]
    pub fn with_all(mut self, elements: impl IntoIterator<Item = Self>) -> Self {
        self.inside.extend(elements.into_iter().map(Node::Element));
        self
    }

    /// A style sheet of the program's own.
    #[must_use]
    pub fn style(sheet: &'static str) -> Self {
        Self { name: "style", attributes: Vec::new(), inside: vec![Node::Fixed(sheet)] }
    }
}

/// A text with the characters that HTML and XML reserve as entities.
fn escaped(text: &str, to: &mut fmt::Formatter<'_>) -> fmt::Result {
    for character in text.chars() {
        match character {
            '&' => to.write_str("&amp;")?,
            '<' => to.write_str("&lt;")?,
            '>' => to.write_str("&gt;")?,
            '"' => to.write_str("&quot;")?,
            '\'' => to.write_str("&#39;")?,
            '\n' => to.write_str("\n")?,
            other => to.write_str(&visible(other.encode_utf8(&mut [0; 4])))?,
        }
    }
    Ok(())
}

impl fmt::Display for Element {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "<{}", self.name)?;
        for (name, value) in &self.attributes {
            write!(to, " {name}=\"")?;
            escaped(value, to)?;
            to.write_str("\"")?;
        }
        to.write_str(">")?;
        if VOID.contains(&self.name) {
            return Ok(());
        }
        for node in &self.inside {
            match node {
                Node::Element(element) => element.fmt(to)?,
                Node::Text(text) => escaped(text, to)?,
                Node::Fixed(text) => to.write_str(text)?,
            }
        }
        write!(to, "</{}>", self.name)
    }
}

/// A page: the document type, and the `html` element.
#[must_use]
pub fn page(html: &Element) -> String {
    format!("<!doctype html>\n{html}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_texts() {
        let element = Element::new("p")
            .attribute("title", "\"><script>alert('x')</script>")
            .text("a < b & \u{202e}c")
            .with(Element::new("br"))
            .with(Element::new("b").text("\u{1b}[2J"));
        assert_eq!(
            element.to_string(),
            "<p title=\"&quot;&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;\">a &lt; b &amp; \\u{202e}c<br>\
             <b>\\u{1b}[2J</b></p>"
        );
    }

    #[test]
    fn an_address_runs_nothing() {
        for bad in
            ["javascript:alert(1)", " JavaScript:x", "data:text/html,x", "java\nscript:x", "vbscript:x"]
        {
            assert_eq!(Address::new(bad), None, "{bad}");
        }
        for good in ["https://example.org/a:b", "#weights", "datasets/a.csv", "a?b:c", "mailto:a@example.org"]
        {
            assert!(Address::new(good).is_some(), "{good}");
        }
    }

    #[test]
    #[should_panic(expected = "is no attribute for texts")]
    fn a_script_is_no_attribute() {
        let _ = Element::new("a").attribute("onclick", "x");
    }
}
