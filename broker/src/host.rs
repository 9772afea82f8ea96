//! Verbs on the host that only read the configuration, or bring the database to this release.

use clap::Args;
use serde_json::json;

use crate::cli::{Failure, WithConfig, say, say_json};
use crate::config::{Config, ConfigError};
use crate::serve;

/// Arguments of `check-config`.
#[derive(Debug, Args)]
pub struct CheckConfig {
    #[command(flatten)]
    config: WithConfig,
    /// Print JSON, for scripts
    #[arg(long)]
    json: bool,
}

/// Arguments of `migrate`.
#[derive(Debug, Args)]
pub struct Migrate {
    #[command(flatten)]
    config: WithConfig,
    /// Print JSON, for scripts
    #[arg(long)]
    json: bool,
}

/// Reads the configuration and says what is wrong with it.
///
/// # Errors
/// Every fault, as status 64.
pub fn check_config(args: &CheckConfig) -> Result<(), Failure> {
    match Config::load(&args.config.config) {
        Ok(_) if args.json => say_json(&json!({ "sound": true, "faults": [] })),
        Ok(_) => say(&format!("{} is sound.", args.config.config.display())),
        Err(error) => {
            if let (true, ConfigError::Faulty { faults, .. }) = (args.json, &error) {
                say_json(&json!({ "sound": false, "faults": faults }))?;
            }
            Err(error.into())
        }
    }
}

/// Brings the database to this release's schema.
///
/// # Errors
/// When the database does not answer, or has changes that this release does not know.
pub async fn migrate(args: Migrate) -> Result<(), Failure> {
    let config = Config::load(&args.config.config)?;
    serve::migrate(&config).await?;
    if args.json {
        say_json(&json!({ "migrated": true }))
    } else {
        say("The database has this release's schema.")
    }
}
