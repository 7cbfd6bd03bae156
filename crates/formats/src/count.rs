//! Counts and their nouns: 1 row, 2 rows.

/// A count with its noun in the right number; the noun is given for one.
pub fn of(count: impl TryInto<u64>, noun: &str) -> String {
    // A count that no u64 holds is surely not one.
    let count = count.try_into().unwrap_or(u64::MAX);
    if count == 1 { format!("1 {noun}") } else { format!("{count} {}", plural(noun)) }
}

fn plural(noun: &str) -> String {
    if let Some(stem) = noun.strip_suffix('y').filter(|stem| !stem.ends_with(['a', 'e', 'o', 'u'])) {
        format!("{stem}ies")
    } else if noun.ends_with("ch") || noun.ends_with('s') || noun.ends_with('x') {
        format!("{noun}es")
    } else {
        match noun.strip_suffix(" of freedom") {
            Some(degree) => format!("{degree}s of freedom"),
            None => format!("{noun}s"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn a_count_agrees_with_its_noun() {
        let said = [
            (0, "row", "0 rows"),
            (1, "row", "1 row"),
            (2, "touch", "2 touches"),
            (1, "degree of freedom", "1 degree of freedom"),
            (4, "degree of freedom", "4 degrees of freedom"),
            (3, "key", "3 keys"),
            (3, "body", "3 bodies"),
        ];
        for (count, noun, expected) in said {
            assert_eq!(of(count, noun), expected);
        }
    }
}
