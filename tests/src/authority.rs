//! A certificate authority of a scenario's own, and the files that it hands out.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};

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
        self.signs(name, CertificateParams::new([name.to_owned()]).expect("a name for a certificate"))
    }

    /// The same, valid until so many days from now; each has its own files.
    ///
    /// # Panics
    /// When the files cannot be written.
    #[must_use]
    pub fn issues_for(&self, name: &str, days: i64) -> Issued {
        let mut params = CertificateParams::new([name.to_owned()]).expect("a name for a certificate");
        let now = Timestamp::now().as_second().unsigned_abs();
        let until = now.saturating_add_signed(days * 86_400);
        let epoch = date_time_ymd(1970, 1, 1);
        params.not_before = epoch + Duration::from_secs(now.min(until) - 86_400);
        params.not_after = epoch + Duration::from_secs(until);
        let folder = self.folder.join(format!("{name}-{days}"));
        fs::create_dir_all(&folder).expect("a folder for the certificate");
        let issued = self.signs(name, params);
        let moved = |from: &Path| {
            let to = folder.join(from.file_name().expect("a file"));
            fs::rename(from, &to).expect("a certificate's file");
            to
        };
        Issued { certificate: moved(&issued.certificate), key: moved(&issued.key) }
    }

    fn signs(&self, name: &str, mut params: CertificateParams) -> Issued {
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
