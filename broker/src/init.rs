//! `chaperone init`: writes a configuration and all keys, creates the database and its first administrator. It asks
//! nothing and overwrites nothing. The configuration is written last: before it there is no installation, after it all
//! of it is there.

pub(crate) mod keys;
mod settings;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::cli::{Failure, chain, say, say_json};
use crate::config::Config;
use crate::installation::Installation;
use crate::{private_file, serve};

/// The first administrator's sign-in name.
pub const ADMINISTRATOR: &str = "admin";

/// Arguments of `init`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The configuration file to write; it must not exist
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// The folder for keys, recordings and the database; it must be empty or not exist
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Where SSH is served; port 0 takes a free one at each start
    #[arg(long, value_name = "ADDR:PORT", default_value = "0.0.0.0:2222")]
    ssh: SocketAddr,
    /// Where servers and consoles are reached by TLS; port 8443 beside SSH where left out
    #[arg(long, value_name = "ADDR:PORT")]
    tls: Option<SocketAddr>,
    /// Where the pages and the API are served: HTTPS, except on loopback
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:8080")]
    web: SocketAddr,
    /// The database: postgres://… for one that several nodes share; an embedded one where left out
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    /// Print JSON, for scripts
    #[arg(long)]
    json: bool,
}

/// Makes an installation.
///
/// # Errors
/// When one is there already, or something cannot be written; then nothing is left behind.
pub async fn run(args: Args) -> Result<(), Failure> {
    let data = std::path::absolute(&args.data)
        .map_err(|error| Failure::usage(format!("{} is no folder: {error}", args.data.display())))?;
    refuse_to_overwrite(&args.config, &data)?;
    let installation = Installation::at(data);
    match make(&args, &installation).await {
        Ok(made) if args.json => say_json(&made),
        Ok(made) => say(&words(&args, &made)),
        Err(failure) => {
            // What is there was made by this run: the folder was empty.
            clear(installation.dir());
            Err(failure)
        }
    }
}

fn refuse_to_overwrite(config: &Path, data: &Path) -> Result<(), Failure> {
    if config.exists() {
        return Err(Failure::failed(
            format!("{} exists: there is an installation already", config.display()),
            "nothing was changed; use another --config and --data, or start it with `chaperone serve --config FILE`",
        ));
    }
    let occupied = std::fs::read_dir(data).is_ok_and(|mut entries| entries.next().is_some());
    if occupied || data.is_file() {
        return Err(Failure::failed(
            format!("{} is not empty", data.display()),
            "nothing was changed; name an empty folder, or one that does not exist, with --data",
        ));
    }
    Ok(())
}

async fn make(args: &Args, installation: &Installation) -> Result<Value, Failure> {
    let folders =
        [installation.dir().to_owned(), installation.keys(), installation.recordings(), installation.store()];
    for folder in folders {
        private_file::folder(&folder).map_err(|error| cannot_write(&folder, &error))?;
    }
    let text = settings::text(args, installation);
    let folder = args.config.parent().unwrap_or(Path::new("."));
    let config = Config::read(&text, folder, &std::collections::BTreeMap::new())
        .map_err(|faults| crate::config::ConfigError::Faulty { path: args.config.clone(), faults })?;
    let mut made = keys::make(installation, &config.ledger.origin)
        .map_err(|error| Failure::failed(format!("the keys cannot be made: {}", chain(&error)), ""))?;
    if args.database.is_none() {
        // Made here, so that nobody else can read it; what SQLite puts beside it takes after it.
        let file = installation.sqlite_file();
        private_file::create(&file, &[]).map_err(|error| cannot_write(&file, &error))?;
    }
    let administrator = serve::create_administrator(&config, ADMINISTRATOR).await?;
    let user_ca = serve::make_user_ca(&config).await?;
    let (tls_ca, fingerprint) = serve::make_tls_authority(&config).await?;
    if let Some(made) = made.as_object_mut() {
        made.insert("user_ca".to_owned(), json!({ "public": user_ca }));
        made.insert("tls_ca".to_owned(), json!({ "pem": tls_ca, "fingerprint": fingerprint }));
    }
    if !folder.as_os_str().is_empty() {
        std::fs::create_dir_all(folder).map_err(|error| cannot_write(folder, &error))?;
    }
    // The commit point.
    private_file::create(&args.config, text.as_bytes())
        .map_err(|error| cannot_write(&args.config, &error))?;
    Ok(json!({
        "config": args.config,
        "data": installation.dir(),
        "administrator": { "login": ADMINISTRATOR, "id": administrator },
        "enrolment": {
            "command": format!("chaperone token --config {} --person {ADMINISTRATOR} --ttl 1h", args.config.display()),
            "note": "mints a token on this host; its use alarms",
        },
        "ssh": args.ssh, "web": args.web,
        "keys": made,
        "warnings": [BOTH_HALVES],
    }))
}

const BOTH_HALVES: &str = "both halves of the evidence keys are on this machine: whoever takes it over can read every \
    recording. Move evidence.identity and unmask.identity to two other places; the gate records without them.";

fn words(args: &Args, made: &Value) -> String {
    let key = |pointer: &str| made.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let config = args.config.display();
    format!(
        "Chaperone is set up.
  configuration       {config}
  data                {data}
  SSH host key        {ssh}
  SSH user CA         {user_ca}
  TLS CA              {tls_ca}
  ledger key          {ledger}
  seal key            {seal}
  evidence recipient  {evidence}
  unmask recipient    {unmask}

Technicians who come by `ssh -J` know all servers behind the gate by one line in ~/.ssh/known_hosts:
  {authority}

Note: {BOTH_HALVES}

Next:
  chaperone serve --config {config}
  chaperone token --config {config} --person {ADMINISTRATOR} --ttl 1h      signs in the first administrator",
        data = key("/data"),
        ssh = key("/keys/ssh_host/fingerprint"),
        authority = key("/keys/host_ca/known_hosts"),
        user_ca = key("/keys/user_ca/public"),
        tls_ca = key("/keys/tls_ca/fingerprint"),
        ledger = key("/keys/ledger/verifier"),
        seal = key("/keys/seal/public"),
        evidence = key("/keys/evidence/recipient"),
        unmask = key("/keys/unmask/recipient"),
    )
}

fn cannot_write(path: &Path, error: &std::io::Error) -> Failure {
    Failure::failed(
        format!("{} cannot be written: {error}", path.display()),
        "check the folder's owner and free space",
    )
}

fn clear(data: &Path) {
    let Ok(entries) = std::fs::read_dir(data) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        let removed =
            if path.is_dir() { std::fs::remove_dir_all(&path) } else { std::fs::remove_file(&path) };
        if let Err(error) = removed {
            tracing::warn!(path = %path.display(), %error, "a half-made file could not be removed");
        }
    }
}
