//! Tables and lists of the page.

use openweigh_markup::html::Element;

/// A table with a head.
#[derive(Debug, Clone)]
pub(super) struct Table {
    head: Vec<(String, bool)>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these columns; numbers stand to the right.
    pub(super) fn new<'a>(head: impl IntoIterator<Item = (&'a str, bool)>) -> Self {
        let head = head.into_iter().map(|(name, number)| (name.to_owned(), number)).collect();
        Self { head, rows: Vec::new() }
    }

    /// A further row.
    pub(super) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// The table, which scrolls by itself where the page is narrow.
    pub(super) fn element(&self) -> Element {
        let class = |number: bool| if number { "number" } else { "words" };
        let head = self.head.iter().map(|(name, number)| {
            Element::new("th").attribute("scope", "col").attribute("class", class(*number)).text(name.clone())
        });
        let row = |cells: &Vec<String>| {
            let cell = |(cell, (_, number)): (&String, &(String, bool))| {
                Element::new("td").attribute("class", class(*number)).text(cell.clone())
            };
            Element::new("tr").with_all(cells.iter().zip(&self.head).map(cell))
        };
        let table = Element::new("table")
            .with(Element::new("thead").with(Element::new("tr").with_all(head)))
            .with(Element::new("tbody").with_all(self.rows.iter().map(row)));
        Element::new("div").attribute("class", "wide").attribute("tabindex", "0").with(table)
    }
}

/// A list of things that are stated, each with its name.
#[derive(Debug, Clone, Default)]
pub(super) struct Stated(Vec<(String, String)>);

impl Stated {
    /// States a thing.
    pub(super) fn add(&mut self, name: &str, value: impl Into<String>) {
        self.0.push((name.to_owned(), value.into()));
    }

    /// States a thing, or that it is not stated.
    pub(super) fn add_or(&mut self, name: &str, value: Option<impl ToString>) {
        let value = value.map(|value| value.to_string()).filter(|value| !value.trim().is_empty());
        self.add(name, value.unwrap_or_else(|| "not stated".to_owned()));
    }

    /// The list.
    pub(super) fn element(&self) -> Element {
        let pair = |(name, value): &(String, String)| {
            [Element::new("dt").text(name.clone()), Element::new("dd").text(value.clone())]
        };
        Element::new("dl").with_all(self.0.iter().flat_map(pair))
    }
}

/// A paragraph.
pub(super) fn paragraph(words: impl Into<String>) -> Element {
    Element::new("p").text(words)
}

/// A paragraph that says what cannot be said.
pub(super) fn missing(words: impl Into<String>) -> Element {
    Element::new("p").attribute("class", "missing").text(words)
}
