//! `SHA256SUMS`, as coreutils write and check it: one `digest  name` a line, by name.

use crate::digest::Digest;
use crate::malformed::{Fault, Malformed};
use crate::path::RelativePath;
use std::collections::BTreeMap;

/// The digests of named files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sums(pub BTreeMap<RelativePath, Digest>);

impl Sums {
    /// Reads the file.
    ///
    /// # Errors
    /// The first line that is not a digest, two spaces and a path, or is out of order.
    pub fn read(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut sums = BTreeMap::new();
        let text = std::str::from_utf8(bytes).map_err(|_| Malformed::whole(Fault::NotUtf8))?;
        if !text.is_empty() && !text.ends_with('\n') {
            return Err(Malformed::at(text.lines().count(), 1, Fault::NoFinalNewline));
        }
        for (at, line) in text.split_terminator('\n').enumerate() {
            let fault = |expected: &str| {
                let found = crate::malformed::shortened(line, 100);
                Malformed::at(at + 1, 1, Fault::NotCanonical { found, expected: expected.to_owned() })
            };
            let (digest, name) = line.split_once("  ").ok_or_else(|| fault("<sha256>  <file name>"))?;
            let digest: Digest = digest.parse().map_err(|_| fault("<sha256>  <file name>"))?;
            let name: RelativePath = name.parse().map_err(|_| fault("<sha256>  <file name>"))?;
            if sums.last_key_value().is_some_and(|(last, _)| *last >= name) {
                return Err(fault("file names in ascending order, each once"));
            }
            sums.insert(name, digest);
        }
        Ok(Self(sums))
    }

    /// The bytes of the file.
    pub fn write(&self) -> Vec<u8> {
        self.0.iter().map(|(name, digest)| format!("{digest}  {name}\n")).collect::<String>().into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let digest = Digest::of(b"a");
        let sums =
            Sums([("b.json".parse().unwrap(), digest.clone()), ("a.json".parse().unwrap(), digest)].into());
        assert_eq!(Sums::read(&sums.write()).unwrap(), sums);
        assert!(Sums::read(b"zz  a.json\n").is_err());
        assert!(Sums::read(&sums.write()[1..]).is_err());
        assert!(Sums::read(&sums.write()[..20]).is_err());
    }
}
