//! A certificate authority of the test's own, and what it signs.

use std::path::PathBuf;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore, ServerConfig, SupportedProtocolVersion};
use time::OffsetDateTime;

use super::Scratch;

/// An authority whose certificate is known only to those who are told.
pub struct Pki {
    authority: CertifiedIssuer<'static, KeyPair>,
}

/// A certificate and its key, as PEM.
#[derive(Debug, Clone)]
pub struct Certified {
    pub certificate: String,
    pub key: String,
}

impl std::fmt::Debug for Pki {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pki")
    }
}

impl Pki {
    pub fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("no names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "the tests' authority");
        let key = KeyPair::generate().expect("a key");
        Self { authority: CertifiedIssuer::self_signed(params, key).expect("an authority") }
    }

    pub fn ca_pem(&self) -> String {
        self.authority.pem()
    }

    /// A server's certificate for these names or addresses.
    pub fn server(&self, names: &[&str]) -> Certified {
        self.certify(names, "server", ExtendedKeyUsagePurpose::ServerAuth)
    }

    /// A server's certificate that is valid from and to these times.
    pub fn server_between(&self, names: &[&str], from: OffsetDateTime, to: OffsetDateTime) -> Certified {
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let mut params = CertificateParams::new(names).expect("valid names");
        (params.not_before, params.not_after) = (from, to);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.authority).expect("a certificate");
        Certified { certificate: certificate.pem(), key: key.serialize_pem() }
    }

    /// A client's certificate.
    pub fn client(&self, name: &str) -> Certified {
        self.certify(&[], name, ExtendedKeyUsagePurpose::ClientAuth)
    }

    fn certify(&self, names: &[&str], common: &str, usage: ExtendedKeyUsagePurpose) -> Certified {
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let mut params = CertificateParams::new(names).expect("valid names");
        params.distinguished_name.push(DnType::CommonName, common);
        params.extended_key_usages = vec![usage];
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.authority).expect("a certificate");
        Certified { certificate: certificate.pem(), key: key.serialize_pem() }
    }

    /// Writes `tls.crt` and `tls.key` for localhost, and `ca.pem`, into the scratch directory.
    pub fn install(&self, scratch: &Scratch) -> PathBuf {
        let server = self.server(&["localhost", "127.0.0.1"]);
        scratch.write("tls.crt", &server.certificate);
        scratch.write("tls.key", &server.key);
        scratch.write("ca.pem", self.ca_pem())
    }

    /// A client that trusts this authority, and shows `identity` where it is asked to.
    pub fn client_config(&self, identity: Option<&Certified>) -> ClientConfig {
        self.client_config_of(identity, rustls::ALL_VERSIONS)
    }

    /// The same, of these versions only.
    pub fn client_config_of(
        &self,
        identity: Option<&Certified>,
        versions: &[&'static SupportedProtocolVersion],
    ) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        roots.add(self.authority.der().clone()).expect("an authority");
        let builder = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_protocol_versions(versions)
            .expect("versions")
            .with_root_certificates(roots);
        match identity {
            Some(identity) => {
                let (chain, key) = identity.parse();
                builder.with_client_auth_cert(chain, key).expect("an identity")
            }
            None => builder.with_no_client_auth(),
        }
    }

    /// A server of the tests' own, for these names.
    pub fn server_config(&self, names: &[&str]) -> Arc<ServerConfig> {
        let (chain, key) = self.server(names).parse();
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .expect("a certificate");
        Arc::new(config)
    }
}

impl Certified {
    fn parse(&self) -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
        let chain = CertificateDer::from_pem_slice(self.certificate.as_bytes()).expect("a certificate");
        (vec![chain], PrivateKeyDer::from_pem_slice(self.key.as_bytes()).expect("a key"))
    }
}
