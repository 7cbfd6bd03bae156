//! Numbers as text, straight into a buffer (docs/spec/1-decimals.md): the shortest decimal that rounds
//! back to the same binary32 or binary64, in plain notation. Of two that are equally short and equally near,
//! the one that ends in an even digit, as everywhere here (and in ECMAScript and numpy; Rust's `Display`
//! takes the larger one).
//!
//! The digits are those of `zmij`; their layout is ours, since printers have changed theirs before.

use openweigh_formats::limits::MAX_CHARACTERS;

/// Whole numbers up to this are exact in binary32, and every shorter text than theirs is another number.
const WHOLE: i32 = 1 << 24;

/// From here on upwards the digits come in plain notation.
const PLAIN: f32 = 0.001;

/// Writes a whole number.
pub(crate) fn push_integer(out: &mut Vec<u8>, value: impl itoa::Integer) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

/// Writes a binary32. `false`, and nothing written, if it is no number.
#[expect(clippy::float_cmp, reason = "equal means the same number here")]
#[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "compared on the next line")]
pub(crate) fn push_f32(out: &mut Vec<u8>, value: f32) -> bool {
    if !value.is_finite() {
        return false;
    }
    // Most values of a pad are whole, zero above all; a zero with a sign is one too.
    let whole = value as i32;
    if whole as f32 == value && (-WHOLE..=WHOLE).contains(&whole) {
        push_integer(out, whole);
    } else if (PLAIN..16_777_216.0).contains(&value.abs()) {
        // Not whole, so there is a fraction; not small, so there is no exponent.
        out.extend_from_slice(zmij::Buffer::new().format_finite(value).as_bytes());
    } else {
        lay_out(out, zmij::Buffer::new().format_finite(value));
    }
    true
}

/// Writes a binary64. `false`, and nothing written, if it is no number, or one too long for a cell: a time
/// of that kind is no time.
pub(crate) fn push_f64(out: &mut Vec<u8>, value: f64) -> bool {
    if !value.is_finite() {
        return false;
    }
    let before = out.len();
    if value == 0.0 {
        out.push(b'0');
    } else {
        lay_out(out, zmij::Buffer::new().format_finite(value));
    }
    if out.len() - before > MAX_CHARACTERS {
        out.truncate(before);
        return false;
    }
    true
}

/// Turns `-1.25e-7` and `3.0` into `-0.000000125` and `3`.
fn lay_out(out: &mut Vec<u8>, text: &str) {
    let text = text.as_bytes();
    let Some(mark) = memchr::memchr(b'e', text) else {
        out.extend_from_slice(text.strip_suffix(b".0").unwrap_or(text));
        return;
    };
    let (mut mantissa, exponent) = (&text[..mark], &text[mark + 1..]);
    if let Some(rest) = mantissa.strip_prefix(b"-") {
        out.push(b'-');
        mantissa = rest;
    }
    let exponent: i32 =
        std::str::from_utf8(exponent).ok().and_then(|text| text.parse().ok()).expect("a printed exponent");
    // A mantissa has one digit before its point; the point moves by the exponent.
    let whole = mantissa[0];
    let fraction = mantissa.get(2..).unwrap_or_default();
    let fraction = if fraction == b"0" { &[][..] } else { fraction };
    let shift = usize::try_from(exponent.unsigned_abs()).expect("a small number");
    if exponent < 0 {
        out.extend_from_slice(b"0.");
        out.resize(out.len() + shift - 1, b'0');
        out.push(whole);
        out.extend_from_slice(fraction);
    } else {
        out.push(whole);
        let (before, after) = fraction.split_at(shift.min(fraction.len()));
        out.extend_from_slice(before);
        out.resize(out.len() + shift - before.len(), b'0');
        if !after.is_empty() {
            out.push(b'.');
            out.extend_from_slice(after);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn f32_text(value: f32) -> Option<String> {
        let mut out = Vec::new();
        push_f32(&mut out, value).then(|| String::from_utf8(out).unwrap())
    }

    fn f64_text(value: f64) -> Option<String> {
        let mut out = Vec::new();
        push_f64(&mut out, value).then(|| String::from_utf8(out).unwrap())
    }

    /// Steele's and Vigna's `SplitMix64`: every run sees the same bits.
    fn bits(seed: &mut u64) -> u64 {
        *seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = *seed;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Insists that a text is that of `Display`, or as short, as near and even: `value` lies in the middle.
    fn check(text: &str, shown: &str, value: f64) {
        if text == shown || (text == "0" && shown == "-0") {
            return;
        }
        let middle = |text: &str| text.parse::<openweigh_exact::Decimal>().unwrap();
        let long = format!("{value:.60}");
        let exact = middle(long.trim_end_matches('0').trim_end_matches('.'));
        let (ours, theirs) = (middle(text), middle(shown));
        assert_eq!(text.len(), shown.len(), "{text} and {shown}");
        assert_eq!(ours.plus(&theirs), exact.plus(&exact), "{text} and {shown}");
        assert!(text.ends_with(['0', '2', '4', '6', '8']), "{text} and {shown}");
    }

    #[test]
    fn texts_are_those_of_display_and_read_back_to_the_same_bits() {
        let mut seed = 1;
        for _ in 0..3_000_000 {
            let random = bits(&mut seed);
            let value = f32::from_bits(u32::try_from(random >> 32).unwrap());
            if value.is_finite() {
                let text = f32_text(value).unwrap();
                check(&text, &value.to_string(), f64::from(value));
                assert_eq!(text.parse::<f32>().unwrap().to_bits(), value.to_bits());
            } else {
                assert_eq!(f32_text(value), None);
            }
        }
        for _ in 0..1_000_000 {
            // Exponents of times, and far beyond.
            let random = bits(&mut seed);
            let value = f64::from_bits((random & !(0x7ff << 52)) | ((923 + random % 200) << 52));
            check(&f64_text(value).unwrap(), &value.to_string(), value);
        }
    }

    #[test]
    fn corners() {
        for (value, text) in [
            (-0.0, "0"),
            (16_777_216.0, "16777216"),
            (-33_554_432.0, "-33554432"),
            (f32::MAX, "340282350000000000000000000000000000000"),
            (1.0e-45, "0.000000000000000000000000000000000000000000001"),
            (0.1, "0.1"),
            (1.0e7, "10000000"),
        ] {
            assert_eq!(f32_text(value).unwrap(), text);
        }
        assert_eq!(f64_text(-0.0).unwrap(), "0");
        assert_eq!(f64_text(f64::NAN), None);
        assert_eq!(f64_text(f64::MIN_POSITIVE), None, "longer than a cell");
        assert_eq!(f64_text(1e22).unwrap(), "10000000000000000000000");
    }
}
