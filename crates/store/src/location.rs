//! Where a store is: the words of a destination or source, taken apart.

use crate::error::StoreError;
use crate::wire::BlobDigest;
use std::path::PathBuf;

/// A store, and what is meant in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// The store.
    pub place: Place,
    /// The release in it, if it was named.
    pub reference: Option<Reference>,
}

/// A store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// An image layout in a folder: `oci:DIR` or `file:///DIR`.
    Folder(PathBuf),
    /// A repository of a registry: `oci://HOST[:PORT]/REPOSITORY`.
    Registry {
        /// Host, and port if one was given.
        host: String,
        /// The repository.
        repository: String,
    },
    /// An image layout in a bucket: `s3://BUCKET/PREFIX`.
    Bucket {
        /// The bucket.
        bucket: String,
        /// The keys' beginning; may be empty.
        prefix: String,
    },
    /// An image layout on a web server, to be read: `https://HOST/PATH`.
    Web(String),
}

/// A release in a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reference {
    /// By tag.
    Tag(String),
    /// By the digest of its image manifest.
    Digest(BlobDigest),
}

impl std::fmt::Display for Reference {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Tag(tag) => write!(out, ":{tag}"),
            Self::Digest(digest) => write!(out, "@{digest}"),
        }
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Folder(path) => write!(out, "oci:{}", path.display()),
            Self::Registry { host, repository } => write!(out, "oci://{host}/{repository}"),
            Self::Bucket { bucket, prefix } if prefix.is_empty() => write!(out, "s3://{bucket}"),
            Self::Bucket { bucket, prefix } => write!(out, "s3://{bucket}/{prefix}"),
            Self::Web(url) => out.write_str(url),
        }
    }
}

impl std::str::FromStr for Location {
    type Err = StoreError;

    fn from_str(word: &str) -> Result<Self, StoreError> {
        let fault = |what: &str| StoreError::Location { word: word.to_owned(), what: what.to_owned() };
        if word.chars().any(char::is_control) {
            return Err(fault("found a control character"));
        }
        let (place, reference) = if let Some(rest) = word.strip_prefix("oci://") {
            registry(rest, &fault)?
        } else if let Some(rest) = word.strip_prefix("s3://") {
            bucket(rest, &fault)?
        } else if let Some(rest) = word.strip_prefix("file://") {
            let (path, reference) = split(rest, &fault)?;
            if !path.starts_with('/') {
                return Err(fault("expected an absolute path, as in file:///srv/store"));
            }
            (Place::Folder(path.into()), reference)
        } else if let Some(rest) = word.strip_prefix("oci:") {
            let (path, reference) = split(rest, &fault)?;
            if path.is_empty() {
                return Err(fault("expected a folder, as in oci:store:1.0.0"));
            }
            (Place::Folder(path.into()), reference)
        } else if word.starts_with("https://") || word.starts_with("http://") {
            web(word, &fault)?
        } else {
            return Err(fault(
                "expected oci:DIR, oci://HOST/REPOSITORY, s3://BUCKET/PREFIX, https://HOST/PATH or file:///DIR",
            ));
        };
        Ok(Self { place, reference })
    }
}

type Parts = (Place, Option<Reference>);

fn registry(rest: &str, fault: &dyn Fn(&str) -> StoreError) -> Result<Parts, StoreError> {
    let shape = "expected HOST[:PORT]/REPOSITORY[:TAG] after oci://";
    let (host, path) = rest.split_once('/').ok_or_else(|| fault(shape))?;
    check_host(host, fault)?;
    let (repository, reference) = split(path, fault)?;
    let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let is_part = |part: &str| {
        part.bytes().all(|b| inner(b) || matches!(b, b'.' | b'_' | b'-'))
            && part.bytes().next().is_some_and(inner)
            && part.bytes().last().is_some_and(inner)
    };
    if repository.len() > 255 || !repository.split('/').all(is_part) {
        return Err(fault("a repository is of lower-case letters, digits and `. _ - /`"));
    }
    Ok((Place::Registry { host: host.to_owned(), repository: repository.to_owned() }, reference))
}

fn bucket(rest: &str, fault: &dyn Fn(&str) -> StoreError) -> Result<Parts, StoreError> {
    let (bucket, path) = rest.split_once('/').unwrap_or((rest, ""));
    let (prefix, reference) = split(path, fault)?;
    let prefix = prefix.trim_end_matches('/');
    let inner = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    if bucket.is_empty() || !bucket.bytes().all(inner) {
        return Err(fault("expected BUCKET/PREFIX[:TAG] after s3://"));
    }
    let is_part =
        |part: &str| !matches!(part, "" | "." | "..") && part.bytes().all(|b| inner(b) || b == b'+');
    if !prefix.is_empty() && !prefix.split('/').all(is_part) {
        return Err(fault("the parts of a prefix are letters, digits and `. _ + -`"));
    }
    Ok((Place::Bucket { bucket: bucket.to_owned(), prefix: prefix.to_owned() }, reference))
}

fn web(word: &str, fault: &dyn Fn(&str) -> StoreError) -> Result<Parts, StoreError> {
    let (scheme, rest) = word.split_once("://").expect("the caller saw the scheme");
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    check_host(host, fault)?;
    if path.contains(['?', '#']) {
        return Err(fault("a store is a folder of a web server, without `?` or `#`"));
    }
    let (path, reference) = split(path, fault)?;
    Ok((Place::Web(format!("{scheme}://{host}/{path}").trim_end_matches('/').to_owned()), reference))
}

fn check_host(host: &str, fault: &dyn Fn(&str) -> StoreError) -> Result<(), StoreError> {
    if host.contains('@') {
        return Err(fault("names and passwords do not belong into an address; see `openweigh push --help`"));
    }
    let inner = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b':' | b'[' | b']');
    if host.is_empty() || !host.bytes().all(inner) {
        return Err(fault("found no host"));
    }
    Ok(())
}

/// Takes the tag or digest off the end of a path.
fn split<'a>(
    text: &'a str,
    fault: &dyn Fn(&str) -> StoreError,
) -> Result<(&'a str, Option<Reference>), StoreError> {
    if let Some((path, digest)) = text.rsplit_once('@') {
        let digest = BlobDigest::try_from(digest.to_owned());
        let digest = digest.map_err(|_| fault("expected `@sha256:` and 64 lower-case hexadecimal digits"))?;
        return Ok((path, Some(Reference::Digest(digest))));
    }
    let last = text.rfind('/').map_or(0, |at| at + 1);
    let Some(colon) = text[last..].rfind(':').map(|at| last + at) else { return Ok((text, None)) };
    let tag = &text[colon + 1..];
    if !is_tag(tag) {
        return Err(fault("a tag is of at most 128 letters, digits and `. _ -`, and is no `sha256-…`"));
    }
    Ok((&text[..colon], Some(Reference::Tag(tag.to_owned()))))
}

/// Whether people may use this tag; those that list referrers are not theirs.
fn is_tag(tag: &str) -> bool {
    let inner = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    tag.len() <= 128
        && tag.bytes().all(inner)
        && tag.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric() || b == b'_')
        && !is_referrers_tag(tag)
}

/// Whether a tag lists the referrers of a manifest.
pub(crate) fn is_referrers_tag(tag: &str) -> bool {
    tag.strip_prefix("sha256-").is_some_and(|hex| hex.parse::<openweigh_formats::Digest>().is_ok())
}

/// Whether a host, with or without a port, is this machine.
#[cfg_attr(not(feature = "network"), allow(dead_code, reason = "only the network has hosts"))]
pub(crate) fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(tag: &str) -> Reference {
        Reference::Tag(tag.to_owned())
    }

    #[test]
    fn words_are_taken_apart() {
        let digest = BlobDigest::of(b"");
        let registry =
            Place::Registry { host: "[::1]:5000".to_owned(), repository: "lab/load-cell".to_owned() };
        let bucket = |prefix: &str| Place::Bucket { bucket: "b".to_owned(), prefix: prefix.to_owned() };
        for (word, place, reference) in [
            ("oci:store", Place::Folder("store".into()), None),
            ("oci:a/b:1.0.0", Place::Folder("a/b".into()), Some(tag("1.0.0"))),
            ("oci:a:b/c", Place::Folder("a:b/c".into()), None),
            ("file:///srv/store:1.0.0", Place::Folder("/srv/store".into()), Some(tag("1.0.0"))),
            ("oci://[::1]:5000/lab/load-cell:1", registry.clone(), Some(tag("1"))),
            (&format!("oci://[::1]:5000/lab/load-cell@{digest}"), registry, Some(Reference::Digest(digest))),
            ("s3://b", bucket(""), None),
            ("s3://b/a/c:1", bucket("a/c"), Some(tag("1"))),
            ("http://localhost:8000", Place::Web("http://localhost:8000".to_owned()), None),
            ("https://h/store/:1", Place::Web("https://h/store".to_owned()), Some(tag("1"))),
        ] {
            assert_eq!(word.parse::<Location>().unwrap(), Location { place, reference }, "{word}");
        }
    }

    #[test]
    fn words_that_name_no_store_are_refused() {
        for word in [
            "store",
            "oci:",
            "oci::1",
            "oci:a:",
            "oci:a:b c",
            "oci://host",
            "oci://user:word@host/a",
            "oci://host/A",
            "oci://host/../a",
            "s3://b/../c",
            "file://host/a",
            "https://host/a?b",
            "oci:a@sha256:12",
            "ftp://host/a",
            &format!("oci:a:{}", BlobDigest::of(b"").referrers_tag()),
        ] {
            assert!(matches!(word.parse::<Location>(), Err(StoreError::Location { .. })), "{word}");
        }
    }

    #[test]
    fn only_this_machine_is_loopback() {
        for yes in ["localhost", "localhost:5000", "127.0.0.1:80", "[::1]:5000", "127.1.2.3"] {
            assert!(is_loopback(yes), "{yes}");
        }
        for no in ["localhost.example.org", "127.0.0.1.example.org", "10.0.0.1", "[::2]", "example.org:5000"]
        {
            assert!(!is_loopback(no), "{no}");
        }
    }
}
