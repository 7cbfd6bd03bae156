//! Files that people write: TOML, each with its format named inside, and every mistake with its place.

use crate::limits;
use crate::malformed::{Fault, Malformed, Position, shortened};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// Reads TOML into a type whose format key is `format`.
///
/// # Errors
/// Where and how the bytes depart from TOML, or from the type; or that they are of another format.
pub fn read<T: DeserializeOwned>(bytes: &[u8], format: &str) -> Result<T, Malformed> {
    #[derive(Deserialize)]
    struct Tag {
        format: String,
    }
    let size = bytes.len() as u64;
    if size > limits::TOML_BYTES {
        return Err(Malformed::whole(Fault::TooLarge { found: size, limit: limits::TOML_BYTES }));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| Malformed {
        position: Position::of(bytes, error.valid_up_to()),
        fault: Fault::NotUtf8,
    })?;
    if let Ok(Tag { format: found }) = toml::from_str(text)
        && found != format
    {
        let (found, expected) = (shortened(&found, 80), format.to_owned());
        let same_kind = found.split('/').next() == expected.split('/').next();
        return Err(Malformed::whole(if same_kind {
            Fault::OtherVersion { found, expected }
        } else {
            Fault::OtherKind { found, expected }
        }));
    }
    toml::from_str(text).map_err(|error| {
        let position =
            error.span().map_or(Position { line: 1, column: 1 }, |span| Position::of(bytes, span.start));
        Malformed { position, fault: Fault::Syntax(error.message().to_owned()) }
    })
}
