//! How long the listeners of a pad kept its thread: for measuring, and empty as a rule.

use std::fmt;

/// Width of a class of times, in ns.
const STEP_NS: u64 = 10;

/// Classes: up to 1 ms, beyond which only the longest is remembered.
const STEPS: usize = 100_000;

/// The times of all calls of a run, in classes, so that a run of any length needs little memory.
pub(crate) struct Calls {
    counts: Vec<u32>,
    all: u64,
    longest_ns: u64,
}

impl Calls {
    pub(crate) fn new() -> Calls {
        Calls { counts: vec![0; STEPS], all: 0, longest_ns: 0 }
    }

    pub(crate) fn add(&mut self, took_ns: u64) {
        let class = usize::try_from(took_ns / STEP_NS).unwrap_or(STEPS).min(STEPS - 1);
        self.counts[class] += 1;
        self.all += 1;
        self.longest_ns = self.longest_ns.max(took_ns);
    }

    /// The time that so many of 1000 calls did not exceed: the upper end of its class.
    fn per_mille(&self, share: u64) -> u64 {
        let wanted = (self.all * share).div_ceil(1000);
        let mut seen = 0;
        let class = self.counts.iter().position(|count| {
            seen += u64::from(*count);
            seen >= wanted
        });
        match class {
            Some(class) if class + 1 < STEPS => (class as u64 + 1) * STEP_NS,
            _ => self.longest_ns,
        }
    }
}

impl fmt::Display for Calls {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [middle, most, nearly_all] = [500, 990, 999].map(|share| self.per_mille(share));
        write!(
            out,
            "{} calls: p50 {middle} ns, p99 {most} ns, p99.9 {nearly_all} ns, longest {} ns",
            self.all, self.longest_ns
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_those_of_the_sorted_times() {
        let mut calls = Calls::new();
        (1..=1000).for_each(|number| calls.add(number * 10 - 1));
        assert_eq!([500, 990, 999, 1000].map(|share| calls.per_mille(share)), [5_000, 9_900, 9_990, 10_000]);
        calls.add(5_000_000);
        assert_eq!(calls.per_mille(1000), 5_000_000);
        assert_eq!(
            calls.to_string(),
            "1001 calls: p50 5010 ns, p99 9910 ns, p99.9 10000 ns, longest 5000000 ns"
        );
    }
}
