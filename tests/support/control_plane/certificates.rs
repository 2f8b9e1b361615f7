//! The certificates of one control plane: its own authority, the servers' certificate, and one per user.

use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose,
};

/// A certificate and its private key, as files in PEM.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

/// The authority that the API server and etcd trust.
pub(crate) struct Authority {
    directory: PathBuf,
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    /// Makes an authority that keeps its files in `directory`.
    pub(crate) fn create(directory: PathBuf) -> Self {
        fs::create_dir_all(&directory).expect("the directory of the certificates is made");
        let mut params = CertificateParams::default();
        params
            .distinguished_name
            .push(DnType::CommonName, "kronika-tests");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let issuer =
            CertifiedIssuer::self_signed(params, key()).expect("the authority signs itself");
        write(&directory.join("ca.crt"), &issuer.pem());
        Self { directory, issuer }
    }

    /// The authority's own certificate.
    pub(crate) fn certificate(&self) -> PathBuf {
        self.directory.join("ca.crt")
    }

    /// A certificate for a server on loopback. etcd also presents it as a client, to itself.
    pub(crate) fn server(&self) -> Identity {
        let names = ["localhost", "127.0.0.1", "kubernetes.default.svc"];
        let params = CertificateParams::new(names.map(String::from)).expect("the names are valid");
        self.sign("server", params)
    }

    /// A client certificate: Kubernetes takes the common name for the user and the organisation for the group.
    pub(crate) fn client(&self, user: &str, group: Option<&str>) -> Identity {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, user);
        if let Some(group) = group {
            params
                .distinguished_name
                .push(DnType::OrganizationName, group);
        }
        self.sign(&format!("user-{user}"), params)
    }

    /// A key pair for service-account tokens. The `certificate` of the answer is the public key.
    pub(crate) fn service_accounts(&self) -> Identity {
        let pair = key();
        self.store("service-accounts", &pair.public_key_pem(), &pair)
    }

    /// The files of a certificate that was made before.
    pub(crate) fn identity(&self, name: &str) -> Identity {
        Identity {
            certificate: self.directory.join(format!("{name}.crt")),
            key: self.directory.join(format!("{name}.key")),
        }
    }

    fn sign(&self, name: &str, mut params: CertificateParams) -> Identity {
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![
            ExtendedKeyUsagePurpose::ServerAuth,
            ExtendedKeyUsagePurpose::ClientAuth,
        ];
        let pair = key();
        let certificate = params
            .signed_by(&pair, &self.issuer)
            .expect("the authority signs");
        self.store(name, &certificate.pem(), &pair)
    }

    fn store(&self, name: &str, public: &str, pair: &KeyPair) -> Identity {
        let identity = self.identity(name);
        write(&identity.certificate, public);
        write(&identity.key, &pair.serialize_pem());
        identity
    }
}

fn key() -> KeyPair {
    KeyPair::generate().expect("a key is generated")
}

fn write(path: &Path, text: &str) {
    fs::File::options()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .unwrap_or_else(|error| panic!("cannot write {}: {error}", path.display()));
}
