//! Layouts in buckets and on web servers.

use crate::Access;
use crate::error::StoreError;
use crate::layout::{Layout, Objects};
use crate::location::is_loopback;
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::http::HttpBuilder;
use object_store::{BackoffConfig, ClientOptions, RetryConfig};
use std::sync::Arc;
use std::time::Duration;

/// Seconds to wait for a connection.
pub(crate) const CONNECT: Duration = Duration::from_secs(20);
/// Seconds in which something must arrive.
pub(crate) const SILENCE: Duration = Duration::from_mins(1);

/// TLS with ring, whichever way the rest of the program was built.
pub(crate) fn prepare_tls() {
    // Fails if one is chosen already, and that one serves as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

fn retries() -> RetryConfig {
    RetryConfig { backoff: BackoffConfig::default(), max_retries: 3, retry_timeout: Duration::from_secs(30) }
}

fn options(plain: bool) -> ClientOptions {
    // The default limits the whole answer to 30 seconds, which a large blob needs longer than.
    ClientOptions::new()
        .with_allow_http(plain)
        .with_timeout_disabled()
        .with_connect_timeout(CONNECT)
        .with_read_timeout(SILENCE)
}

/// A layout in a bucket. Without keys it is read as anyone may, and cannot be written.
pub(crate) fn bucket(
    bucket: &str,
    prefix: &str,
    shown: String,
    access: &Access,
    write: bool,
) -> Result<Layout, StoreError> {
    prepare_tls();
    let endpoint = access.settings.iter().filter(|(key, _)| key.starts_with("AWS_ENDPOINT_URL"));
    let plain = endpoint
        .filter_map(|(_, url)| url.strip_prefix("http://"))
        .all(|rest| access.insecure || is_loopback(rest.split('/').next().unwrap_or_default()));
    let mut builder = AmazonS3Builder::new()
        .with_client_options(options(plain))
        .with_retry(retries())
        .with_bucket_name(bucket);
    let mut keys = false;
    for (key, text) in &access.settings {
        // What this crate does not know is meant for other programs.
        let Ok(known) = key.to_ascii_lowercase().parse::<AmazonS3ConfigKey>() else { continue };
        if matches!(known, AmazonS3ConfigKey::Bucket | AmazonS3ConfigKey::Client(_)) {
            continue;
        }
        keys |= matches!(
            known,
            AmazonS3ConfigKey::AccessKeyId
                | AmazonS3ConfigKey::WebIdentityTokenFile
                | AmazonS3ConfigKey::ContainerCredentialsRelativeUri
                | AmazonS3ConfigKey::ContainerCredentialsFullUri
        );
        builder = builder.with_config(known, text);
    }
    if write && !keys {
        let what = "no AWS_ACCESS_KEY_ID in the environment".to_owned();
        return Err(StoreError::Denied { location: shown, what });
    }
    let store = builder.with_skip_signature(!keys).build();
    let store = store.map_err(|error| StoreError::unreachable(&shown, &error))?;
    Ok(Layout::new(Objects::new(Arc::new(store), prefix, &shown), shown))
}

/// A layout on a web server.
pub(crate) fn web(url: &str, shown: String) -> Result<Layout, StoreError> {
    prepare_tls();
    // Plain where the words say so: what comes is believed only as far as its digests go.
    let options = options(url.starts_with("http://"));
    let store = HttpBuilder::new().with_url(url).with_client_options(options).with_retry(retries()).build();
    let store = store.map_err(|error| StoreError::unreachable(&shown, &error))?;
    Ok(Layout::new(Objects::new(Arc::new(store), "", &shown), shown))
}
