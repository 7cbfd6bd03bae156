//! SHA-256 (FIPS 180-4) of bytes, and its text.

use crate::text::text_type;
use sha2::Digest as _;

text_type!(
    /// A SHA-256 as 64 lower-case hexadecimal digits.
    Digest,
    "a SHA-256 of 64 lower-case hexadecimal digits",
    "^[0-9a-f]{64}$",
    64,
    |text| text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
);

impl Digest {
    /// The digest of bytes that are at hand.
    pub fn of(bytes: &[u8]) -> Self {
        let mut hasher = Hasher::default();
        hasher.update(bytes);
        hasher.finish()
    }

    /// The first twelve digits, enough for a person to compare.
    pub fn short(&self) -> &str {
        &self.as_str()[..12]
    }

    /// The 32 bytes that the text denotes.
    pub(crate) fn to_bytes(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        let digit = |c: u8| if c.is_ascii_digit() { c - b'0' } else { c - b'a' + 10 };
        for (byte, pair) in bytes.iter_mut().zip(self.as_str().as_bytes().chunks_exact(2)) {
            *byte = digit(pair[0]) << 4 | digit(pair[1]);
        }
        bytes
    }
}

/// A digest in the making, fed as bytes pass by.
#[derive(Debug, Clone, Default)]
pub struct Hasher(sha2::Sha256);

impl Hasher {
    /// Takes in the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The digest of all bytes taken in.
    pub fn finish(self) -> Digest {
        let text = self.finish_bytes().iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        Digest::try_from(text).expect("32 bytes in hexadecimal")
    }

    pub(crate) fn finish_bytes(self) -> [u8; 32] {
        self.0.finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fips_180_4_examples() {
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(Digest::of(b"abc").as_str(), abc);
        let nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(Digest::of(b"").as_str(), nothing);
        assert_eq!(Digest::of(b"abc").to_bytes()[..3], [0xba, 0x78, 0x16]);
    }
}
