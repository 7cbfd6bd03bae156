//! What the fits and replays of one manifest may cost together (docs/spec/9-limits.md).

use crate::FitError;
use openweigh_formats::limits;

/// Work that was done, against the limits. Whoever derives one thing alone begins with a new one.
#[derive(Debug, Clone, Default)]
pub struct Work {
    solving: u128,
    summing: u128,
    replaying: u128,
}

impl Work {
    /// Spends what solving a system and its folds takes.
    pub(crate) fn solve(&mut self, terms: usize, bits: usize, folds: usize) -> Result<(), FitError> {
        let words = (bits as u128).div_ceil(64).max(1);
        let work = (terms as u128).pow(3) * (words + limits::SOLVE_WORDS).pow(2) * (folds as u128 + 1);
        let before = self.solving;
        self.solving = before.saturating_add(work);
        if self.solving > limits::SOLVE_WORK {
            return Err(FitError::TooMuchWork { terms, bits, folds, others: before > 0 });
        }
        Ok(())
    }

    /// Spends what the sums of some rows take, whose term values and target have so many words.
    pub(crate) fn sum(&mut self, rows: usize, terms: usize, words: usize) -> Result<(), FitError> {
        if self.solving > limits::SOLVE_WORK {
            // What cannot be solved any more need not be summed.
            return Err(FitError::TooManyRows { rows, terms, words, others: true });
        }
        let before = self.summing;
        self.summing = before.saturating_add(rows as u128 * (words as u128).pow(2));
        if self.summing > limits::SUM_WORK {
            return Err(FitError::TooManyRows { rows, terms, words, others: before > 0 });
        }
        Ok(())
    }

    /// Spends what the predictions of some rows take; `form` are the words of what their uncertainty is taken from.
    ///
    /// # Errors
    /// The manifest's replays would cost more than the limit.
    pub fn replay(&mut self, rows: usize, terms: usize, words: usize, form: usize) -> Result<(), FitError> {
        let before = self.replaying;
        let work = [rows, terms, words, form].into_iter().map(|factor| factor as u128).product::<u128>();
        self.replaying = before.saturating_add(work);
        if self.replaying > limits::ROW_WORK {
            return Err(FitError::TooManyRows { rows, terms, words, others: before > 0 });
        }
        Ok(())
    }
}
