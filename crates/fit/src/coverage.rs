//! Coverage factors: the two-sided t of a coverage probability (4.12).

use openweigh_exact::decimal::power_of_ten;
use openweigh_exact::{Decimal, IBig, Ratio, UBig, root};

/// k to 4 decimals.
pub fn factor(dof: u64, probability: &Ratio) -> Decimal {
    let one = IBig::from(power_of_ten(60));
    let wanted = probability.numerator() * &one / IBig::from(probability.denominator().clone());
    let pi = arctan(&one, &(&one / 5)) * 16 - arctan(&one, &(&one / 239)) * 4;
    // Twice the number of 1/20000 steps whose probability is not above the one that is wanted: the middle between two
    // multiples of 1/10000 is odd.
    let (mut low, mut high) = (0_u64, 1_u64 << 40);
    while high - low > 1 {
        let middle = low.midpoint(high);
        if share(dof, middle, &one, &pi) <= wanted { low = middle } else { high = middle }
    }
    Decimal::new(IBig::from(low.div_ceil(2)), 4)
}

/// P(|T| ≤ `steps`/20000), in units of 1/`one`.
fn share(dof: u64, steps: u64, one: &IBig, pi: &IBig) -> IBig {
    let t2 = IBig::from(steps) * IBig::from(steps);
    let scale = IBig::from(dof) * IBig::from(400_000_000_u64);
    let cos2 = &scale * one / (&scale + &t2);
    let root_of = |value: IBig| square_root(value * one);
    let (sin, cos) = (root_of(one - &cos2), root_of(cos2.clone()));
    let odd = dof % 2;
    let mut term = one.clone();
    let mut sum = IBig::ZERO;
    for j in 0..(dof - odd) / 2 {
        if j > 0 {
            let (above, below) = if odd == 1 { (2 * j, 2 * j + 1) } else { (2 * j - 1, 2 * j) };
            term = term * &cos2 * IBig::from(above) / (one * IBig::from(below));
        }
        sum += &term;
    }
    if odd == 0 {
        return sin * sum / one;
    }
    let tangent_is_small = sin <= cos;
    let angle = if tangent_is_small {
        arctan(one, &(&sin * one / &cos))
    } else {
        pi / 2 - arctan(one, &(&cos * one / &sin))
    };
    (angle + sin * cos / one * sum / one) * 2 * one / pi
}

/// arctan of a number up to 1, halved twice first.
fn arctan(one: &IBig, x: &IBig) -> IBig {
    let halved = |x: &IBig| {
        let root = square_root(one * one + x * x);
        x * one / (root + one)
    };
    let x = halved(&halved(x));
    let square = &x * &x / one;
    let (mut power, mut sum, mut at) = (x, IBig::ZERO, 1_u64);
    while power != IBig::ZERO {
        let term = &power / IBig::from(at);
        if at % 4 == 1 { sum += term } else { sum -= term }
        power = power * &square / one;
        at += 2;
    }
    sum * 4
}

fn square_root(value: IBig) -> IBig {
    root::to_places(&Ratio::new(value, UBig::ONE), 0).digits().clone()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printed_tables_are_met() {
        // GUM, table G.2, and NIST's interval for its load cell.
        let printed = [
            (1, "0.95", "12.7062"), (2, "0.95", "4.3027"), (3, "0.95", "3.1824"), (10, "0.95", "2.2281"),
            (37, "0.95", "2.0262"), (50, "0.95", "2.0086"), (100, "0.95", "1.984"), (1, "0.99", "63.6567"),
            (1, "0.9545", "13.9678"), (2, "0.9973", "19.2064"), (3, "0.6827", "1.1969"), (1000, "0.95", "1.9623"),
        ];
        for (dof, probability, k) in printed {
            let probability: Decimal = probability.parse().unwrap();
            assert_eq!(factor(dof, &Ratio::from(&probability)).to_string(), k);
        }
    }
}
