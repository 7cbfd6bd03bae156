//! Who may sign: OpenSSH's allowed signers (ssh-keygen(1), ALLOWED SIGNERS).
//!
//! Each line is `principals [options] keytype base64 [comment]`. The file means here what it means to
//! `ssh-keygen -Y verify`, or it is refused whole:
//!
//! - times must end in `Z` or `UTC`: OpenSSH reads others in the time zone of whoever verifies;
//! - `cert-authority` is refused: certificates are not supported;
//! - keys of algorithms that are not used here are read and never match.

use crate::key::{self, Fingerprint, PublicKey};
use crate::limits;
use crate::patterns::{Patterns, Principal};
use crate::time::Time;
use openweigh_formats::malformed::{Fault, Malformed, Position, shortened};
use ssh_key::public::{self, KeyData};
use std::collections::BTreeSet;

/// The lines of an allowed signers file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AllowedSigners {
    entries: Vec<Entry>,
}

/// A line: which key, for whom, for what, from when to when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Line in the file, counted from 1.
    pub line: usize,
    /// Whose key it is.
    pub principals: Patterns,
    /// The namespaces that it may sign in, if the line restricts them.
    pub namespaces: Option<Patterns>,
    /// The first second at which it is valid.
    pub valid_after: Option<Time>,
    /// The last second at which it is valid.
    pub valid_before: Option<Time>,
    /// The key's fingerprint.
    pub fingerprint: Fingerprint,
    key: KeyData,
}

/// Why a key is not one of a signer here and now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unlisted {
    /// No line has the key.
    #[error("no line of the allowed signers has the key {fingerprint}")]
    UnknownKey {
        /// The key.
        fingerprint: Fingerprint,
    },
    /// The key is another's.
    #[error("line {line} of the allowed signers gives the key {fingerprint} to `{listed}`, not to {wanted}")]
    OtherPrincipal {
        /// The key.
        fingerprint: Fingerprint,
        /// The line.
        line: usize,
        /// Its principals.
        listed: String,
        /// The principals looked for.
        wanted: String,
    },
    /// The key may not sign for this purpose.
    #[error("line {line} of the allowed signers lets the key sign in `{allowed}`, not in `{namespace}`")]
    Namespace {
        /// The line.
        line: usize,
        /// The namespaces of the line.
        allowed: String,
        /// The namespace looked for.
        namespace: String,
    },
    /// The key is not valid yet.
    #[error("the key is valid from {from} on, by line {line} of the allowed signers; checked at {at}")]
    NotYet {
        /// The line.
        line: usize,
        /// Its first moment.
        from: Time,
        /// The moment looked at.
        at: Time,
    },
    /// The key has expired.
    #[error("the key expired after {until}, by line {line} of the allowed signers; checked at {at}")]
    Expired {
        /// The line.
        line: usize,
        /// Its last moment.
        until: Time,
        /// The moment looked at.
        at: Time,
    },
}

/// The lines by which a key is in force for a namespace at a moment, at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing<'a> {
    entries: Vec<&'a Entry>,
}

impl<'a> Standing<'a> {
    /// The lines.
    pub fn entries(&self) -> &[&'a Entry] {
        &self.entries
    }

    /// Whether the key is that of a principal.
    pub fn is(&self, principal: &Principal) -> bool {
        self.entries.iter().any(|entry| entry.principals.matches(principal.as_str()))
    }

    /// The principals that the lines name letter by letter; patterns with wildcards name nobody.
    pub fn names(&self) -> BTreeSet<Principal> {
        self.entries.iter().flat_map(|entry| entry.principals.names()).collect()
    }
}

/// Everything that the file connects with a key: one person, as far as it tells.
///
/// Lines with one key are one person's, and so are lines that name one principal letter by letter, along chains;
/// namespaces and times restrict what a key may sign, not whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person<'a> {
    /// The person's keys.
    pub keys: BTreeSet<Fingerprint>,
    /// The principals by which the person is named.
    pub names: BTreeSet<Principal>,
    lines: Vec<&'a Entry>,
}

impl Person<'_> {
    /// Whether two could be one: a key or a name in common, or a name of one that a wildcard of the other admits.
    pub fn may_be(&self, other: &Self) -> bool {
        let admits = |who: &Self, name: &Principal| {
            who.lines.iter().any(|line| line.principals.matches(name.as_str()))
        };
        !self.keys.is_disjoint(&other.keys)
            || self.names.iter().any(|name| other.names.contains(name) || admits(other, name))
            || other.names.iter().any(|name| admits(self, name))
    }
}

impl AllowedSigners {
    /// The person whose key it is, from all lines of the file.
    pub fn person(&self, key: &PublicKey) -> Person<'_> {
        let mut person =
            Person { keys: BTreeSet::from([key.fingerprint()]), names: BTreeSet::new(), lines: Vec::new() };
        let mut rest: Vec<&Entry> = self.entries.iter().collect();
        loop {
            let (known, others): (Vec<_>, Vec<_>) = rest.into_iter().partition(|entry| {
                person.keys.contains(&entry.fingerprint)
                    || entry.principals.names().any(|name| person.names.contains(&name))
            });
            if known.is_empty() {
                return person;
            }
            for entry in &known {
                person.keys.insert(entry.fingerprint.clone());
                person.names.extend(entry.principals.names());
            }
            person.lines.extend(known);
            rest = others;
        }
    }

    /// Reads the file.
    ///
    /// # Errors
    /// The first line that is not of the format, with what was found and what was expected.
    pub fn read(bytes: &[u8]) -> Result<Self, Malformed> {
        let text = text_within(bytes, limits::SIGNERS_BYTES)?;
        let mut entries = Vec::new();
        for (at, line) in text.split('\n').enumerate() {
            let content = line.trim_start_matches([' ', '\t']);
            if content.is_empty() || content.starts_with('#') {
                continue;
            }
            let column = line.len() - content.len() + 1;
            let entry = Entry::read(content, at + 1).map_err(|fault| Malformed::at(at + 1, column, fault))?;
            entries.push(entry);
        }
        Ok(Self { entries })
    }

    /// The lines.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The key with a fingerprint, if a line has it and it is of an algorithm used here.
    pub fn key(&self, fingerprint: &Fingerprint) -> Option<PublicKey> {
        let entry = self.entries.iter().find(|entry| entry.fingerprint == *fingerprint)?;
        PublicKey::from_data(entry.key.clone()).ok()
    }

    /// Finds the lines by which a key is in force, for a namespace at a moment.
    ///
    /// # Errors
    /// No line has the key, or why the last one that has it does not hold.
    pub fn look_up(&self, key: &PublicKey, namespace: &str, at: Time) -> Result<Standing<'_>, Unlisted> {
        let mut reason = Unlisted::UnknownKey { fingerprint: key.fingerprint() };
        let mut entries = Vec::new();
        for entry in self.entries.iter().filter(|entry| entry.key == *key.data()) {
            match entry.admits(namespace, at) {
                Ok(()) => entries.push(entry),
                Err(unlisted) => reason = unlisted,
            }
        }
        if entries.is_empty() { Err(reason) } else { Ok(Standing { entries }) }
    }

    /// Finds the lines by which a key was in force for a namespace, at a moment or before: an expired key took back
    /// nothing that it said.
    ///
    /// # Errors
    /// As for [`look_up`](Self::look_up), but for expired lines.
    pub fn look_up_expired(
        &self,
        key: &PublicKey,
        namespace: &str,
        at: Time,
    ) -> Result<Standing<'_>, Unlisted> {
        let expired =
            |entry: &&Entry| entry.key == *key.data() && entry.valid_before.is_some_and(|until| at > until);
        let then = self.entries.iter().filter(expired).filter_map(|entry| entry.valid_before);
        let moments = std::iter::once(at).chain(then);
        let mut found = moments.map(|at| self.look_up(key, namespace, at));
        let first = found.next().expect("the moment itself");
        first.or_else(|reason| found.find_map(Result::ok).ok_or(reason))
    }

    /// Checks that a key is in force for one of some principals, as `ssh-keygen -Y verify -I` does for one.
    ///
    /// # Errors
    /// As for [`look_up`](Self::look_up), or the key is another's.
    pub fn check(
        &self,
        key: &PublicKey,
        principals: &[Principal],
        namespace: &str,
        at: Time,
    ) -> Result<Standing<'_>, Unlisted> {
        self.look_up(key, namespace, at)?.of(key, principals)
    }
}

impl Standing<'_> {
    /// The lines that give the key to one of some principals.
    ///
    /// # Errors
    /// The key is another's.
    pub(crate) fn of(self, key: &PublicKey, principals: &[Principal]) -> Result<Self, Unlisted> {
        let theirs = |entry: &&Entry| principals.iter().any(|one| entry.principals.matches(one.as_str()));
        let entries: Vec<_> = self.entries.iter().copied().filter(theirs).collect();
        if entries.is_empty() {
            let first = self.entries[0];
            let wanted =
                principals.iter().take(20).map(|one| format!("`{one}`")).collect::<Vec<_>>().join(", ");
            return Err(Unlisted::OtherPrincipal {
                fingerprint: key.fingerprint(),
                line: first.line,
                listed: shortened(first.principals.as_str(), 200),
                wanted: if wanted.is_empty() { "anybody".to_owned() } else { wanted },
            });
        }
        Ok(Standing { entries })
    }
}

impl Entry {
    fn read(content: &str, line: usize) -> Result<Self, Fault> {
        let (principals, rest) = first_field(content)?;
        let mut options = Options::default();
        let rest = if starts_with_key(rest) { rest } else { options.read(rest)? };
        let mut words = rest.split([' ', '\t']).filter(|word| !word.is_empty());
        let key = format!("{} {}", words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let key = public::PublicKey::from_openssh(&key)
            .map_err(|error| found("key", rest, &format!("a public key of OpenSSH ({error})")))?;
        Ok(Self {
            line,
            principals: Patterns::new(principals),
            namespaces: options.namespaces,
            valid_after: options.valid_after,
            valid_before: options.valid_before,
            fingerprint: Fingerprint::of_data(key.key_data()),
            key: key::normal(key.key_data().clone()),
        })
    }

    /// Whether the line holds for a namespace at a moment, both ends included as in OpenSSH.
    fn admits(&self, namespace: &str, at: Time) -> Result<(), Unlisted> {
        let line = self.line;
        if let Some(allowed) = &self.namespaces
            && !allowed.matches(namespace)
        {
            let allowed = shortened(allowed.as_str(), 200);
            return Err(Unlisted::Namespace { line, allowed, namespace: namespace.to_owned() });
        }
        if let Some(from) = self.valid_after.filter(|from| at < *from) {
            return Err(Unlisted::NotYet { line, from, at });
        }
        match self.valid_before.filter(|until| at > *until) {
            Some(until) => Err(Unlisted::Expired { line, until, at }),
            None => Ok(()),
        }
    }
}

/// What the options of a line say.
#[derive(Default)]
struct Options {
    namespaces: Option<Patterns>,
    valid_after: Option<Time>,
    valid_before: Option<Time>,
}

impl Options {
    /// Reads the options, and gives what follows them.
    fn read<'t>(&mut self, text: &'t str) -> Result<&'t str, Fault> {
        let mut rest = text;
        loop {
            let end = rest.find(['=', ',', ' ', '\t']).unwrap_or(rest.len());
            let (name, after) = rest.split_at(end);
            let name = name.to_ascii_lowercase();
            let value = after.strip_prefix('=').map(dequoted).transpose()?;
            rest = match (name.as_str(), value) {
                ("namespaces", Some((value, after))) => {
                    set(&mut self.namespaces, Patterns::new(&value), &name, after)?
                }
                ("valid-after", Some((value, after))) => {
                    set(&mut self.valid_after, time(&name, &value)?, &name, after)?
                }
                ("valid-before", Some((value, after))) => {
                    set(&mut self.valid_before, time(&name, &value)?, &name, after)?
                }
                ("cert-authority", None) => {
                    return Err(found("option", &name, "a signer's own key: certificates are not supported"));
                }
                _ => {
                    let expected =
                        "`namespaces=\"…\"`, `valid-after=\"…\"`, `valid-before=\"…\"` or a public key";
                    return Err(found("option", rest, expected));
                }
            };
            match rest.strip_prefix(',') {
                Some(next) => rest = next,
                None if rest.is_empty() || rest.starts_with([' ', '\t']) => break,
                None => return Err(found("option", rest, "a comma, or a space and a public key")),
            }
        }
        if let (Some(from), Some(until)) = (self.valid_after, self.valid_before)
            && until <= from
        {
            return Err(found("valid-before", &until.to_string(), &format!("a moment after {from}")));
        }
        Ok(rest)
    }
}

/// The principals, which may stand in quotes, and what follows them.
fn first_field(content: &str) -> Result<(&str, &str), Fault> {
    let expected = "principals, options and a public key";
    let (field, rest) = match content.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"'),
        None => content.split_once([' ', '\t']),
    }
    .ok_or_else(|| found("line", content, expected))?;
    if field.is_empty() || field.contains('"') {
        return Err(found("principals", content, "a comma-separated list of patterns"));
    }
    Ok((field, rest.trim_start_matches([' ', '\t'])))
}

/// Whether a key comes next: its algorithm is a word that no option starts with.
fn starts_with_key(rest: &str) -> bool {
    ["ssh-", "ecdsa-", "sk-"].iter().any(|prefix| rest.starts_with(prefix))
}

/// A value in double quotes, in which `\"` stands for a quote, and what follows it.
fn dequoted(text: &str) -> Result<(String, &str), Fault> {
    let inner = text.strip_prefix('"').ok_or_else(|| found("option", text, "a value in double quotes"))?;
    let mut value = String::new();
    let mut escaped = false;
    for (at, c) in inner.char_indices() {
        match c {
            '"' if !escaped => return Ok((value, &inner[at + 1..])),
            '"' => {
                value.pop();
                value.push('"');
            }
            _ => value.push(c),
        }
        escaped = c == '\\';
    }
    Err(found("option", text, "a closing double quote"))
}

fn set<'t, T>(slot: &mut Option<T>, value: T, name: &str, after: &'t str) -> Result<&'t str, Fault> {
    if slot.replace(value).is_some() {
        return Err(found("option", &format!("{name} twice"), "each option once"));
    }
    Ok(after)
}

fn time(name: &str, value: &str) -> Result<Time, Fault> {
    value.parse::<Time>().ok().filter(|time| time.to_unix() > 0).ok_or_else(|| {
        found(name, value, "a moment in UTC as `YYYYMMDDZ`, `YYYYMMDDHHMMZ` or `YYYYMMDDHHMMSSZ`")
    })
}

pub(crate) fn found(what: &str, found: &str, expected: &str) -> Fault {
    let found = format!("`{}`", shortened(found, 60));
    Fault::Inconsistent { what: what.to_owned(), found, expected: expected.to_owned() }
}

/// The text of a file of people's making: UTF-8 with LF line ends, of tolerable size.
pub(crate) fn text_within(bytes: &[u8], limit: u64) -> Result<&str, Malformed> {
    let size = bytes.len() as u64;
    if size > limit {
        return Err(Malformed::whole(Fault::TooLarge { found: size, limit }));
    }
    if bytes.starts_with(b"\xef\xbb\xbf") {
        return Err(Malformed::whole(Fault::ByteOrderMark));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| Malformed {
        position: Position::of(bytes, error.valid_up_to()),
        fault: Fault::NotUtf8,
    })?;
    match memchr::memchr(b'\r', bytes) {
        Some(at) => Err(Malformed { position: Position::of(bytes, at), fault: Fault::CarriageReturn }),
        None => Ok(text),
    }
}
