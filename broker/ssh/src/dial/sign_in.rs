//! Signing in to a target with its sealed credential, after it is known: a key, a password that answers one kind of prompt
//! only, or a certificate of the gate's user CA.

use std::collections::BTreeSet;
use std::sync::Arc;

use chaperone_policy::LegacyAlgorithm;
use chaperone_session::{Credential, DialError, Mandate, Ticket};
use russh::client::{AuthResult, Handle, KeyboardInteractiveAuthResponse as Said, Prompt};
use russh::keys::{HashAlg, PrivateKey, PrivateKeyWithHashAlg};
use russh::{MethodKind, MethodSet};

use super::check::HostKeyCheck;
use super::{certificate, within};

/// Prompts that the password answers in one sign-in: more is a conversation that only a person can have.
const MOST_ANSWERS: usize = 2;
/// Rounds of prompts, empty ones among them (RFC 4256 §3.2).
const MOST_ROUNDS: usize = 6;

/// How the word for a password stands in a prompt. It is looked for in small letters.
const PASSWORD_WORDS: [&str; 12] = [
    "password",
    "passwd",
    "passphrase",
    "passwort",
    "kennwort",
    "mot de passe",
    "contrase",
    "senha",
    "wachtwoord",
    "lösenord",
    "adgangskode",
    "salasana",
];
/// A password that is to be chosen, or said again, is not the one that is sealed.
const OTHER_WORDS: [&str; 12] = [
    "new ", "retype", "again", "repeat", "confirm", "one-time", "one time", "otp", "token", "code", "neues",
    "nouveau",
];

/// Signs in; spends the ticket. Returns the fingerprint of the authority that the target trusts, where it was that.
pub(super) async fn sign_in(
    handle: &mut Handle<HostKeyCheck>,
    ticket: Ticket,
    legacy: &BTreeSet<LegacyAlgorithm>,
) -> Result<Option<String>, DialError> {
    let account = ticket.account().as_str().to_owned();
    let mandate = ticket.mandate().cloned();
    let answer = match ticket.into_credential() {
        Credential::Password(password) => {
            return with_password(handle, &account, password.expose()).await.map(|()| None);
        }
        Credential::SshKey(pem) => {
            let key = PrivateKey::from_openssh(pem.expose()).map_err(|_| DialError::Credential)?;
            let hash = signature_hash(handle, &key, legacy).await?;
            within(handle.authenticate_publickey(account, PrivateKeyWithHashAlg::new(Arc::new(key), hash)))
                .await?
        }
        Credential::UserCa => {
            let mandate = mandate.ok_or(DialError::NoCredential)?;
            return with_certificate(handle, &account, &mandate).await.map(Some);
        }
    };
    accepted(answer).map(|()| None)
}

/// A certificate of the first authority that the target trusts. While one is replaced there are two, and each is tried.
async fn with_certificate(
    handle: &mut Handle<HostKeyCheck>,
    account: &str,
    mandate: &Mandate,
) -> Result<String, DialError> {
    for authority in &mandate.authorities {
        let (key, certificate) = certificate::mint(mandate, authority).map_err(|error| {
            tracing::error!(%error, "a certificate could not be minted");
            DialError::NoCredential
        })?;
        let signer = certificate.signature_key().fingerprint(HashAlg::Sha256).to_string();
        let answer = within(handle.authenticate_openssh_cert(account, Arc::new(key), certificate)).await?;
        match accepted(answer) {
            Err(DialError::Credential) => {}
            answer => return answer.map(|()| signer),
        }
    }
    Err(DialError::Credential)
}

/// Which digest an RSA key signs over: SHA-512; on a server that may have nothing better, what it says that it takes.
async fn signature_hash(
    handle: &Handle<HostKeyCheck>,
    key: &PrivateKey,
    legacy: &BTreeSet<LegacyAlgorithm>,
) -> Result<Option<HashAlg>, DialError> {
    if !key.algorithm().is_rsa() {
        return Ok(None);
    }
    if !legacy.contains(&LegacyAlgorithm::SshRsa) {
        return Ok(Some(HashAlg::Sha512));
    }
    let best = within(handle.best_supported_rsa_hash()).await?;
    Ok(best.map_err(|error| DialError::Protocol(error.to_string()))?.flatten())
}

/// A password, in the way that the target asks for it; it is tried once.
async fn with_password(
    handle: &mut Handle<HostKeyCheck>,
    account: &str,
    password: &str,
) -> Result<(), DialError> {
    let methods: MethodSet = match within(handle.authenticate_none(account)).await? {
        Ok(AuthResult::Failure { remaining_methods, .. }) => remaining_methods,
        other => return accepted(other),
    };
    if methods.contains(&MethodKind::Password) {
        return accepted(within(handle.authenticate_password(account, password)).await?);
    }
    if !methods.contains(&MethodKind::KeyboardInteractive) {
        return Err(DialError::Credential);
    }
    let mut said = within(handle.authenticate_keyboard_interactive_start(account, None::<String>)).await?;
    let mut answered = 0;
    for _ in 0..MOST_ROUNDS {
        let prompts = match said.map_err(|error| DialError::Protocol(error.to_string()))? {
            Said::Success => return Ok(()),
            Said::Failure { .. } => return Err(DialError::Credential),
            Said::InfoRequest { prompts, .. } => prompts,
        };
        answered += prompts.len();
        if answered > MOST_ANSWERS {
            return Err(DialError::Prompt("it asked more often than once or twice"));
        }
        if !prompts.iter().all(asks_for_the_password) {
            return Err(DialError::Prompt("a prompt was not a hidden one for a password"));
        }
        let answers = prompts.iter().map(|_| password.to_owned()).collect();
        said = within(handle.authenticate_keyboard_interactive_respond(answers)).await?;
    }
    Err(DialError::Prompt("it went on without an end"))
}

/// Whether a prompt is for the password, and hidden: what is shown while it is typed is no secret, and may be logged.
fn asks_for_the_password(prompt: &Prompt) -> bool {
    let text = prompt.prompt.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
    !prompt.echo && has(&PASSWORD_WORDS) && !has(&OTHER_WORDS)
}

fn accepted(answer: Result<AuthResult, russh::Error>) -> Result<(), DialError> {
    match answer {
        Ok(answer) if answer.success() => Ok(()),
        Ok(_) => Err(DialError::Credential),
        Err(error) => Err(DialError::Protocol(error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asks(prompt: &str, echo: bool) -> bool {
        asks_for_the_password(&Prompt { prompt: prompt.to_owned(), echo })
    }

    #[test]
    fn the_password_answers_a_hidden_prompt_for_it_and_no_other() {
        for prompt in [
            "Password: ",
            "(svc@alaris-sm-01) Password:",
            "Passwort: ",
            "Mot de passe\u{a0}:",
            "LDAP PASSWORD",
        ] {
            assert!(asks(prompt, false), "{prompt:?}");
            assert!(!asks(prompt, true), "{prompt:?}, and anybody could read the answer");
        }
        for prompt in [
            "",
            "login:",
            "Verification code: ",
            "One-time password (OATH) for svc: ",
            "New password: ",
            "Retype new password:",
            "Enter password again:",
            "Type the password of another server's administrator token",
            "\u{1b}[2J",
        ] {
            assert!(!asks(prompt, false), "{prompt:?}");
        }
    }
}
