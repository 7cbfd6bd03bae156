//! Coverage factors: quantiles of Student's t distribution, correctly rounded.
//!
//! A quantile of t is no rational number. The definition is still exact: the multiple of 10^-4 nearest to
//! the real quantile. It is found by comparing the distribution function at midpoints between multiples of
//! 10^-4 with the probability; the function is known between two bounds, and more bits are taken until the
//! bounds settle each comparison. No table, no binary floating point, no library of the platform.
//!
//! ```
//! use openweigh_exact::{Decimal, Ratio, student};
//!
//! let probability = Ratio::from(&"0.95".parse::<Decimal>()?);
//! assert_eq!(student::two_sided_t(10, &probability).to_string(), "2.2281");
//! assert_eq!(student::two_sided_t(1, &probability).to_string(), "12.7062");
//! # Ok::<(), openweigh_exact::DecimalError>(())
//! ```
//!
//! Source of the use: GUM (JCGM 100:2008), G.3 and G.4; Table G.2 is a test here.

use crate::beta::{Beta, Share};
use crate::decimal::Fixed;
use crate::ratio::Ratio;
use dashu_int::{IBig, UBig};
use std::cmp::Ordering;

/// The decimals of a coverage factor.
pub const PLACES: u32 = 4;

/// The largest number of degrees of freedom: more count as these. At a coverage probability of 0.95 the
/// quantile differs from that of the normal distribution by 2.4·10^-5.
pub const MOST_DOF: u64 = 100_000;

/// Steps of half a multiple of 10^-4 in 1.
pub(crate) const HALF_STEPS: u64 = 20_000;

/// The precision of a first try.
pub(crate) const FIRST_BITS: usize = 128;

/// A comparison that this many bits leave open is a tie: the value lies within 2^-1000 of a midpoint.
pub(crate) const MOST_BITS: usize = 1024;

/// The factor t with P(|T| ≤ t) = `probability` for T of `dof` degrees of freedom, to 4 decimals, ties to even.
///
/// # Panics
/// If `dof` is zero, or the probability is not above zero and below one.
pub fn two_sided_t(dof: u64, probability: &Ratio) -> Fixed {
    assert!(dof > 0, "a t distribution has at least one degree of freedom");
    let outside = Ratio::from(&crate::Decimal::from(1)).minus(probability);
    assert!(
        probability.numerator() > &IBig::ZERO && outside.numerator() > &IBig::ZERO,
        "a coverage probability lies between zero and one"
    );
    let dof = dof.min(MOST_DOF);
    let mut functions = vec![Beta::new(dof, 1, FIRST_BITS)];
    // `above(g)`: the quantile lies above the midpoint below the multiple g.
    nearest_multiple(|multiple| {
        quantile_is_above(&mut functions, dof, &((multiple << 1usize) - UBig::ONE), &outside)
    })
}

/// The multiple of 10^-4 nearest to a positive number of which is only known, by `above`, whether it lies above the
/// midpoint below a multiple.
pub(crate) fn nearest_multiple(mut above: impl FnMut(&UBig) -> bool) -> Fixed {
    let (mut lower, mut upper) = (UBig::ZERO, UBig::from(HALF_STEPS));
    while above(&upper) {
        upper <<= 1usize;
    }
    // The number lies above the midpoint below `lower`, and not above that below `upper`.
    while &lower + UBig::ONE < upper {
        let middle = (&lower + &upper) >> 1usize;
        if above(&middle) {
            lower = middle;
        } else {
            upper = middle;
        }
    }
    Fixed::new(IBig::from(lower), PLACES)
}

/// Whether the quantile lies above `halves`/20000: whether P(|T| > halves/20000) exceeds `outside`.
/// `functions` holds the distribution at 128 bits, 256, and so on, as far as it was needed.
fn quantile_is_above(functions: &mut Vec<Beta>, dof: u64, halves: &UBig, outside: &Ratio) -> bool {
    let share = Share { part: UBig::from(dof) * UBig::from(HALF_STEPS * HALF_STEPS), rest: halves * halves };
    let (mut step, mut bits) = (0, FIRST_BITS);
    while bits <= MOST_BITS {
        if functions.len() == step {
            functions.push(Beta::new(dof, 1, bits));
        }
        if let Some(order) = functions[step].regularised(&share).compare(outside) {
            return order == Ordering::Greater;
        }
        (step, bits) = (step + 1, bits * 2);
    }
    // A tie goes to the even multiple: the midpoint (2g - 1)/2 lies below g, which takes it if even.
    (halves % 4u8) == 3
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Decimal;

    fn factor(dof: u64, probability: &str) -> Fixed {
        two_sided_t(dof, &Ratio::from(&probability.parse::<Decimal>().unwrap()))
    }

    fn t(dof: u64, probability: &str) -> String {
        factor(dof, probability).to_string()
    }

    /// GUM (JCGM 100:2008), Table G.2. Its columns 68.27, 95.45 and 99.73 percent are those of k = 1, 2, 3.
    #[test]
    fn table_g_2_of_the_gum() {
        let probabilities = ["0.682689492137", "0.9", "0.95", "0.954499736104", "0.99", "0.997300203937"];
        let table: [(u64, [&str; 6]); 12] = [
            (1, ["1.84", "6.31", "12.71", "13.97", "63.66", "235.80"]),
            (2, ["1.32", "2.92", "4.30", "4.53", "9.92", "19.21"]),
            (3, ["1.20", "2.35", "3.18", "3.31", "5.84", "9.22"]),
            (4, ["1.14", "2.13", "2.78", "2.87", "4.60", "6.62"]),
            (5, ["1.11", "2.02", "2.57", "2.65", "4.03", "5.51"]),
            (8, ["1.07", "1.86", "2.31", "2.37", "3.36", "4.28"]),
            (10, ["1.05", "1.81", "2.23", "2.28", "3.17", "3.96"]),
            (16, ["1.03", "1.75", "2.12", "2.17", "2.92", "3.54"]),
            (20, ["1.03", "1.72", "2.09", "2.13", "2.85", "3.42"]),
            (40, ["1.01", "1.68", "2.02", "2.06", "2.70", "3.20"]),
            (50, ["1.01", "1.68", "2.01", "2.05", "2.68", "3.16"]),
            (100, ["1.005", "1.660", "1.984", "2.025", "2.626", "3.077"]),
        ];
        for (dof, row) in table {
            for (probability, printed) in probabilities.iter().zip(row) {
                let places = u32::try_from(printed.split('.').nth(1).unwrap().len()).unwrap();
                let full = Ratio::from(&factor(dof, probability));
                let rounded = crate::round::to_places(&full, places).to_string();
                assert_eq!(rounded, printed, "t at {dof} and {probability}");
            }
        }
    }

    /// To ten digits from the closed forms tan(πp/2) and √(2p²/(1-p²)), and from published tables.
    #[test]
    fn known_quantiles() {
        assert_eq!(t(1, "0.5"), "1.0000");
        assert_eq!(t(1, "0.999999"), "636619.7724");
        assert_eq!(t(2, "0.95"), "4.3027");
        assert_eq!(t(37, "0.95"), "2.0262");
        assert_eq!(t(4, "0.792"), "1.5000");
        assert_eq!(t(100_000, "0.95"), "1.9600");
        assert_eq!(t(u64::MAX, "0.95"), "1.9600");
        assert_eq!(t(3, "0.00001"), "0.0000");
    }

    /// Values of another program: mpmath's `betainc` at 40 digits, bisected.
    #[test]
    fn quantiles_of_another_program() {
        let table = [
            ("0.9545", 1, "13.9678"),
            ("0.99", 1, "63.6567"),
            ("0.9973", 1, "235.7837"),
            ("0.999999", 2, "999.9992"),
            ("0.5", 2, "0.8165"),
            ("0.9973", 2, "19.2060"),
            ("0.999", 3, "12.9240"),
            ("0.95", 3, "3.1824"),
            ("0.99", 3, "5.8409"),
            ("0.5", 4, "0.7407"),
            ("0.9", 4, "2.1318"),
            ("0.999999", 4, "49.4586"),
            ("0.99", 5, "4.0321"),
            ("0.999", 5, "6.8688"),
            ("0.9973", 5, "5.5070"),
            ("0.95", 6, "2.4469"),
            ("0.9973", 6, "4.9040"),
            ("0.9545", 6, "2.5165"),
            ("0.6827", 7, "1.0767"),
            ("0.95", 7, "2.3646"),
            ("0.5", 7, "0.7111"),
            ("0.95", 9, "2.2622"),
            ("0.9973", 9, "4.0942"),
            ("0.9", 9, "1.8331"),
            ("0.9", 11, "1.7959"),
            ("0.9973", 11, "3.8499"),
            ("0.6827", 11, "1.0476"),
            ("0.6827", 13, "1.0400"),
            ("0.9", 13, "1.7709"),
            ("0.9545", 13, "2.2118"),
            ("0.999", 17, "3.9651"),
            ("0.9", 17, "1.7396"),
            ("0.6827", 17, "1.0303"),
            ("0.5", 23, "0.6853"),
            ("0.999999", 23, "6.5927"),
            ("0.6827", 23, "1.0222"),
            ("0.95", 29, "2.0452"),
            ("0.9", 29, "1.6991"),
            ("0.9973", 29, "3.2804"),
            ("0.9", 37, "1.6871"),
            ("0.9545", 37, "2.0699"),
            ("0.999999", 37, "5.8508"),
            ("0.95", 64, "1.9977"),
            ("0.999999", 64, "5.4110"),
            ("0.6827", 64, "1.0079"),
            ("0.95", 101, "1.9837"),
            ("0.9973", 101, "3.0760"),
            ("0.9", 101, "1.6601"),
            ("0.5", 250, "0.6755"),
            ("0.99", 250, "2.5956"),
            ("0.95", 250, "1.9695"),
            ("0.9", 999, "1.6464"),
            ("0.999999", 999, "4.9223"),
            ("0.999", 999, "3.3003"),
            ("0.6827", 5000, "1.0001"),
            ("0.99", 5000, "2.5768"),
            ("0.9", 5000, "1.6452"),
        ];
        for (probability, dof, expected) in table {
            assert_eq!(t(dof, probability), expected, "t at {dof} and {probability}");
        }
    }
}
