//! What holds of whatever is imported. Shared with the fuzz targets.

use openweigh_capture::import::{self, Format, Options};
use openweigh_formats::Digest;
use openweigh_formats::touches::{Quantity, TouchReader};

/// What is imported is read back by the strict reader, with as many frames and touches as were counted, and a
/// survey says the same of it. What is refused is refused in words.
///
/// # Panics
/// It does not hold.
pub fn import(bytes: &[u8], format: Format) {
    // A word of a person, so that more devices get through.
    let options = Options {
        format: Some(format),
        device: None,
        counts: true,
        model: None,
        platform: None,
        max_bytes: 1 << 22,
    };
    let texts = match import::texts(&mut &*bytes, &options) {
        Ok(texts) => texts,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            assert!(import::survey(&mut &*bytes, &options).is_err());
            return;
        }
    };
    for text in &texts {
        let mut reader = TouchReader::new(&Quantity::ALL);
        let mut touches = 0;
        let fed = reader.feed(&text.touches, &mut |row| touches += u64::from(row.state.is_some()));
        let frames = fed.and_then(|()| reader.finish());
        assert_eq!(frames.as_ref(), Ok(&text.quality.frames), "{}", String::from_utf8_lossy(&text.touches));
        assert_eq!(touches, text.quality.touches);
        assert!(text.events.is_sorted_by_key(|(after, _)| *after));
    }
    let surveyed =
        import::survey(&mut &*bytes, &options).map_or_else(|_| Vec::new(), |survey| survey.sessions);
    let digests: Vec<_> = surveyed.into_iter().map(|session| session.touches).collect();
    let with_frames = texts.iter().filter(|text| text.quality.frames > 0);
    assert_eq!(digests, with_frames.map(|text| Digest::of(&text.touches)).collect::<Vec<_>>());
}
