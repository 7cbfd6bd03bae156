//! A registry that speaks the OCI distribution protocol (1.0, and 1.1 for referrers) over HTTP.

use crate::Access;
use crate::access::Login;
use crate::blob::{Blob, Blocks, Meter, checked};
use crate::challenge::Challenge;
use crate::cloud::{CONNECT, SILENCE, prepare_tls};
use crate::error::{Fault, StoreError};
use crate::limits;
use crate::location::{Place, is_loopback, is_referrers_tag};
use crate::wire::{self, BlobDigest, Descriptor, IMAGE_INDEX, IMAGE_MANIFEST};
use bytes::Bytes;
use futures_util::TryStreamExt;
use openweigh_formats::malformed::shortened;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, LOCATION, RANGE};
use reqwest::header::{HeaderValue, WWW_AUTHENTICATE};
use reqwest::{Body, Client, Method, RequestBuilder, Response, StatusCode, Url};
use serde::Deserialize;
use std::sync::Mutex;

/// A repository of a registry.
#[derive(Debug)]
pub(crate) struct Registry {
    client: Client,
    /// `https://HOST/v2/REPOSITORY`
    base: Url,
    shown: String,
    repository: String,
    login: Option<Login>,
    token_host: Option<String>,
    write: bool,
    authorization: Mutex<Option<HeaderValue>>,
}

#[derive(Deserialize)]
struct Token {
    #[serde(alias = "access_token")]
    token: String,
}

#[derive(Deserialize)]
struct Tags {
    #[serde(default)]
    tags: Option<Vec<String>>,
}

impl Registry {
    pub(crate) fn new(
        host: &str,
        repository: &str,
        access: &Access,
        write: bool,
    ) -> Result<Self, StoreError> {
        prepare_tls();
        let shown = Place::Registry { host: host.to_owned(), repository: repository.to_owned() }.to_string();
        let plain = access.insecure || is_loopback(host);
        let client = Client::builder()
            .user_agent(concat!("openweigh/", env!("CARGO_PKG_VERSION")))
            // Neither a redirection nor a place for tokens leads from TLS to plain HTTP.
            .https_only(!plain)
            .connect_timeout(CONNECT)
            .read_timeout(SILENCE);
        // A proxy cannot reach this machine.
        let client = if is_loopback(host) { client.no_proxy() } else { client };
        let client = client.build().map_err(|error| StoreError::unreachable(&shown, &error))?;
        let scheme = if plain { "http" } else { "https" };
        let base = Url::parse(&format!("{scheme}://{host}/v2/{repository}/"))
            .map_err(|error| StoreError::Location { word: shown.clone(), what: error.to_string() })?;
        Ok(Self {
            client,
            base,
            shown,
            repository: repository.to_owned(),
            login: access.login.clone(),
            token_host: access.token_host.clone(),
            write,
            authorization: Mutex::new(None),
        })
    }

    fn url(&self, rest: &str) -> Url {
        self.base.join(rest).expect("digests, tags and our own words join")
    }

    fn unreachable(&self, error: &reqwest::Error) -> StoreError {
        StoreError::unreachable(&self.shown, error)
    }

    /// Sends what `make` makes; if the registry asks who that was, tells it and sends again.
    async fn send(
        &self,
        make: &dyn Fn(&Client) -> Result<RequestBuilder, StoreError>,
    ) -> Result<Response, StoreError> {
        for is_first in [true, false] {
            let request = make(&self.client)?.build().map_err(|error| self.unreachable(&error))?;
            // A place for uploads on another machine has its own ways; our password is not for it.
            let ours = request.url().origin() == self.base.origin();
            let known = self.authorization.lock().ok().and_then(|known| known.clone()).filter(|_| ours);
            let mut request = request;
            if let Some(known) = known {
                request.headers_mut().insert(AUTHORIZATION, known);
            }
            let answer = self.client.execute(request).await.map_err(|error| self.unreachable(&error))?;
            if answer.status() == StatusCode::UNAUTHORIZED && ours && is_first {
                let asked = answer.headers().get(WWW_AUTHENTICATE).and_then(|text| text.to_str().ok());
                if let Some(challenge) = asked.and_then(Challenge::read) {
                    self.authorize(&challenge).await?;
                    continue;
                }
            }
            return Ok(answer);
        }
        unreachable!("the second answer is returned, whatever it is")
    }

    async fn authorize(&self, challenge: &Challenge) -> Result<(), StoreError> {
        let denied = |what: &str| StoreError::Denied { location: self.shown.clone(), what: what.to_owned() };
        let value = match challenge {
            Challenge::Basic => {
                let login = self.login.as_ref().ok_or_else(|| denied("it asks for a name and password"))?;
                let probe = self.client.get(self.base.clone()).basic_auth(&login.user, Some(&login.password));
                let probe = probe.build().map_err(|error| self.unreachable(&error))?;
                probe.headers().get(AUTHORIZATION).cloned().ok_or_else(|| denied("no header was made"))?
            }
            Challenge::Bearer { realm, service } => {
                let mut url = Url::parse(realm).map_err(|_| denied("it names no place for tokens"))?;
                let actions = if self.write { "pull,push" } else { "pull" };
                let scope = format!("repository:{}:{actions}", self.repository);
                url.query_pairs_mut()
                    .extend_pairs(service.iter().map(|service| ("service", service)))
                    .append_pair("scope", &scope);
                let host = authority(&url);
                let known = host == authority(&self.base) || self.token_host.as_ref() == Some(&host);
                let mut request = self.client.get(url);
                if let Some(login) = &self.login {
                    // A registry that anybody runs must not learn what was set for another, nor hand it on.
                    if !known {
                        let location = self.shown.clone();
                        return Err(StoreError::TokenHost { location, host: shortened(&host, 200) });
                    }
                    request = request.basic_auth(&login.user, Some(&login.password));
                }
                let answer = request.send().await.map_err(|error| self.unreachable(&error))?;
                if !answer.status().is_success() {
                    return Err(denied(&format!("no token was given: {}", answer.status())));
                }
                let bytes = self.whole(answer, limits::COMPANION_BYTES).await?;
                let token: Token = wire::read(&bytes).map_err(|_| denied("its token cannot be read"))?;
                let value = HeaderValue::from_str(&format!("Bearer {}", token.token));
                value.map_err(|_| denied("its token cannot be sent"))?
            }
        };
        let mut value = value;
        value.set_sensitive(true);
        *self.authorization.lock().map_err(|_| denied("another request failed"))? = Some(value);
        Ok(())
    }

    /// The answer, if it is one of success; none if there is no such thing.
    async fn expect(&self, answer: Response) -> Result<Option<Response>, StoreError> {
        let (status, path) = (answer.status(), answer.url().path().to_owned());
        if status.is_success() {
            return Ok(Some(answer));
        }
        if status == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        let said = self.whole(answer, limits::BLOCK as u64).await.unwrap_or_default();
        let said = shortened(String::from_utf8_lossy(&said).trim(), 200);
        let what = format!("{status} for {path} {said}").trim_end().to_owned();
        let location = self.shown.clone();
        Err(match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => StoreError::Denied { location, what },
            _ => StoreError::Unreachable { location, what },
        })
    }

    async fn found(&self, answer: Response) -> Result<Response, StoreError> {
        let path = answer.url().path().to_owned();
        let absent = || StoreError::Absent { location: self.shown.clone(), what: path };
        self.expect(answer).await?.ok_or_else(absent)
    }

    async fn whole(&self, mut answer: Response, limit: u64) -> Result<Bytes, StoreError> {
        let mut bytes = Vec::new();
        while let Some(block) = answer.chunk().await.map_err(|error| self.unreachable(&error))? {
            bytes.extend_from_slice(&block);
            if bytes.len() as u64 > limit {
                let fault = Fault::TooMany { what: "bytes", found: bytes.len() as u64, limit };
                return Err(StoreError::Refused { place: answer.url().to_string(), fault });
            }
        }
        Ok(bytes.into())
    }

    pub(crate) async fn tags(&self) -> Result<Vec<String>, StoreError> {
        let answer = self.send(&|client| Ok(client.get(self.url("tags/list")))).await?;
        let Some(answer) = self.expect(answer).await? else { return Ok(Vec::new()) };
        let place = answer.url().to_string();
        let bytes = self.whole(answer, limits::INDEX_BYTES).await?;
        let tags: Tags = wire::read(&bytes).map_err(StoreError::refused(place))?;
        Ok(tags.tags.unwrap_or_default().into_iter().filter(|tag| !is_referrers_tag(tag)).collect())
    }

    /// The document that a tag or digest means.
    pub(crate) async fn document(&self, reference: &str) -> Result<Option<(BlobDigest, Bytes)>, StoreError> {
        let url = self.url(&format!("manifests/{reference}"));
        let accepted = format!("{IMAGE_MANIFEST}, {IMAGE_INDEX}");
        let answer = self.send(&|client| Ok(client.get(url.clone()).header(ACCEPT, &accepted))).await?;
        let Some(answer) = self.expect(answer).await? else { return Ok(None) };
        let bytes = self.whole(answer, limits::MANIFEST_BYTES).await?;
        Ok(Some((BlobDigest::of(&bytes), bytes)))
    }

    /// A document by its digest, which its bytes must have.
    pub(crate) async fn document_by(&self, digest: &BlobDigest) -> Result<Bytes, StoreError> {
        let found = self.document(&digest.to_string()).await?;
        let absent = || StoreError::Absent { location: self.shown.clone(), what: digest.to_string() };
        let (_, bytes) = found.ok_or_else(absent)?;
        let promised = Descriptor::new("", digest.clone(), bytes.len() as u64);
        checked(&format!("{}@{digest}", self.shown), &promised, bytes)
    }

    pub(crate) async fn has(&self, blob: &Descriptor) -> Result<bool, StoreError> {
        let url = self.url(&format!("blobs/{}", blob.digest));
        let answer = self.send(&|client| Ok(client.request(Method::HEAD, url.clone()))).await?;
        self.expect(answer).await.map(|found| found.is_some())
    }

    /// A blob from some byte on, and the byte it truly begins at: not every registry knows ranges.
    pub(crate) async fn blob(&self, blob: &Descriptor, from: u64) -> Result<(u64, Blocks), StoreError> {
        let url = self.url(&format!("blobs/{}", blob.digest));
        let get = |from: u64| {
            let url = url.clone();
            move |client: &Client| {
                let request = client.get(url.clone());
                Ok(if from > 0 { request.header(RANGE, format!("bytes={from}-")) } else { request })
            }
        };
        let mut answer = self.send(&get(from)).await?;
        let refused = answer.status() == StatusCode::RANGE_NOT_SATISFIABLE;
        let elsewhere = answer.status() == StatusCode::PARTIAL_CONTENT && begins_at(&answer) != Some(from);
        if refused || elsewhere {
            answer = self.send(&get(0)).await?;
        }
        let answer = self.found(answer).await?;
        let begins = if answer.status() == StatusCode::PARTIAL_CONTENT { from } else { 0 };
        let shown = self.shown.clone();
        let blocks = answer.bytes_stream().map_err(move |error| StoreError::unreachable(&shown, &error));
        Ok((begins, Box::pin(blocks)))
    }

    /// Sends a blob in one piece; the registry holds it against its digest as well.
    pub(crate) async fn put_blob(&self, blob: &Blob, meter: &Meter) -> Result<(), StoreError> {
        let start = self.url("blobs/uploads/");
        let begun = |client: &Client| Ok(client.post(start.clone()).header(CONTENT_LENGTH, 0));
        let begun = self.found(self.send(&begun).await?).await?;
        let place = begun.headers().get(LOCATION).and_then(|text| text.to_str().ok());
        let place = place.and_then(|text| begun.url().join(text).ok());
        let mut place = place.ok_or_else(|| StoreError::Unreachable {
            location: self.shown.clone(),
            what: "it named no place to upload to".to_owned(),
        })?;
        place.query_pairs_mut().append_pair("digest", &blob.descriptor.digest.to_string());
        let put = |client: &Client| {
            let body = Body::wrap_stream(blob.blocks(meter)?);
            let request = client.put(place.clone()).header(CONTENT_LENGTH, blob.descriptor.size);
            Ok(request.header(CONTENT_TYPE, "application/octet-stream").body(body))
        };
        let answer = self.send(&put).await?;
        self.found(answer).await.map(|_| ())
    }

    /// Sends a document under a tag or its digest; says whether the registry understood that it
    /// refers to another.
    pub(crate) async fn put_document(&self, document: &Blob, reference: &str) -> Result<bool, StoreError> {
        let url = self.url(&format!("manifests/{reference}"));
        let put = |client: &Client| {
            let body = Body::wrap_stream(document.blocks(&Meter::default())?);
            let request = client.put(url.clone()).header(CONTENT_LENGTH, document.descriptor.size);
            Ok(request.header(CONTENT_TYPE, &document.descriptor.media_type).body(body))
        };
        let answer = self.send(&put).await?;
        self.found(answer).await.map(|answer| answer.headers().contains_key("oci-subject"))
    }

    /// The list of those that refer to a manifest, where the registry keeps one.
    pub(crate) async fn referrers(&self, subject: &BlobDigest) -> Result<Option<Bytes>, StoreError> {
        let url = self.url(&format!("referrers/{subject}"));
        let answer = self.send(&|client| Ok(client.get(url.clone()).header(ACCEPT, IMAGE_INDEX))).await?;
        if answer.status() == StatusCode::METHOD_NOT_ALLOWED {
            return Ok(None);
        }
        match self.expect(answer).await? {
            Some(answer) => self.whole(answer, limits::INDEX_BYTES).await.map(Some),
            None => Ok(None),
        }
    }
}

/// The host of an address, with its port if it is not the usual one.
fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// The first byte of a partial answer, from `Content-Range: bytes 5-9/10`.
fn begins_at(answer: &Response) -> Option<u64> {
    let text = answer.headers().get(CONTENT_RANGE)?.to_str().ok()?;
    text.strip_prefix("bytes ")?.split('-').next()?.parse().ok()
}
