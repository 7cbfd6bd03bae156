//! The text of short numbers, eight digits at a time.

/// Appends a whole number, faster than formatting does.
#[inline]
pub fn write_natural(value: u64, out: &mut Vec<u8>) {
    if value < EIGHT_DIGITS {
        let text = eight_digits(value);
        append(text, digits_in(text, 1), out);
    } else {
        write_long(value, false, 0, out);
    }
}

/// Appends `digits`·10^-`places` in plain notation with exactly `places` fraction digits.
pub(crate) fn write_narrow(digits: i64, places: usize, out: &mut Vec<u8>) {
    let rest = digits.unsigned_abs();
    if rest >= EIGHT_DIGITS || places >= 8 {
        return write_long(rest, digits < 0, places, out);
    }
    if digits < 0 {
        out.push(b'-');
    }
    let text = eight_digits(rest);
    let count = digits_in(text, places + 1);
    if places == 0 {
        return append(text, count, out);
    }
    append(text, count, out);
    out.truncate(out.len() - places);
    out.push(b'.');
    append(text, places, out);
}

/// 10^8.
const EIGHT_DIGITS: u64 = 100_000_000;

/// The eight digits of a number below 10^8, the first in the lowest byte, each less `0`: halves are divided
/// together, then quarters, by multiplying with a reciprocal that is good enough for so few digits.
#[inline]
fn eight_digits(value: u64) -> u64 {
    let fours = (value / 10_000) | ((value % 10_000) << 32);
    let hundreds = (fours * 10_486) >> 20 & 0x0000_007f_0000_007f;
    let twos = hundreds | (fours - 100 * hundreds) << 16;
    let tens = (twos * 103) >> 10 & 0x000f_000f_000f_000f;
    tens | (twos - 10 * tens) << 8
}

/// How many of eight digits are left without leading zeros, but at least so many.
#[inline]
fn digits_in(eight: u64, least: usize) -> usize {
    (8 - eight.trailing_zeros() as usize / 8).max(least)
}

/// Appends the last of eight digits, from one to eight of them.
#[inline]
fn append(eight: u64, count: usize, out: &mut Vec<u8>) {
    let text = (eight | 0x3030_3030_3030_3030) >> (8 * (8 - count));
    // Eight bytes are copied in one step; what is too much of them is taken back.
    let end = out.len() + count;
    out.extend_from_slice(&text.to_le_bytes());
    out.truncate(end);
}

/// As [`write_narrow`], of any magnitude and any number of places.
fn write_long(mut rest: u64, negative: bool, places: usize, out: &mut Vec<u8>) {
    /// Digits of a 64-bit integer, a point, and as many leading zeros as fit.
    const ROOM: usize = 42;
    let (mut buffer, mut at) = ([b'0'; ROOM], ROOM);
    let mut push = |byte: u8| {
        at -= 1;
        buffer[at] = byte;
    };
    let next = |rest: &mut u64| {
        let digit = b'0' + u8::try_from(*rest % 10).unwrap_or(0);
        *rest /= 10;
        digit
    };
    let kept = places.min(ROOM - 22);
    for _ in 0..kept {
        push(next(&mut rest));
    }
    if places > kept {
        // All digits are behind the point, and zeros before them.
        out.extend_from_slice(if negative { b"-0." } else { b"0." });
        out.extend(std::iter::repeat_n(b'0', places - kept));
        return out.extend_from_slice(&buffer[at..]);
    }
    if places > 0 {
        push(b'.');
    }
    loop {
        push(next(&mut rest));
        if rest == 0 {
            break;
        }
    }
    if negative {
        push(b'-');
    }
    out.extend_from_slice(&buffer[at..]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decimal::Fixed;
    use dashu_int::IBig;

    #[test]
    fn short_texts_are_those_of_the_decimals() {
        let (powers, tens) = ((0..63).map(|power| 1i64 << power), (0..19).map(|power| 10i64.pow(power)));
        let all =
            powers.chain(tens).flat_map(|power| [power, power - 1, power + 1]).chain([i64::MAX, i64::MIN, 0]);
        for digits in all.flat_map(|digits| [digits, digits.wrapping_neg()]) {
            for places in 0..30 {
                let mut out = b"x".to_vec();
                write_narrow(digits, places, &mut out);
                let expected = Fixed::new(IBig::from(digits), u32::try_from(places).unwrap());
                assert_eq!(String::from_utf8(out).unwrap(), format!("x{expected}"));
            }
            let mut out = Vec::new();
            write_natural(digits.unsigned_abs(), &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), digits.unsigned_abs().to_string());
        }
    }

    #[test]
    fn eight_digits_are_those_of_the_number() {
        let some = (0..EIGHT_DIGITS).step_by(997).chain(0..20_000).chain(EIGHT_DIGITS - 20_000..EIGHT_DIGITS);
        for value in some {
            let text = (eight_digits(value) | 0x3030_3030_3030_3030).to_le_bytes();
            assert_eq!(std::str::from_utf8(&text).unwrap(), format!("{value:08}"));
        }
    }
}
