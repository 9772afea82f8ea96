//! A certificate authority of a scenario's own, and the files that it hands out.

use std::fs;
use std::path::{Path, PathBuf};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};

/// A certificate authority.
pub struct Authority {
    folder: PathBuf,
    issuer: Issuer<'static, KeyPair>,
    certificate: PathBuf,
}

/// A certificate with its key, in PEM files.
#[derive(Clone, Debug)]
pub struct Issued {
    /// The certificate.
    pub certificate: PathBuf,
    /// Its key.
    pub key: PathBuf,
}

impl Authority {
    /// A new one, whose files lie in a folder of this name.
    ///
    /// # Panics
    /// When its files cannot be written.
    #[must_use]
    pub fn new(folder: &Path, name: &str) -> Self {
        let folder = folder.join(name);
        fs::create_dir_all(&folder).expect("a folder for the authority");
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().expect("a key for the authority");
        let own = params.self_signed(&key).expect("a certificate for the authority");
        let certificate = folder.join("ca.pem");
        fs::write(&certificate, own.pem()).expect("the authority's certificate");
        Self { folder, issuer: Issuer::new(params, key), certificate }
    }

    /// The file with its certificate.
    #[must_use]
    pub fn certificate(&self) -> &Path {
        &self.certificate
    }

    /// A certificate for a name, with its key.
    ///
    /// # Panics
    /// When the files cannot be written.
    #[must_use]
    pub fn issues(&self, name: &str) -> Issued {
        let mut params = CertificateParams::new([name.to_owned()]).expect("a name for a certificate");
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        let file = |kind: &str, text: String| {
            let path = self.folder.join(format!("{name}.{kind}.pem"));
            fs::write(&path, text).expect("a certificate's file");
            path
        };
        Issued { certificate: file("certificate", certificate.pem()), key: file("key", key.serialize_pem()) }
    }
}
