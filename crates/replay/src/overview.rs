//! Results in a few lines: how many there are, how many of them are flagged with what, and the first of them.

use openweigh_formats::Malformed;
use openweigh_formats::csv;

/// What results amount to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overview {
    /// Lines.
    pub rows: u64,
    /// Lines with this flag each, in the order in which the flags first come.
    pub flags: Vec<(String, u64)>,
    /// The first lines, as far as they were asked for.
    pub shown: Vec<Row>,
}

/// A line of results; a cell that is empty, or that these results do not have, is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Row {
    /// The row of a table, or `session/weighing`, or `session/frame`, behind the dataset if there are several.
    pub of: String,
    /// The prediction.
    pub predicted: String,
    /// Its expanded uncertainty.
    pub expanded_u: String,
    /// The known value.
    pub target: String,
    /// Prediction less known value.
    pub error: String,
    /// Flags.
    pub flags: String,
}

impl Overview {
    /// Lines that have a flag.
    pub fn flagged(&self, flag: &str) -> u64 {
        self.flags.iter().find(|(own, _)| own == flag).map_or(0, |(_, count)| *count)
    }
}

/// Goes through results and keeps the first lines.
///
/// # Errors
/// They are not in the dialect.
pub fn of(bytes: &[u8], shown: usize) -> Result<Overview, Malformed> {
    let mut lines = csv::checked(bytes)?;
    let header: Vec<&str> = lines.next().unwrap_or_default().split(',').collect();
    // A feature may be called as a column is; those of results stand around the features.
    let before = |name: &str| header.iter().position(|own| *own == name);
    let behind = |names: [&str; 2]| header.iter().rposition(|own| names.contains(own));
    let keys = [before("session"), before("weighing").or_else(|| before("frame")), before("row")];
    let (predicted, expanded_u) = (behind(["predicted", "grams"]), behind(["expanded_u", "expanded_u_g"]));
    let (target, error) = (behind(["target", "reference_g"]), behind(["error", "error_g"]));
    let flags = behind(["flags", "flags"]);
    let mut overview = Overview::default();
    for line in lines {
        let cells: Vec<&str> = line.split(',').collect();
        let cell = |at: Option<usize>| at.and_then(|at| cells.get(at)).copied().unwrap_or_default();
        overview.rows += 1;
        for flag in cell(flags).split('+').filter(|flag| !flag.is_empty()) {
            match overview.flags.iter_mut().find(|(own, _)| own == flag) {
                Some((_, count)) => *count += 1,
                None => overview.flags.push((flag.to_owned(), 1)),
            }
        }
        // A tare has neither grams nor flags: there is nothing to show of it.
        let empty = cell(predicted).is_empty() && cell(flags).is_empty();
        if overview.shown.len() < shown && !empty {
            let key: Vec<&str> = keys.into_iter().map(cell).filter(|key| !key.is_empty()).collect();
            overview.shown.push(Row {
                of: key.join("/"),
                predicted: cell(predicted).to_owned(),
                expanded_u: cell(expanded_u).to_owned(),
                target: cell(target).to_owned(),
                error: cell(error).to_owned(),
                flags: cell(flags).to_owned(),
            });
        }
    }
    Ok(overview)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_of_each_kind_are_counted() {
        let table = b"dataset,row,flags,predicted,expanded_u,target,error,flags\na,0,7,1.0,0.1,1,0.0,\na,1,8,2.0,0.2,,,saturated+extrapolated\na,2,,,,,,gap\n";
        let found = of(table, 2).unwrap();
        assert_eq!((found.rows, found.flagged("extrapolated"), found.flagged("gap")), (3, 1, 1));
        assert_eq!(found.shown.len(), 2);
        let second = &found.shown[1];
        assert_eq!(
            (second.of.as_str(), second.predicted.as_str(), second.flags.as_str()),
            ("1", "2.0", "saturated+extrapolated")
        );
        let pad = include_bytes!("../../../artifacts/results/magic-trackpad-affine-1.0.0.csv");
        let found = of(pad, 3).unwrap();
        assert!(found.rows > 3 && found.shown[0].of.starts_with("s01/"), "{found:?}");
        assert!(of(b"dataset,row\r\n", 1).is_err());
    }
}
