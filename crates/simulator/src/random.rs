//! Noise that is the same everywhere: a documented generator, and sums instead of transcendental functions.

use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::RngCore;

/// A stream of numbers of its own for each pad.
pub(crate) struct Random(Pcg64Mcg);

impl Random {
    pub(crate) fn new(seed: u64, pad: usize) -> Random {
        Random(Pcg64Mcg::new((u128::from(seed) << 64) | (pad as u128 + 1)))
    }

    /// From 0 up to 1, in steps of 2⁻³².
    pub(crate) fn unit(&mut self) -> f64 {
        f64::from(self.0.next_u32()) / 4_294_967_296.0
    }

    /// Mean 0, standard deviation 1, nearly normal: twelve times one twelfth.
    pub(crate) fn normal(&mut self) -> f64 {
        let mut sum = -6.0;
        for _ in 0..12 {
            sum += self.unit();
        }
        sum
    }

    /// A whole number less than this.
    pub(crate) fn below(&mut self, limit: u32) -> u32 {
        let product = u64::from(self.0.next_u32()) * u64::from(limit);
        (product >> 32) as u32
    }
}
