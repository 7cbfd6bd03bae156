//! Pictures: points and lines over two axes, as SVG whose positions are rounded decimals.

use super::scale::Scale;
use openweigh_exact::{Decimal, Ratio, round};
use openweigh_markup::html::Element;
use std::collections::BTreeSet;

/// The picture, and the frame of its data in it, in its own units.
const WIDTH: u32 = 720;
const HEIGHT: u32 = 312;
const LEFT: u32 = 64;
const RIGHT: u32 = 696;
const TOP: u32 = 30;
const BOTTOM: u32 = 264;

/// With more points than these, points that all but cover each other are drawn once.
const MANY: usize = 2_000;

/// Marks that can be told apart without colours.
pub(super) const MARKS: [&str; 6] = [
    "m-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0z",
    "m-3.5-3.5h7v7h-7z",
    "m0-4.6l4.3 7.6h-8.6z",
    "m0-4.8l4.4 4.8l-4.4 4.8l-4.4-4.8z",
    "m0 4.6l4.3-7.6h-8.6z",
    "m-1.4-4.2h2.8v2.8h2.8v2.8h-2.8v2.8h-2.8v-2.8h-2.8v-2.8h2.8z",
];

/// What an axis shows.
#[derive(Debug, Clone)]
pub(super) struct Axis {
    /// The quantity.
    pub label: String,
    /// Its unit; empty for a plain count, none where it is not stated.
    pub unit: Option<String>,
}

impl Axis {
    fn words(&self, scale: &Scale) -> String {
        match &self.unit {
            Some(unit) => match scale.unit(unit) {
                unit if unit.is_empty() => self.label.clone(),
                unit => format!("{} / {unit}", self.label),
            },
            None => match scale.unit("") {
                unit if unit.is_empty() => format!("{} (unit not stated)", self.label),
                unit => format!("{} / {unit} (unit not stated)", self.label),
            },
        }
    }
}

/// Points of one kind.
#[derive(Debug, Clone)]
pub(super) struct Points {
    /// What they are, for the legend; empty for none.
    pub name: String,
    /// Which of [`MARKS`].
    pub mark: usize,
    /// Filled or hollow.
    pub filled: bool,
    /// Moved to the right by so many units of the picture, so that equal values stand side by side.
    pub aside: i32,
    /// The values.
    pub at: Vec<(Decimal, Decimal)>,
}

/// An x with the lower and upper end of a band there.
pub(super) type Ends = (Decimal, Decimal, Decimal);

/// A picture.
#[derive(Debug, Clone)]
pub(super) struct Plot {
    /// What to see.
    pub title: String,
    /// How to read it.
    pub caption: String,
    /// To the right.
    pub x: Axis,
    /// Upwards.
    pub y: Axis,
    /// Points.
    pub points: Vec<Points>,
    /// The name of a band, and for each x its lower and upper end.
    pub band: Option<(String, Vec<Ends>)>,
    /// The name of a line, and its values.
    pub line: Option<(String, Vec<(Decimal, Decimal)>)>,
    /// Places between groups along x, each with the name of the group behind it.
    pub groups: Vec<(Decimal, String)>,
}

fn text(value: &Ratio) -> String {
    round::to_places(value, 1).to_string().trim_end_matches(".0").to_owned()
}

fn element(name: &'static str, class: &'static str) -> Element {
    Element::new(name).attribute("class", class)
}

fn label(class: &'static str, x: String, y: String, words: String) -> Element {
    element("text", class).attribute("x", x).attribute("y", y).text(words)
}

fn moved(value: &Ratio, by: i32) -> Ratio {
    let whole = Ratio::from(&super::whole(by.unsigned_abs()));
    if by < 0 { value.minus(&whole) } else { value.plus(&whole) }
}

impl Plot {
    /// The picture with its title, legend and caption.
    pub(super) fn figure(&self) -> Element {
        let (x, y) = (self.scale_x(), self.scale_y());
        let words = format!("{}. {}", self.title, self.caption);
        let mut svg = element("svg", "plot")
            .attribute("viewBox", format!("0 0 {WIDTH} {HEIGHT}"))
            .attribute("role", "img")
            .attribute("aria-label", words);
        svg = self.axes(svg, &x, &y);
        if let Some((_, band)) = &self.band {
            svg = svg.with(element("path", "band").attribute("d", band_path(band, &x, &y)));
        }
        if let Some((_, line)) = &self.line {
            svg = svg.with(element("path", "line").attribute("d", path(line, &x, &y)));
        }
        for points in &self.points {
            svg = svg.with(points.draw(&x, &y));
        }
        let caption = Element::new("figcaption").text(self.caption.clone());
        Element::new("figure")
            .with(Element::new("h3").text(self.title.clone()))
            .with_all(self.legend())
            .with(svg)
            .with(caption)
    }

    fn scale_x(&self) -> Scale {
        let points = self.points.iter().flat_map(|points| points.at.iter().map(|(x, _)| x));
        let band = self.band.iter().flat_map(|(_, band)| band.iter().map(|(x, _, _)| x));
        let line = self.line.iter().flat_map(|(_, line)| line.iter().map(|(x, _)| x));
        Scale::over(points.chain(band).chain(line))
    }

    fn scale_y(&self) -> Scale {
        let points = self.points.iter().flat_map(|points| points.at.iter().map(|(_, y)| y));
        let band = self.band.iter().flat_map(|(_, band)| band.iter().flat_map(|(_, low, high)| [low, high]));
        let line = self.line.iter().flat_map(|(_, line)| line.iter().map(|(_, y)| y));
        Scale::over(points.chain(band).chain(line))
    }

    fn axes(&self, mut svg: Element, x: &Scale, y: &Scale) -> Element {
        for (tick, words) in y.ticks() {
            let at = y.at(tick, BOTTOM, TOP);
            let class = if *tick == Decimal::ZERO { "zero" } else { "grid" };
            svg = svg.with(element("path", class).attribute("d", format!("M{LEFT} {}H{RIGHT}", text(&at))));
            let below = moved(&at, 4);
            svg = svg.with(label("tick end", (LEFT - 8).to_string(), text(&below), words));
        }
        for (tick, words) in x.ticks() {
            let at = text(&x.at(tick, LEFT, RIGHT));
            svg = svg.with(element("path", "grid").attribute("d", format!("M{at} {BOTTOM}v5")));
            svg = svg.with(label("tick middle", at, (BOTTOM + 20).to_string(), words));
        }
        for (start, name) in &self.groups {
            let at = x.at(start, LEFT, RIGHT);
            svg = svg.with(element("path", "group").attribute("d", format!("M{} {TOP}V{BOTTOM}", text(&at))));
            svg = svg.with(label("tick", text(&moved(&at, 4)), (TOP - 6).to_string(), name.clone()));
        }
        let middle = u32::midpoint(LEFT, RIGHT).to_string();
        svg.with(label("axis middle", middle, (HEIGHT - 6).to_string(), self.x.words(x))).with(label(
            "axis",
            "0".to_owned(),
            "10".to_owned(),
            self.y.words(y),
        ))
    }

    /// What the marks stand for.
    fn legend(&self) -> Option<Element> {
        let mut legend = element("ul", "legend");
        let entry = |picture: Element, name: &str| {
            let svg =
                element("svg", "key").attribute("viewBox", "0 0 24 12").attribute("aria-hidden", "true");
            Element::new("li").with(svg.with(picture)).text(name)
        };
        let named = self.points.iter().filter(|points| !points.name.is_empty());
        for points in named.clone() {
            let mark = element("path", points.class()).attribute("d", format!("M12 6{}", MARKS[points.mark]));
            legend = legend.with(entry(mark, &points.name));
        }
        if let Some((name, _)) = &self.line {
            legend = legend.with(entry(element("path", "line").attribute("d", "M1 6H23"), name));
        }
        if let Some((name, _)) = &self.band {
            legend = legend.with(entry(element("path", "band").attribute("d", "M1 1H23V11H1z"), name));
        }
        (named.count() > 0 || self.line.is_some() || self.band.is_some()).then_some(legend)
    }
}

impl Points {
    fn class(&self) -> &'static str {
        if self.filled { "mark filled" } else { "mark hollow" }
    }

    /// All of them in one path.
    fn draw(&self, x: &Scale, y: &Scale) -> Element {
        let many = self.at.len() > MANY;
        let place = |value: &Ratio| {
            if !many {
                return text(value);
            }
            let step = round::to_places(&value.clone().divided_by_count(3), 0).to_decimal();
            step.times(&Decimal::from(3)).to_string()
        };
        let mut drawn = BTreeSet::new();
        let mut path = String::new();
        for (right, up) in &self.at {
            let at = (place(&moved(&x.at(right, LEFT, RIGHT), self.aside)), place(&y.at(up, BOTTOM, TOP)));
            if drawn.insert(at.clone()) {
                path.push_str(&format!("M{} {}{}", at.0, at.1, MARKS[self.mark]));
            }
        }
        element("path", self.class()).attribute("d", path)
    }
}

fn path(values: &[(Decimal, Decimal)], x: &Scale, y: &Scale) -> String {
    let point = |(right, up): &(Decimal, Decimal)| {
        format!("{} {}", text(&x.at(right, LEFT, RIGHT)), text(&y.at(up, BOTTOM, TOP)))
    };
    format!("M{}", values.iter().map(point).collect::<Vec<_>>().join("L"))
}

fn band_path(values: &[Ends], x: &Scale, y: &Scale) -> String {
    let upper = values.iter().map(|(at, _, high)| (at.clone(), high.clone()));
    let lower = values.iter().rev().map(|(at, low, _)| (at.clone(), low.clone()));
    format!("{}z", path(&upper.chain(lower).collect::<Vec<_>>(), x, y))
}
