//! The TLS side of a listener: a certificate that can be replaced while it serves.
//!
//! Given the paths of a certificate chain, its key and, for mutual TLS, the authorities of clients, it makes the
//! configuration of every handshake. It refuses files that do not belong together, at start with an error that names
//! the file, later by keeping what it has. The files are read in one pass and compared by content: a Kubernetes
//! volume is swapped by renaming a symlink, which leaves no trace in the file's own metadata.
//!
//! A replaced file makes a whole new configuration, with new ticket keys: no session of the old one is resumed, so
//! that clients of a withdrawn authority have to show a certificate of a present one.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{RootCertStore, ServerConfig};

/// What a listener needs for handshakes. Clones share one configuration and see it replaced together.
#[derive(Clone)]
pub struct ServerTls(Arc<Shared>);

impl ServerTls {
    /// Reads the files and puts them together.
    pub fn load(certificate: &Path, key: &Path, client_ca: Option<&Path>) -> Result<Self, TlsError> {
        let paths = Paths {
            certificate: certificate.to_owned(),
            key: key.to_owned(),
            client_ca: client_ca.map(Path::to_owned),
        };
        let files = paths.read()?;
        let config = paths.config(&files)?;
        Ok(Self(Arc::new(Shared {
            paths,
            seen: Mutex::new(Seen { files: Ok(files), are_used: true }),
            current: RwLock::new(Arc::new(config)),
        })))
    }

    /// The same one, if it is made from these paths and what is in the files is what it uses: nothing is parsed then.
    #[must_use]
    pub fn unchanged(&self, certificate: &Path, key: &Path, client_ca: Option<&Path>) -> Option<Self> {
        let Shared { paths, seen, .. } = &*self.0;
        let is_of = *paths.certificate == *certificate
            && *paths.key == *key
            && paths.client_ca.as_deref() == client_ca;
        let files = if is_of { paths.read().ok() } else { None }?;
        let seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        (seen.are_used && seen.files.as_ref() == Ok(&files)).then(|| self.clone())
    }

    /// Reads the authorities of clients alone, for whoever reports all mistakes at once.
    pub fn check_client_ca(path: &Path) -> Result<(), TlsError> {
        authorities(path, &read(path)?).map(|_| ())
    }

    /// Reads the files again and, if they have changed and belong together, uses them for every handshake from now
    /// on. Otherwise nothing changes. Logs either outcome once for each change. Blocks on the file system.
    ///
    /// Returns whether the configuration was replaced.
    pub fn reload(&self) -> bool {
        let Shared { paths, seen, current } = &*self.0;
        let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        let files = match paths.read() {
            Ok(files) => files,
            Err(error) => {
                let text = error.to_string();
                if seen.files.as_ref().err() != Some(&text) {
                    tracing::warn!(%error, "Cannot read the TLS files again, keeping the certificate in use");
                    *seen = Seen { files: Err(text), are_used: false };
                }
                return false;
            }
        };
        if seen.files.as_ref() == Ok(&files) {
            return false;
        }
        let config = paths.config(&files);
        *seen = Seen { files: Ok(files), are_used: config.is_ok() };
        match config {
            Ok(config) => {
                *current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(config);
                tracing::info!(certificate = %paths.certificate.display(), "Replaced the TLS certificate");
                true
            }
            Err(error) => {
                tracing::warn!(%error, "The TLS files changed and do not fit, keeping the certificate in use");
                false
            }
        }
    }

    /// The configuration for the next handshake.
    pub(super) fn current(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.0.current.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl PartialEq for ServerTls {
    /// Equal when made from the same files; what is in them is replaced without anybody's doing.
    fn eq(&self, other: &Self) -> bool {
        self.0.paths == other.0.paths
    }
}

impl fmt::Debug for ServerTls {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("ServerTls").field(&self.0.paths).finish()
    }
}

/// Why a certificate cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file is not what its place asks for.
    #[error("{}: {problem}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong; what would be right.
        problem: &'static str,
    },
    /// The key is of another certificate.
    #[error("the key in {} does not match the certificate in {}", key.display(), certificate.display())]
    Mismatch {
        /// The file of the key.
        key: PathBuf,
        /// The file of the certificate.
        certificate: PathBuf,
    },
    /// The TLS library refuses what is in a file.
    #[error("{} cannot be used", path.display())]
    Refused {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

struct Shared {
    paths: Paths,
    seen: Mutex<Seen>,
    current: RwLock<Arc<ServerConfig>>,
}

/// What the last pass over the files found.
struct Seen {
    /// An error as its text.
    files: Result<Files, String>,
    /// Whether the current configuration is made from it.
    are_used: bool,
}

#[derive(Debug, PartialEq)]
struct Paths {
    certificate: PathBuf,
    key: PathBuf,
    client_ca: Option<PathBuf>,
}

#[derive(PartialEq)]
struct Files {
    certificate: Vec<u8>,
    key: zeroize::Zeroizing<Vec<u8>>,
    client_ca: Option<Vec<u8>>,
}

impl Paths {
    fn read(&self) -> Result<Files, TlsError> {
        Ok(Files {
            certificate: read(&self.certificate)?,
            key: read(&self.key)?.into(),
            client_ca: self.client_ca.as_deref().map(read).transpose()?,
        })
    }

    fn config(&self, files: &Files) -> Result<ServerConfig, TlsError> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let refused = |source: rustls::Error| refused(&self.certificate, source);
        let certified = self.certified(files, &provider)?;
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(refused)?;
        let builder = match (&self.client_ca, &files.client_ca) {
            (Some(path), Some(content)) => {
                let roots = Arc::new(authorities(path, content)?);
                let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider);
                builder.with_client_cert_verifier(
                    verifier
                        .build()
                        .map_err(|source| TlsError::Refused { path: path.clone(), source: source.into() })?,
                )
            }
            _ => builder.with_no_client_auth(),
        };
        let mut config = builder.with_cert_resolver(Arc::new(SingleCertAndKey::from(certified)));
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        // Tickets cost no memory for each client, unlike the session cache they are used instead of.
        config.ticketer = aws_lc_rs::Ticketer::new().map_err(refused)?;
        Ok(config)
    }

    fn certified(&self, files: &Files, provider: &CryptoProvider) -> Result<CertifiedKey, TlsError> {
        let chain = certificates(&self.certificate, &files.certificate)?;
        if chain.is_empty() {
            return Err(content(&self.certificate, "no certificate in it; expected a PEM chain"));
        }
        let key = PrivateKeyDer::from_pem_slice(&files.key).map_err(|error| {
            // The parser's own message may quote a line of the file.
            let nothing = matches!(error, pem::Error::NoItemsFound);
            let encrypted = files.key.windows(ENCRYPTED.len()).any(|window| window == ENCRYPTED);
            let problem = match (nothing, encrypted) {
                (true, true) => "the private key in it is encrypted; give it without a passphrase",
                (true, false) => "no private key in it; expected one in PEM",
                (false, _) => "not valid PEM; expected a private key",
            };
            content(&self.key, problem)
        })?;
        let key = provider.key_provider.load_private_key(key).map_err(|_| {
            // The older form names its cipher in a header between the lines that frame the key (RFC 1421 §4.6.1.1).
            let encrypted = files.key.windows(PROC_TYPE.len()).any(|window| window == PROC_TYPE);
            let problem = if encrypted {
                "the private key in it is encrypted; give it without a passphrase"
            } else {
                "the private key is not of a supported kind; expected RSA, ECDSA or Ed25519"
            };
            content(&self.key, problem)
        })?;
        let certified = CertifiedKey::new(chain, key);
        match certified.keys_match() {
            // Unknown only where the key cannot show its public half, which those of aws-lc-rs can.
            Ok(()) | Err(rustls::Error::InconsistentKeys(rustls::InconsistentKeys::Unknown)) => Ok(certified),
            Err(rustls::Error::InconsistentKeys(_)) => {
                Err(TlsError::Mismatch { key: self.key.clone(), certificate: self.certificate.clone() })
            }
            Err(_) => Err(content(
                &self.certificate,
                "the first certificate in it cannot be parsed; expected X.509 version 3",
            )),
        }
    }
}

const ENCRYPTED: &[u8] = b"ENCRYPTED";
const PROC_TYPE: &[u8] = b"4,ENCRYPTED";

fn authorities(path: &Path, pem: &[u8]) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(path, pem)? {
        roots.add(certificate).map_err(|source| refused(path, source))?;
    }
    if roots.is_empty() {
        return Err(content(path, "no certificate in it; expected the PEM of one or more authorities"));
    }
    Ok(roots)
}

fn certificates(path: &Path, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    CertificateDer::pem_slice_iter(pem)
        .collect::<Result<_, _>>()
        .map_err(|_| content(path, "not valid PEM; expected certificates"))
}

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    std::fs::read(path).map_err(|source| TlsError::Read { path: path.to_owned(), source })
}

fn content(path: &Path, problem: &'static str) -> TlsError {
    TlsError::Content { path: path.to_owned(), problem }
}

fn refused(path: &Path, source: rustls::Error) -> TlsError {
    TlsError::Refused { path: path.to_owned(), source: source.into() }
}
