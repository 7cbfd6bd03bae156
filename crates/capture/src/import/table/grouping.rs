//! Digits in groups, with a mark between them.

/// Whether digits stand in groups of three, the first of one to three, and not a zero in front; or, with commas, in
/// groups of two before a last one of three, as in India: `1,23,456`.
pub(crate) fn well_grouped(whole: &[u8], mark: u8) -> bool {
    if mark == b',' && is_indian(whole) {
        return true;
    }
    let mut groups = whole.split(|byte| *byte == mark);
    let first = groups.next().unwrap_or_default();
    (1..=3).contains(&first.len())
        && first[0] != b'0'
        && first.iter().all(u8::is_ascii_digit)
        && groups.all(|group| group.len() == 3 && group.iter().all(u8::is_ascii_digit))
}

/// Whether digits are grouped as in India, with two commas at least.
fn is_indian(whole: &[u8]) -> bool {
    let groups: Vec<&[u8]> = whole.split(|byte| *byte == b',').collect();
    let [first, inner @ .., last] = groups.as_slice() else { return false };
    !inner.is_empty()
        && matches!(first.len(), 1 | 2)
        && first[0] != b'0'
        && inner.iter().all(|group| group.len() == 2)
        && last.len() == 3
        && groups.iter().all(|group| group.iter().all(u8::is_ascii_digit))
}
