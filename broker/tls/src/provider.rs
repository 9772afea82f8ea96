//! The process's cryptography.

use std::sync::{Arc, OnceLock};

use rustls::crypto::{CryptoProvider, aws_lc_rs};

/// The aws-lc-rs provider, made once. The first call installs it as the process's default too, so that libraries which ask
/// for the default get the same one.
#[must_use]
pub fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: OnceLock<Arc<CryptoProvider>> = OnceLock::new();
    let made = PROVIDER.get_or_init(|| {
        let made = aws_lc_rs::default_provider();
        if made.clone().install_default().is_err() {
            tracing::debug!("the process has a default cryptography provider already");
        }
        Arc::new(made)
    });
    Arc::clone(made)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_provider_is_made_once_and_is_the_processs_default() {
        assert!(Arc::ptr_eq(&provider(), &provider()));
        assert!(CryptoProvider::get_default().is_some());
    }
}
