//! The certificate authorities that vouch for an issuer: the system's, or those of one file.
//!
//! The crypto provider is named here, so that a fetch needs no process-wide default. A private authority stands in
//! place of the system's, not beside them: who gives one means it.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::Verifier;

/// TLS with the certificate authorities of the system.
pub(super) fn system() -> Result<ClientConfig, TrustError> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    match Verifier::new(Arc::clone(&provider)) {
        Ok(verifier) => configuration(provider, Arc::new(verifier)),
        // An image without certificate authorities can still ask an issuer on loopback; https fails, and says so.
        Err(error) => {
            tracing::warn!(%error, "The system has no certificate authorities, so no issuer can be asked over https");
            let config =
                ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
            Ok(with_protocols(config.with_root_certificates(RootCertStore::empty()).with_no_client_auth()))
        }
    }
}

/// TLS with the certificate authorities of this PEM file alone.
pub(super) fn private(path: &Path) -> Result<ClientConfig, TrustError> {
    let unreadable = |source| TrustError::Unreadable { path: path.to_owned(), source };
    let pem = std::fs::read(path).map_err(unreadable)?;
    let malformed = || TrustError::Malformed { path: path.to_owned() };
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        roots.add(certificate.map_err(|_| malformed())?).map_err(|_| malformed())?;
    }
    if roots.is_empty() {
        return Err(malformed());
    }
    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
        .build()
        .map_err(|_| malformed())?;
    configuration(provider, verifier)
}

/// Why there are no certificate authorities to trust.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// The file could not be read.
    #[error("{} cannot be read; a PEM file of certificate authorities is needed here", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The file holds no certificate, or a broken one.
    #[error("{} holds no usable certificate; a PEM file of certificate authorities is needed here", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
    },
    /// The TLS library refused the settings.
    #[error("TLS could not be set up")]
    Tls(#[from] rustls::Error),
}

fn configuration(
    provider: Arc<CryptoProvider>,
    verifier: Arc<dyn ServerCertVerifier>,
) -> Result<ClientConfig, TrustError> {
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        // rustls' word for "not the plain root store": the platform verifier checks as strictly as its own.
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    Ok(with_protocols(config))
}

fn with_protocols(mut config: ClientConfig) -> ClientConfig {
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config
}
