//! Where a published file parts from what was derived again: the place, both values, their distance,
//! and what probably happened.

use crate::finding::{Cause, Finding, Guess, Kind, Other, Proof};
use openweigh_exact::{Decimal, Fixed, Ratio, round};
use openweigh_fit::Fitted;
use openweigh_formats::weights::Weights;
use openweigh_formats::{Position, canonical, csv};
use openweigh_replay::Pair;

/// The first divergence of published weights from a fit of their own data.
pub fn of_weights(published: &Weights, fitted: &Fitted) -> Finding {
    let derived = &fitted.weights;
    let (published_bytes, derived_bytes) = (canonical::write(published), canonical::write(derived));
    let same_sums = published.normal == derived.normal;
    if published.recipe != derived.recipe {
        let (line, found, expected) = first_line(&published_bytes, &derived_bytes);
        return Finding {
            position: Some(Position { line, column: 1 }),
            published: Some(found),
            other: Some(Other::Listed(expected)),
            cause: Some(Cause::Likely(Guess::OtherRecipe)),
            ..Kind::OtherRecipe.into()
        };
    }
    let pairs = published.terms.iter().zip(&derived.terms).enumerate();
    for (at, (wrong, right)) in pairs {
        if wrong.coefficient == right.coefficient {
            continue;
        }
        let exact = fitted.estimate.coefficient(at);
        let (found, expected) = (&wrong.coefficient.0, &right.coefficient.0);
        let standard_error = right.standard_error.as_ref().map(|number| &number.0);
        return Finding {
            kind: Kind::Coefficient(wrong.term.clone()),
            position: key_position(&published_bytes, "\"coefficient\":", at),
            published: Some(found.to_string()),
            other: Some(Other::Derived(expected.to_string())),
            distance: Some(distance(found, expected, standard_error)),
            cause: Some(Cause::Likely(cause_of_coefficient(found, &exact, published, same_sums))),
        };
    }
    let (line, found, expected) = first_line(&published_bytes, &derived_bytes);
    let cause = if same_sums {
        if published.validation == derived.validation {
            Guess::EditedFigures
        } else {
            Guess::EditedValidation
        }
    } else {
        Guess::OtherSums
    };
    Finding {
        kind: Kind::OtherWeights,
        position: Some(Position { line, column: 1 }),
        distance: numbers_apart(&found, &expected),
        published: Some(found),
        other: Some(Other::Derived(expected)),
        cause: Some(Cause::Likely(cause)),
    }
}

fn cause_of_coefficient(found: &Decimal, exact: &Ratio, published: &Weights, same_sums: bool) -> Guess {
    let (digits, wanted) = (significant_digits(found), published.recipe.fit.digits);
    let agrees_to = |count| round::to_digits(&Ratio::from(found), count) == round::to_digits(exact, count);
    if digits < wanted && digits > 0 && round::to_digits(exact, digits) == *found {
        Guess::Rerounded { digits, wanted }
    } else if !same_sums {
        Guess::OtherDataThanSums
    } else if wanted > 10 && agrees_to(10) {
        Guess::FloatingPoint { right: 10, of: wanted }
    } else {
        Guess::EditedCoefficient
    }
}

/// Digits from the first that is not zero to the last that is not zero.
fn significant_digits(value: &Decimal) -> u32 {
    let text = value.to_string();
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let trimmed = digits.trim_start_matches('0').trim_end_matches('0');
    u32::try_from(trimmed.len()).unwrap_or(u32::MAX)
}

/// The difference of two values, as a share of the value and of its standard error.
fn distance(found: &Decimal, expected: &Decimal, standard_error: Option<&Decimal>) -> String {
    let difference = found.minus(expected);
    let share = |of: &Decimal| {
        let size =
            |value: &Decimal| if *value < Decimal::ZERO { Decimal::ZERO.minus(value) } else { value.clone() };
        let share = || Ratio::from(&size(&difference)).divided_by(&Ratio::from(&size(of)));
        (*of != Decimal::ZERO).then(|| round::brief(&round::to_digits(&share(), 2), 2))
    };
    let mut text = round::brief(&difference, 6);
    if let Some(relative) = share(expected) {
        text.push_str(&format!(", which is {relative} of the value"));
    }
    if let Some(errors) = standard_error.and_then(share) {
        text.push_str(&format!(" and {errors} of its standard error"));
    }
    text
}

/// The place of the `at`-th line that holds `key`.
fn key_position(bytes: &[u8], key: &str, at: usize) -> Option<Position> {
    let text = std::str::from_utf8(bytes).ok()?;
    let mut lines = text.lines().enumerate().filter(|(_, line)| line.trim_start().starts_with(key));
    lines
        .nth(at)
        .map(|(line, text)| Position { line: line + 1, column: text.len() - text.trim_start().len() + 1 })
}

/// Number of the first line that differs, and both lines without their indentation.
fn first_line(left: &[u8], right: &[u8]) -> (usize, String, String) {
    let lines = |bytes: &[u8]| String::from_utf8_lossy(bytes).lines().map(str::to_owned).collect::<Vec<_>>();
    let (left, right) = (lines(left), lines(right));
    let same = left.iter().zip(&right).take_while(|(left, right)| left == right).count();
    let at = |lines: &[String]| lines.get(same).map_or("the end of the file", |line| line.trim()).to_owned();
    (same + 1, at(&left), at(&right))
}

/// The distance of two lines that each end in a quoted number.
fn numbers_apart(left: &str, right: &str) -> Option<String> {
    let number = |line: &str| {
        let inner = line.trim_end_matches(',').trim_end_matches('"');
        inner.rsplit('"').next().and_then(|text| text.parse::<Decimal>().ok())
    };
    let (left, right) = (number(left)?, number(right)?);
    Some(distance(&left, &right, None))
}

/// Other weights that are tried as the origin of wrong results: each costs a replay.
const OTHERS_TRIED: usize = 8;

/// The first divergence of published results from those derived again.
pub fn of_results<'a>(
    published: &[u8],
    derived: &[u8],
    others: impl Iterator<Item = &'a Weights>,
    datasets: &[Pair<'_>],
) -> Finding {
    let lines = match csv::checked(published) {
        Ok(lines) => lines,
        Err(error) => {
            return Finding { cause: Some(Cause::Likely(Guess::NotByReplay)), ..Finding::from(&error) };
        }
    };
    let expected: Vec<&str> =
        std::str::from_utf8(derived).unwrap_or_default().split_terminator('\n').collect();
    // One line more than expected is enough to see that there are too many.
    let rows: Vec<&str> = lines.clone().take(expected.len() + 1).collect();
    let same_lines = rows.iter().zip(&expected).take_while(|(left, right)| left == right).count();
    let (Some(found), Some(wanted)) = (rows.get(same_lines), expected.get(same_lines)) else {
        return Finding {
            position: Some(Position { line: same_lines + 1, column: 1 }),
            published: Some(lines.count().to_string()),
            other: Some(Other::Derived(expected.len().to_string())),
            ..Kind::OtherLines.into()
        };
    };
    let (found, wanted): (Vec<&str>, Vec<&str>) = (found.split(',').collect(), wanted.split(',').collect());
    let same_fields = found.iter().zip(&wanted).take_while(|(left, right)| left == right).count();
    let name = expected.first().and_then(|header| header.split(',').nth(same_fields)).unwrap_or("the fields");
    let column = found[..same_fields.min(found.len())].iter().map(|field| field.len() + 1).sum::<usize>() + 1;
    let fields =
        (found.get(same_fields).copied().unwrap_or(""), wanted.get(same_fields).copied().unwrap_or(""));
    let apart = match (Fixed::parse(fields.0), Fixed::parse(fields.1)) {
        (Ok(left), Ok(right)) => Some(distance(&left.to_decimal(), &right.to_decimal(), None)),
        _ => None,
    };
    let from_others = others.take(OTHERS_TRIED).any(|other| {
        let mut bytes = Vec::new();
        let written =
            openweigh_replay::write(other, datasets, 1, &mut |block| bytes.extend_from_slice(block));
        written.is_ok() && bytes == published
    });
    Finding {
        kind: Kind::Cell(name.to_owned()),
        position: Some(Position { line: same_lines + 1, column }),
        published: Some(fields.0.to_owned()),
        other: Some(Other::Derived(fields.1.to_owned())),
        distance: apart,
        cause: Some(cause_of_results(&rows, &expected, same_lines, same_fields, from_others)),
    }
}

fn cause_of_results(rows: &[&str], expected: &[&str], line: usize, field: usize, from_others: bool) -> Cause {
    if from_others {
        return Cause::Proved(Proof::OtherWeights);
    }
    if line == 0 {
        return Cause::Likely(Guess::OtherHeader);
    }
    let (mut left, mut right) = (rows.to_vec(), expected.to_vec());
    left.sort_unstable();
    right.sort_unstable();
    if left == right {
        return Cause::Proved(Proof::RowOrder);
    }
    let wrong = rows.iter().zip(expected).filter(|(left, right)| left != right).count();
    let all_last_place =
        rows.iter().zip(expected).flat_map(|(left, right)| left.split(',').zip(right.split(','))).all(
            |(left, right)| {
                left == right
                    || match (Fixed::parse(left), Fixed::parse(right)) {
                        (Ok(left), Ok(right)) if left.places() == right.places() => {
                            let apart = left.digits() - right.digits();
                            (-1..=1).any(|one| apart == openweigh_exact::IBig::from(one))
                        }
                        _ => false,
                    }
            },
        );
    let places = |row: &str| {
        row.split(',').nth(field).and_then(|text| Fixed::parse(text).ok()).map(|fixed| fixed.places())
    };
    if wrong == 1 {
        return Cause::Proved(Proof::OneLine);
    }
    Cause::Likely(if places(rows[line]) != places(expected[line]) {
        Guess::OtherDecimals(wrong)
    } else if all_last_place {
        Guess::LastPlace(wrong)
    } else {
        Guess::OtherLines { wrong, of: expected.len() }
    })
}
