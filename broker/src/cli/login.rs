//! Signs in with password and second factor, or takes a token, and keeps it per server in one file that only its owner
//! may read.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::PathBuf;

use chaperone_web::wire::{Me, SignIn};
use clap::Args;
use serde::{Deserialize, Serialize};

use super::client::{Client, Credential};
use super::hidden::secret_line;
use super::outcome::{Failure, say, say_json};
use crate::private_file;

/// Longer than any token.
pub(super) const MAX_TOKEN_BYTES: u64 = 16 << 10;

#[derive(Debug, Args)]
pub(crate) struct Login {
    /// The gate's web address
    #[arg(long, value_name = "URL", env = "CHAPERONE_SERVER")]
    server: String,
    /// Sign in as this person: password, then code, are asked for, or read as two lines from standard input
    #[arg(long, value_name = "LOGIN", conflicts_with = "token")]
    person: Option<String>,
    /// A token to keep; without it, and without --person, it is read from standard input
    #[arg(long, value_name = "TOKEN", env = "CHAPERONE_TOKEN", hide_env_values = true)]
    token: Option<String>,
    /// A PEM certificate to trust, for a gate with its own certificate
    #[arg(long, value_name = "FILE", env = "CHAPERONE_CA")]
    ca: Option<PathBuf>,
    /// Print JSON, for scripts
    #[arg(long)]
    json: bool,
}

/// The tokens kept so far.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Kept {
    pub default_server: Option<String>,
    #[serde(default)]
    tokens: BTreeMap<String, String>,
}

impl Kept {
    pub(crate) fn token(&self, server: &str) -> Option<String> {
        self.tokens.get(server.trim_end_matches('/')).cloned()
    }

    /// Forgets what is kept for a server; whether anything was.
    fn forgets(&mut self, server: &str) -> bool {
        self.tokens.remove(server.trim_end_matches('/')).is_some()
    }
}

/// Forgets what is kept for a server, if it is this; whether it was.
pub(super) fn forget(server: &str, shown: &Credential) -> Result<bool, Failure> {
    let mut kept = kept()?;
    let is_kept = kept.token(server).as_deref() == Some(&shown.kept()) && kept.forgets(server);
    if is_kept {
        keep(&kept)?;
    }
    Ok(is_kept)
}

fn keep(kept: &Kept) -> Result<PathBuf, Failure> {
    let path = file().ok_or_else(|| {
        Failure::failed("there is no home folder to keep a token in", "use --token or CHAPERONE_TOKEN")
    })?;
    let text = serde_json::to_vec_pretty(kept).map_err(|error| Failure::failed(error.to_string(), ""))?;
    private_file::replace(&path, &text)
        .map_err(|error| Failure::failed(format!("{} cannot be written: {error}", path.display()), ""))?;
    Ok(path)
}

/// Reads the file of kept tokens; none is no fault.
pub(crate) fn kept() -> Result<Kept, Failure> {
    let Some(path) = file() else { return Ok(Kept::default()) };
    match std::fs::read(&path) {
        Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| {
            Failure::failed(format!("{} is damaged: {error}", path.display()), "remove it and sign in again")
        }),
        Err(_) => Ok(Kept::default()),
    }
}

pub(crate) async fn run(args: Login) -> Result<(), Failure> {
    let server = args.server.trim_end_matches('/').to_owned();
    let (credential, me) = proves(&args, &server).await?;
    let mut kept = kept()?;
    kept.tokens.insert(server.clone(), credential.kept());
    kept.default_server = Some(server.clone());
    let path = keep(&kept)?;
    if args.json {
        return say_json(&me);
    }
    say(&format!("Signed in to {server} as {}; that is kept in {}.", me.person.login, path.display()))
}

async fn proves(args: &Login, server: &str) -> Result<(Credential, Me), Failure> {
    let ca = args.ca.as_deref();
    if let Some(login) = args.person.clone() {
        let client = Client::new(server, Credential::Nothing, ca)?;
        let password = secret_line("Password: ")?;
        let code = secret_line("Authenticator code: ")?;
        return client.sign_in(&["sign-in"], &SignIn { login, password, code }).await;
    }
    let token = match &args.token {
        Some(token) => token.clone(),
        None => from_stdin()?,
    };
    let credential = Credential::Token(token);
    let me = Client::new(server, credential.clone(), ca)?.get(&["me"]).await?;
    Ok((credential, me))
}

fn from_stdin() -> Result<String, Failure> {
    let mut text = String::new();
    std::io::stdin()
        .take(MAX_TOKEN_BYTES)
        .read_to_string(&mut text)
        .map_err(|error| Failure::usage(format!("no token on standard input: {error}")))?;
    let token = text.trim();
    if token.is_empty() {
        return Err(Failure::usage("no token on standard input; give --token, or pipe one in"));
    }
    Ok(token.to_owned())
}

fn file() -> Option<PathBuf> {
    let folder = std::env::var_os("XDG_CONFIG_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(std::env::home_dir()?.join(".config")))?;
    Some(folder.join("chaperone").join("tokens.json"))
}
