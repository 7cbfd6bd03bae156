//! From bytes to UTF-8: by a byte order mark, by what a person says, or because they are UTF-8.

use super::options::Flag;
use super::refusal::{Reason, Refusal};
use encoding_rs::{Decoder, DecoderResult, Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// Decodes blocks.
pub(crate) struct Decoding {
    encoding: &'static Encoding,
    /// None for UTF-8, which is only checked.
    decoder: Option<Decoder>,
    /// The bytes of a mark that are to be left out.
    mark: usize,
    /// The beginning of a character of UTF-8 whose end is in the next block, at most three bytes.
    cut: Vec<u8>,
}

impl Decoding {
    /// How a source that begins like this is decoded, and whether a byte order mark says so.
    pub(crate) fn of(head: &[u8], said: Option<&str>) -> Result<(Self, bool), Refusal> {
        let marked = Encoding::for_bom(head);
        let encoding = match said {
            Some(label) => Encoding::for_label(label.trim().as_bytes())
                .ok_or_else(|| Refusal::whole(Reason::UnknownEncoding(label.to_owned())))?,
            None => marked.map_or(UTF_8, |(encoding, _)| encoding),
        };
        let mark = marked.filter(|(found, _)| *found == encoding).map_or(0, |(_, length)| length);
        let decoder = (encoding != UTF_8).then(|| encoding.new_decoder_without_bom_handling());
        Ok((Self { encoding, decoder, mark, cut: Vec::new() }, mark > 0))
    }

    /// The name of the encoding.
    pub(crate) fn name(&self) -> String {
        self.encoding.name().to_owned()
    }

    /// Appends the text of a block.
    pub(crate) fn decode(&mut self, block: &[u8], last: bool, text: &mut Vec<u8>) -> Result<(), Reason> {
        let skip = self.mark.min(block.len());
        self.mark -= skip;
        let mut block = &block[skip..];
        let Some(decoder) = &mut self.decoder else { return self.check(block, last, text) };
        loop {
            let room =
                decoder.max_utf8_buffer_length_without_replacement(block.len()).unwrap_or(block.len() * 4);
            let from = text.len();
            text.resize(from + room + 16, 0);
            let (result, read, written) =
                decoder.decode_to_utf8_without_replacement(block, &mut text[from..], last);
            text.truncate(from + written);
            block = &block[read..];
            match result {
                DecoderResult::InputEmpty => return Ok(()),
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(..) => {
                    return Err(Reason::Encoding { encoding: self.name(), shown: Vec::new() });
                }
            }
        }
    }

    fn check(&mut self, block: &[u8], last: bool, text: &mut Vec<u8>) -> Result<(), Reason> {
        let from = text.len();
        text.append(&mut self.cut);
        text.extend_from_slice(block);
        match std::str::from_utf8(&text[from..]) {
            Ok(_) => Ok(()),
            Err(error) if error.error_len().is_none() && !last => {
                self.cut = text.split_off(from + error.valid_up_to());
                Ok(())
            }
            Err(error) => {
                text.truncate(from + error.valid_up_to());
                Err(Reason::Encoding { encoding: "UTF-8".into(), shown: Vec::new() })
            }
        }
    }
}

/// Names the encodings that a source may have whose bytes are not UTF-8, with what its line is under each.
pub(crate) fn propose(refusal: Refusal, head: &[u8]) -> Refusal {
    let Reason::Encoding { encoding, .. } = &refusal.reason else {
        return if matches!(refusal.reason, Reason::Control(0)) {
            propose_wide(refusal, head)
        } else {
            refusal
        };
    };
    if encoding != "UTF-8" {
        return refusal;
    }
    let line = usize::try_from(refusal.place.line).unwrap_or(1);
    let end = if memchr::memchr(b'\n', head).is_some() { b'\n' } else { b'\r' };
    let bytes = head.split(|byte| *byte == end).nth(line.saturating_sub(1)).unwrap_or_default();
    let mut shown: Vec<(String, String)> = Vec::new();
    let mut proposed = Vec::new();
    for label in ["windows-1252", "macintosh", "windows-1251", "gbk", "shift_jis"] {
        let Some(encoding) = Encoding::for_label(label.as_bytes()) else { continue };
        let (text, wrong) = encoding.decode_without_bom_handling(bytes);
        let readable = !wrong
            && !text
                .chars()
                .any(|c| (c.is_control() && c != '\t' && c != '\r') || matches!(c, '\u{e000}'..='\u{f8ff}'));
        if readable && (!bytes.is_empty() || encoding == WINDOWS_1252) {
            shown.push((label.into(), openweigh_formats::malformed::shortened(text.trim(), 60)));
            proposed.push(label);
        }
    }
    let reason = Reason::Encoding { encoding: "UTF-8".into(), shown };
    let mut refusal = Refusal { reason, ..refusal };
    for label in proposed {
        refusal = refusal.or(vec![Flag::Encoding(label.into())], format!("reads the text as {label}"));
    }
    refusal
}

/// NUL bytes at every other place are UTF-16 without a mark.
fn propose_wide(refusal: Refusal, head: &[u8]) -> Refusal {
    let zeros = |from: usize| head.iter().skip(from).step_by(2).filter(|byte| **byte == 0).count();
    let (even, odd) = (zeros(0), zeros(1));
    let label = match () {
        () if odd * 4 > head.len() && even * 8 < odd => UTF_16LE.name(),
        () if even * 4 > head.len() && odd * 8 < even => UTF_16BE.name(),
        () => return refusal,
    };
    let label = label.to_ascii_lowercase();
    refusal.or(vec![Flag::Encoding(label.clone())], format!("reads the text as {label}"))
}
