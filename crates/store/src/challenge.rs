//! What a registry asks for before it answers: `WWW-Authenticate` (RFC 9110) in two of its kinds.

/// A kind of authentication.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Challenge {
    /// The name and password with every request.
    Basic,
    /// A token from another server.
    Bearer {
        /// Where tokens are given out.
        realm: String,
        /// For which service.
        service: Option<String>,
    },
}

impl Challenge {
    /// Reads one header; tokens are preferred where both are offered.
    pub(crate) fn read(header: &str) -> Option<Self> {
        let lower = header.to_ascii_lowercase();
        if let Some(at) = lower.find("bearer ") {
            let parameters = parameters(&header[at + "bearer ".len()..]);
            let find = |name: &str| {
                let found = parameters.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
                found.map(|(_, value)| value.clone())
            };
            return find("realm").map(|realm| Self::Bearer { realm, service: find("service") });
        }
        lower.contains("basic").then_some(Self::Basic)
    }
}

/// `key="value"` pairs, as far as they go.
fn parameters(text: &str) -> Vec<(String, String)> {
    let (mut rest, mut found) = (text, Vec::new());
    while let Some((key, after)) = rest.split_once('=') {
        let key = key.trim_matches([' ', ',']).to_owned();
        let (value, next) = match after.strip_prefix('"') {
            Some(quoted) => match quoted.split_once('"') {
                Some((value, next)) => (value, next),
                None => return found,
            },
            None => after.split_once(',').unwrap_or((after, "")),
        };
        found.push((key, value.trim().to_owned()));
        rest = next;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_of_registries() {
        let header = r#"Bearer realm="https://auth.example.org/token",service="registry",scope="repository:a/b:pull,push""#;
        let bearer = Challenge::Bearer {
            realm: "https://auth.example.org/token".to_owned(),
            service: Some("registry".to_owned()),
        };
        assert_eq!(Challenge::read(header), Some(bearer));
        let bare = Challenge::Bearer { realm: "https://a".to_owned(), service: None };
        assert_eq!(Challenge::read("bearer realm=https://a"), Some(bare));
        assert_eq!(Challenge::read(r#"Basic realm="here""#), Some(Challenge::Basic));
        assert_eq!(Challenge::read("Bearer service=\"x\""), None);
        assert_eq!(Challenge::read("Negotiate"), None);
        assert_eq!(Challenge::read(r#"Bearer realm="unclosed"#), None);
    }
}
