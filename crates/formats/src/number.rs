//! Decimals in JSON and TOML: always strings, always canonical.

use openweigh_exact::{Decimal, DecimalError, Fixed};
use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! number_type {
    ($(#[$doc:meta])* $name:ident, $value:ty, $parse:expr, $most:literal, $pattern:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(pub $value);

        #[cfg(any(test, feature = "schemas"))]
        $crate::schemas::string_schema!($name, $most, $pattern);

        impl TryFrom<String> for $name {
            type Error = DecimalError;

            fn try_from(text: String) -> Result<Self, DecimalError> {
                let parse: fn(&str) -> Result<$value, DecimalError> = $parse;
                parse(&text).map(Self)
            }
        }

        impl From<$name> for String {
            fn from(number: $name) -> Self {
                number.0.to_string()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(out)
            }
        }
    };
}

number_type!(
    /// A measured or fitted number: a canonical decimal of at most 128 characters.
    Number,
    Decimal,
    |text| text.parse(),
    128,
    "^(?!-0(\\.0*)?$)-?(0|[1-9][0-9]*)(\\.[0-9]*[1-9])?$"
);

number_type!(
    /// An exact sum: a canonical decimal of at most 4096 characters.
    Sum,
    Decimal,
    |text| Decimal::parse_within(text, crate::limits::MAX_SUM_CHARACTERS),
    4096,
    "^(?!-0(\\.0*)?$)-?(0|[1-9][0-9]*)(\\.[0-9]*[1-9])?$"
);

number_type!(
    /// A number that states its resolution: as many decimals as its author vouches for.
    Stated,
    Fixed,
    Fixed::parse,
    128,
    "^(?!-0(\\.0*)?$)-?(0|[1-9][0-9]*)(\\.[0-9]+)?$"
);

impl Number {
    /// The number, if its text keeps to the limit of a published number.
    ///
    /// # Errors
    /// The text would be too long.
    pub fn published(value: Decimal) -> Result<Self, DecimalError> {
        let found = value.to_string().len();
        let limit = crate::limits::MAX_CHARACTERS;
        if found > limit { Err(DecimalError::TooLong { found, limit }) } else { Ok(Self(value)) }
    }
}

impl Sum {
    /// The sum, if its text keeps to the limit of an exact sum.
    ///
    /// # Errors
    /// The text would be too long.
    pub fn published(value: Decimal) -> Result<Self, DecimalError> {
        let found = value.to_string().len();
        let limit = crate::limits::MAX_SUM_CHARACTERS;
        if found > limit { Err(DecimalError::TooLong { found, limit }) } else { Ok(Self(value)) }
    }
}
