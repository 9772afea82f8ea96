//! `chaperone token`: mints a token on the host, for somebody who is enrolled. Whoever may read the token key can do this;
//! that is why such tokens say so, and why every use of one is known to the SOC (P8).

use std::time::Duration;

use chaperone_identity::TokenKeys;
use chaperone_policy::Login;
use clap::Args as ClapArgs;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::cli::{Failure, WithConfig, chain, say, say_json};
use crate::config::Config;
use crate::serve;

/// A token does not outlive a shift.
const LONGEST: Duration = Duration::from_secs(12 * 3600);

/// Arguments of `token`.
#[derive(Debug, ClapArgs)]
pub struct Args {
    #[command(flatten)]
    config: WithConfig,
    /// Who is to act: the sign-in name of somebody who is enrolled
    #[arg(long, value_name = "LOGIN")]
    person: Login,
    /// How long the token is good for, such as 1h or 30m; at most 12h
    #[arg(long, value_name = "DURATION", default_value = "1h", value_parser = ttl)]
    ttl: Duration,
    /// Print JSON, for scripts
    #[arg(long)]
    json: bool,
}

/// Mints and prints.
///
/// # Errors
/// When nobody has this login, or the token key cannot be read.
pub async fn run(args: Args) -> Result<(), Failure> {
    let config = Config::load(&args.config.config)?;
    let keys = TokenKeys::load(&config.data.token_key()).map_err(|error| {
        Failure::failed(
            format!("the token key cannot be read: {}", chain(&error)),
            "run this as the gate's own user, on the gate's host",
        )
    })?;
    if !serve::is_enrolled(&config, &args.person).await? {
        return Err(Failure::failed(
            format!("nobody is enrolled as {}", args.person),
            "the first administrator is admin; `chaperone person list` shows everybody",
        ));
    }
    let now = Timestamp::now();
    let ttl = SignedDuration::try_from(args.ttl).unwrap_or(SignedDuration::from_hours(1));
    let token = keys
        .mint_on_host(&args.person, now, ttl)
        .map_err(|error| Failure::failed(format!("the token cannot be minted: {}", chain(&error)), ""))?;
    if args.json {
        let expires = now.checked_add(ttl).unwrap_or(now);
        return say_json(&json!({ "token": token, "person": args.person, "expires": expires }));
    }
    say(&token)
}

fn ttl(text: &str) -> Result<Duration, String> {
    let parsed = text.parse::<jiff::SignedDuration>().ok().and_then(|ttl| Duration::try_from(ttl).ok());
    match parsed {
        Some(ttl) if ttl >= Duration::from_secs(1) && ttl <= LONGEST => Ok(ttl),
        Some(_) => Err("right is from 1s to 12h".to_owned()),
        None => Err(format!("{text:?} is no duration; right is such as 1h or 30m")),
    }
}
