//! The command line (DESIGN §6): which verbs exist, and what each runs. Verbs on the host read the configuration; all
//! others act through the API as the person whose token they carry.

mod alert;
mod authority;
mod bundle;
pub(crate) mod client;
mod clock;
mod connect;
mod destination;
mod everything;
mod freeze;
mod hidden;
mod keep;
mod ledger;
mod login;
mod logout;
mod moment;
pub(crate) mod outcome;
mod person;
mod public_key;
mod reconcile;
mod recording;
mod retention;
mod search;
mod session;
mod table;
mod target;
mod target_key;
mod target_tls;
mod target_tls_ca;
mod to_file;
mod unmask;
mod vendor;
mod via;
#[cfg(unix)]
mod watch;
mod window;
mod window_console;
mod window_file;

use clap::{Parser, Subcommand};

pub use outcome::Failure;
#[cfg(unix)]
pub use outcome::{chain, say, say_json};
use via::Remote;

#[cfg(all(unix, feature = "demo"))]
use crate::demo;
#[cfg(unix)]
use crate::{backup, derived, host, init, key, serve, token};

/// The gate through which vendors visit a hospital's pump servers: inside an approved change window, recorded, stopped
/// on time; and the SOC hears of everything else.
#[derive(Debug, Parser)]
#[command(name = "chaperone", version, propagate_version = true, max_term_width = 110)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

/// Which configuration.
#[cfg(unix)]
#[derive(Debug, clap::Args)]
pub struct WithConfig {
    /// The node's configuration file
    #[arg(long, value_name = "FILE", env = "CHAPERONE_CONFIG")]
    pub config: std::path::PathBuf,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Play the whole story on loopback: no configuration, no root
    #[cfg(all(unix, feature = "demo"))]
    Demo(demo::Args),
    /// Write a configuration and all keys, create the database and its first administrator; asks nothing
    #[cfg(unix)]
    Init(init::Args),
    /// Run the gate
    #[cfg(unix)]
    Serve(serve::Args),
    /// Read the configuration and name every fault in it
    #[cfg(unix)]
    CheckConfig(host::CheckConfig),
    /// Bring the database to this release's schema
    #[cfg(unix)]
    Migrate(host::Migrate),
    /// Copy what is needed to begin again, on the host, while the gate runs
    #[cfg(unix)]
    Backup(backup::Backup),
    /// Put a copy back, on the host, before the gate starts
    #[cfg(unix)]
    Restore(backup::Restore),
    /// Keys that open recordings, and the one that vouches for servers
    #[cfg(unix)]
    #[command(subcommand)]
    Key(key::Verb),
    /// What the desk has read out of recordings, for seeking and searching
    #[cfg(unix)]
    #[command(subcommand)]
    Derived(derived::Verb),
    /// Mint a token for a person, on the host; its use alarms
    #[cfg(unix)]
    Token(token::Args),
    /// Keep a token for a server, so that later commands need none
    Login(login::Login),
    /// Sign out: end the consoles that were opened with what is kept for a server, and forget it
    Logout(logout::Logout),
    /// Open a window's TLS and TCP endpoints on this machine; or carry SSH over HTTPS
    Connect(connect::Connect),
    /// People: who signs in
    Person(Remote<person::Verb>),
    /// Vendors: the companies whose people visit
    Vendor(Remote<vendor::Verb>),
    /// Servers behind the gate
    Target(Remote<target::Verb>),
    /// Periods in which no window opens
    Freeze(Remote<freeze::Verb>),
    /// Change windows: ask, approve, move, end
    Window(Remote<window::Verb>),
    /// Visits: list, pause, stop
    Session(Remote<session::Verb>),
    /// Recordings of visits: play, verify, export
    Recording(Remote<recording::Verb>),
    /// Typed input: see what was typed, with a second person
    Unmask(Remote<unmask::Verb>),
    /// Evidence that is kept whatever its retention class says
    Keep(Remote<keep::Verb>),
    /// How long evidence is kept
    Retention(Remote<retention::Verb>),
    /// Find a phrase in what was shown and run on visits
    Search(search::Search),
    /// Bundles of evidence: one file that stands alone
    Bundle(Remote<bundle::Verb>),
    /// Everything at once: lock it in an attack, unlock it when that is over
    Everything(Remote<everything::Verb>),
    /// The SOC's alerts
    Alert(Remote<alert::Verb>),
    /// Where alerts are delivered
    Destination(Remote<destination::Verb>),
    /// The append-only log of facts
    Ledger(Remote<ledger::Verb>),
    /// Hold a server's own log against the ledger: sign-ins without a visit alarm
    Reconcile(reconcile::Reconcile),
    /// The gate's clock
    Clock(Remote<clock::Verb>),
    /// The demo's target
    #[cfg(all(unix, feature = "demo"))]
    #[command(hide = true)]
    Standin(demo::StandinArgs),
    /// The demo's web console
    #[cfg(all(unix, feature = "demo"))]
    #[command(hide = true)]
    StandinConsole(demo::ConsoleArgs),
}

impl Cli {
    /// Does what was asked.
    ///
    /// # Errors
    /// When it could not be done; the failure knows its exit status.
    pub async fn run(self) -> Result<(), Failure> {
        match self.command {
            #[cfg(all(unix, feature = "demo"))]
            Command::Demo(args) => demo::run(args).await,
            #[cfg(unix)]
            Command::Init(args) => init::run(args).await,
            #[cfg(unix)]
            Command::Serve(args) => serve::run(args).await,
            #[cfg(unix)]
            Command::CheckConfig(args) => host::check_config(&args),
            #[cfg(unix)]
            Command::Migrate(args) => host::migrate(args).await,
            #[cfg(unix)]
            Command::Backup(args) => backup::back_up(args).await,
            #[cfg(unix)]
            Command::Restore(args) => backup::restore(args).await,
            #[cfg(unix)]
            Command::Key(verb) => key::run(verb),
            #[cfg(unix)]
            Command::Derived(verb) => derived::run(verb).await,
            #[cfg(unix)]
            Command::Token(args) => token::run(args).await,
            Command::Login(args) => login::run(args).await,
            Command::Logout(args) => logout::run(args).await,
            Command::Connect(args) => connect::run(args).await,
            Command::Person(remote) => person::run(remote).await,
            Command::Vendor(remote) => vendor::run(remote).await,
            Command::Target(remote) => target::run(remote).await,
            Command::Freeze(remote) => freeze::run(remote).await,
            Command::Window(remote) => window::run(remote).await,
            Command::Session(remote) => session::run(remote).await,
            Command::Recording(remote) => recording::run(remote).await,
            Command::Unmask(remote) => unmask::run(remote).await,
            Command::Keep(remote) => keep::run(remote).await,
            Command::Retention(remote) => retention::run(remote).await,
            Command::Search(search) => search::run(search).await,
            Command::Bundle(remote) => bundle::run(remote).await,
            Command::Everything(remote) => everything::run(remote).await,
            Command::Alert(remote) => alert::run(remote).await,
            Command::Destination(remote) => destination::run(remote).await,
            Command::Ledger(remote) => ledger::run(remote).await,
            Command::Reconcile(asked) => reconcile::run(asked).await,
            Command::Clock(remote) => clock::run(remote).await,
            #[cfg(all(unix, feature = "demo"))]
            Command::Standin(args) => demo::standin(args).await,
            #[cfg(all(unix, feature = "demo"))]
            Command::StandinConsole(args) => demo::console(args).await,
        }
    }
}

#[cfg(test)]
mod tests;
