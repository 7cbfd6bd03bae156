//! Moments in UTC, to the second: the form in which keys become valid and expire.

use openweigh_formats::malformed::shortened;
use std::fmt;

/// Seconds since 1970-01-01T00:00:00Z, leap seconds not counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time(u64);

/// A text that is not a moment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("found `{found}`, expected a moment in UTC as `YYYYMMDDZ`, `YYYYMMDDHHMMZ` or `YYYYMMDDHHMMSSZ`{}", .like.as_ref().map_or_else(String::new, |like| format!("; type `{like}`")))]
pub struct TimeError {
    /// What was found, shortened.
    pub found: String,
    /// The day that was meant, as it is to be typed, where that is plain.
    pub like: Option<Time>,
}

impl Time {
    /// The moment so many seconds after 1970 began.
    pub fn from_unix(seconds: u64) -> Self {
        Self(seconds)
    }

    /// Seconds since 1970 began.
    pub fn to_unix(self) -> u64 {
        self.0
    }
}

impl std::str::FromStr for Time {
    type Err = TimeError;

    /// Reads OpenSSH's `YYYYMMDD[HHMM[SS]]` followed by `Z` or `UTC`, in any case. Without those OpenSSH means
    /// the time zone of whoever verifies, so that two verifiers could disagree: such a text is refused.
    fn from_str(text: &str) -> Result<Self, TimeError> {
        let error = || TimeError { found: shortened(text, 40), like: day(text) };
        let bytes = text.as_bytes();
        let digits = match bytes {
            [start @ .., b'U' | b'u', b'T' | b't', b'C' | b'c'] => start,
            [start @ .., b'Z' | b'z'] => start,
            _ => return Err(error()),
        };
        if !matches!(digits.len(), 8 | 12 | 14) || !digits.iter().all(u8::is_ascii_digit) {
            return Err(error());
        }
        let number = |from: usize, to: usize| {
            digits
                .get(from..to)
                .unwrap_or(b"0")
                .iter()
                .fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0'))
        };
        let (year, month, day) = (number(0, 4), number(4, 6), number(6, 8));
        let (hour, minute, second) = (number(8, 10), number(10, 12), number(12, 14));
        let real = year >= 1970
            && (1..=12).contains(&month)
            && (1..=days_of(year, month)).contains(&day)
            && hour < 24
            && minute < 60
            && second < 60;
        if !real {
            return Err(error());
        }
        let days = (1970..year).map(|year| if is_leap(year) { 366 } else { 365 }).sum::<u64>()
            + (1..month).map(|month| days_of(year, month)).sum::<u64>()
            + day
            - 1;
        Ok(Self(((days * 24 + hour) * 60 + minute) * 60 + second))
    }
}

/// The start of a day that is written with hyphens, as ISO 8601 has it.
fn day(text: &str) -> Option<Time> {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let hyphens = text.bytes().enumerate().filter(|(_, byte)| *byte == b'-').map(|(at, _)| at);
    (text.len() == 10 && digits.len() == 8 && hyphens.eq([4, 7]))
        .then(|| format!("{digits}Z").parse().ok())?
}

impl fmt::Display for Time {
    /// As OpenSSH writes it, `YYYYMMDDHHMMSSZ`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The Gregorian calendar repeats after 400 years of 146 097 days.
        let (cycles, mut days) = (self.0 / 86_400 / 146_097, self.0 / 86_400 % 146_097);
        let (mut year, mut month) = (1970, 1);
        while days >= if is_leap(year) { 366 } else { 365 } {
            days -= if is_leap(year) { 366 } else { 365 };
            year += 1;
        }
        while days >= days_of(year, month) {
            days -= days_of(year, month);
            month += 1;
        }
        let second = self.0 % 86_400;
        write!(out, "{:04}{month:02}{:02}", year + 400 * cycles, days + 1)?;
        write!(out, "{:02}{:02}{:02}Z", second / 3600, second / 60 % 60, second % 60)
    }
}

fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

fn days_of(year: u64, month: u64) -> u64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn moments_that_are_known() {
        for (text, seconds) in [
            ("19700101Z", 0),
            ("20000229235959Z", 951_868_799),
            ("20260101Z", 1_767_225_600),
            ("202601010001utc", 1_767_225_660),
        ] {
            assert_eq!(text.parse::<Time>().unwrap().to_unix(), seconds, "{text}");
        }
        for text in [
            "",
            "Z",
            "20260101",
            "20260230Z",
            "21000229Z",
            "2026010124Z",
            "202601012400Z",
            "19691231Z",
            "2026-01-01Z",
        ] {
            assert!(text.parse::<Time>().is_err(), "{text}");
        }
        let _ = Time::from_unix(u64::MAX).to_string();
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(seconds in 0_u64..253_402_300_800) {
            let time = Time::from_unix(seconds);
            prop_assert_eq!(time.to_string().parse::<Time>().unwrap(), time);
        }
    }
}
