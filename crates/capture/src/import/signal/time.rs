//! Times of a log as exact seconds.

use openweigh_exact::Decimal;

/// Units of a column of times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeUnit {
    /// Minutes.
    Minutes,
    /// Seconds.
    Seconds,
    /// Milliseconds.
    Milliseconds,
    /// Microseconds.
    Microseconds,
    /// Nanoseconds.
    Nanoseconds,
}

impl TimeUnit {
    /// The unit of this symbol or word.
    pub fn of(text: &str) -> Option<Self> {
        Some(match text.to_lowercase().as_str() {
            "min" | "mins" | "minute" | "minutes" => Self::Minutes,
            "s" | "sec" | "secs" | "second" | "seconds" => Self::Seconds,
            "ms" | "msec" | "millis" | "millisecond" | "milliseconds" => Self::Milliseconds,
            // Lower case makes one letter of the two for micro, U+00B5 and U+03BC, where it can.
            "us" | "usec" | "\u{b5}s" | "\u{3bc}s" | "micros" | "microsecond" | "microseconds" => {
                Self::Microseconds
            }
            "ns" | "nsec" | "nanos" | "nanosecond" | "nanoseconds" => Self::Nanoseconds,
            _ => return None,
        })
    }

    /// The unit at the end of a column's name, as in `time_ms` or `elapsed seconds`.
    pub(super) fn of_name(name: &str) -> Option<Self> {
        Self::of(name.split(|c: char| !c.is_alphanumeric()).rfind(|word| !word.is_empty())?)
    }

    /// A number of these as seconds; none of a text that is no number.
    pub(crate) fn seconds(self, text: &str) -> Option<Decimal> {
        let value: Decimal = text.parse().ok()?;
        let places = match self {
            Self::Minutes => return Some(value.times(&Decimal::from(60))),
            Self::Seconds => return Some(value),
            Self::Milliseconds => 3,
            Self::Microseconds => 6,
            Self::Nanoseconds => 9,
        };
        Some(value.times(&Decimal::new(1.into(), places)))
    }
}

impl std::str::FromStr for TimeUnit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::of(text).ok_or_else(|| "expected s, ms, us, ns or min".to_owned())
    }
}

/// Seconds of a date and time since 1970 in its own zone's UTC, or of a time of day since midnight.
pub(super) fn stamp(text: &str) -> Option<Decimal> {
    let Some((date, rest)) = text.split_once(['T', 't', ' ']) else { return time_of_day(text) };
    let (time, offset) = zone(rest.trim())?;
    let whole = days(date)? * 86_400 - offset;
    Some(Decimal::from(whole).plus(&time_of_day(time)?))
}

/// A time without its zone, and the zone's offset from UTC in seconds; none stated counts as UTC.
fn zone(text: &str) -> Option<(&str, i64)> {
    if let Some(time) = text.strip_suffix(['Z', 'z']) {
        return Some((time, 0));
    }
    let Some(at) = text.rfind(['+', '-']) else { return Some((text, 0)) };
    let (time, zone) = text.split_at(at);
    let (hours, minutes) = match &zone[1..] {
        digits if digits.len() == 4 => digits.split_at(2),
        other => other.split_once(':').unwrap_or((other, "00")),
    };
    let seconds = i64::from(two(hours, 14)?) * 3600 + i64::from(two(minutes, 59)?) * 60;
    Some((time.trim_end(), if zone.starts_with('-') { -seconds } else { seconds }))
}

/// Two digits up to a number.
fn two(text: &str, most: u8) -> Option<u8> {
    let digits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|number| digits && *number <= most)
}

/// `HH:MM`, `HH:MM:SS` or `HH:MM:SS.fff` as seconds.
fn time_of_day(text: &str) -> Option<Decimal> {
    let mut parts = text.splitn(3, ':');
    let (hours, minutes) = (two(parts.next()?, 23)?, two(parts.next()?, 59)?);
    let whole = Decimal::from(i64::from(hours) * 3600 + i64::from(minutes) * 60);
    let Some(seconds) = parts.next() else { return Some(whole) };
    let (seconds, fraction) = seconds.split_once(['.', ',']).unwrap_or((seconds, "0"));
    let seconds = whole.plus(&Decimal::from(i64::from(two(seconds, 60)?)));
    if fraction.is_empty() || fraction.len() > 18 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digits: i64 = fraction.parse().ok()?;
    Some(seconds.plus(&Decimal::new(digits.into(), u32::try_from(fraction.len()).ok()?)))
}

/// Days of `YYYY-MM-DD` or `DD.MM.YYYY` since 1970-01-01.
fn days(text: &str) -> Option<i64> {
    let turned = text.splitn(3, '.').collect::<Vec<_>>();
    let turned =
        if let [day, month, year] = turned[..] { format!("{year}-{month}-{day}") } else { text.to_owned() };
    let mut parts = turned.split('-');
    let year =
        parts.next().filter(|year| year.len() == 4 && year.bytes().all(|byte| byte.is_ascii_digit()))?;
    let (year, month, day) = (year.parse::<i64>().ok()?, two(parts.next()?, 12)?, two(parts.next()?, 31)?);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let lengths = [31, if leap { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let length = *lengths.get(usize::from(month).checked_sub(1)?)?;
    if day == 0 || i64::from(day) > length || parts.next().is_some() {
        return None;
    }
    let before = |year: i64| 365 * year + (year + 3) / 4 - (year + 99) / 100 + (year + 399) / 400;
    let months: i64 = lengths[..usize::from(month) - 1].iter().sum();
    Some(before(year) - before(1970) + months + i64::from(day) - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_exact_seconds() {
        for (text, seconds) in [
            ("1970-01-01T00:00:00Z", "0"),
            ("2026-05-04 13:05:09.250", "1777899909.25"),
            ("2026-05-04T15:05:09+02:00", "1777899909"),
            ("2024-02-29 00:00", "1709164800"),
            ("1969-12-31 23:59:59.5", "-0.5"),
            ("13:05:09,5", "47109.5"),
            ("04.05.2026 13:05:09,25", "1777899909.25"),
        ] {
            assert_eq!(stamp(text).map(|value| value.to_string()).as_deref(), Some(seconds), "{text}");
        }
        for text in ["2023-02-29 00:00", "2026-13-01 00:00", "13", "25:00:00", "1:2:3", "a", "", "2026-05-04"]
        {
            assert_eq!(stamp(text), None, "{text}");
        }
        let seconds = |unit: TimeUnit, text: &str| unit.seconds(text).unwrap().to_string();
        assert_eq!(seconds(TimeUnit::Milliseconds, "12345.5"), "12.3455");
        assert_eq!(seconds(TimeUnit::Minutes, "1.5"), "90");
        assert_eq!(TimeUnit::of_name("time_ms"), Some(TimeUnit::Milliseconds));
        assert_eq!(TimeUnit::of_name("time"), None);
    }
}
