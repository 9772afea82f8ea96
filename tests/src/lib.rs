//! A hospital in a temporary folder: the real `chaperone` binary between real OpenSSH clients and a real OpenSSH server,
//! with SQLite or PostgreSQL behind it and a real rsyslog and a webhook receiver as its SOC.
//!
//! Scenarios in `tests/` read as prose and know the product only by its command line, its files and what is on the wire:
//!
//! ```text
//! let house = House::start();
//! house.open_window("dana", "shell,exec", "+10m");
//! let ran = house.technician("dana").ssh("alaris-sm-01").runs("echo hello");
//!
//!   technician ── ssh ──▶ gate (chaperone serve) ── ssh ──▶ sshd, account of whoever runs the tests
//!                           │            │
//!                    SQLite or PG     rsyslogd, webhook receiver
//! ```
//!
//! Everything listens on loopback on its own ports, lives in its own folder, and is ended by process id when the house is
//! dropped. Nothing waits for a fixed time: everything waits for an event, with a deadline.

mod asking;
mod authenticator;
mod authority;
mod beyond;
mod binary;
mod caller;
mod carried;
mod command_line;
mod connect_proxy;
mod connected;
mod console;
mod copy;
mod database;
mod faults;
mod furnish;
mod gate;
mod house;
mod http;
mod keys;
mod ledger;
mod machine;
mod mail;
mod other;
mod patience;
mod port;
mod postgres;
mod process;
mod proxy;
mod raw;
mod scanner;
mod screen;
mod security_key;
mod service;
mod sockets;
mod ssh;
mod ssh_authority;
mod sshd;
mod syslog;
mod terminal;
mod text;
mod tls_server;
mod verbs;
mod visit;
mod walk;
mod web_gate;
mod webhook;

pub use asking::{Asking, Asks};
pub use authenticator::{Authenticator, Enrolled};
pub use authority::{Authority, Issued};
pub use beyond::Beyond;
pub use binary::{chaperone, chaperone_verify, workspace};
pub use caller::{Caller, Heard};
pub use command_line::{Person, Said};
pub use connect_proxy::ConnectProxy;
pub use connected::Connected;
pub use console::{CONSOLE_NAME, Console};
pub use database::{Database, Engine};
pub use faults::{Action, Faults, Operation};
pub use furnish::Furnishing;
pub use gate::{Gate, Ready};
pub use house::{House, Recorded, TARGET};
pub use http::{Answer, Browser, ask, get};
pub use keys::{Agent, KeyPair};
pub use ledger::Fact;
pub use machine::{is_root, libfaketime, login_of_this_process, program};
pub use mail::{Letter, MailServer};
pub use other::Other;
pub use patience::{PATIENCE, eventually, soon};
pub use port::free_port;
pub use process::{Process, Ran};
pub use proxy::{Direction, Proxy, Segment, Weather};
pub use rustix::process::Signal;
pub use scanner::{Clamd, EICAR, Icap, eicar};
pub use screen::Screen;
pub use security_key::{SecurityKey, TOUCHED, VERIFIED};
pub use service::Service;
pub use sockets::{Connection, connections, legs};
pub use ssh::{Ssh, Technician};
pub use ssh_authority::SshAuthority;
pub use sshd::{Sshd, SshdOptions};
pub use syslog::{Message, Syslog, TlsDriver};
pub use terminal::Terminal;
pub use text::{contains, digest, digest_of_zeros, noise, reference_in};
pub use tls_server::TlsServer;
pub use verbs::all_verbs;
pub use visit::Visit;
pub use walk::{Walk, browser};
pub use web_gate::{Client, DOMAIN, Page, WebHouse};
pub use webhook::{Delivery, Webhook};

/// Makes two tests of each named scenario, one for each database.
#[macro_export]
macro_rules! on_both_databases {
    ($($scenario:ident),+ $(,)?) => { $(
        mod $scenario {
            #[test]
            fn on_sqlite() {
                super::$scenario($crate::House::furnish().on($crate::Engine::Sqlite));
            }
            #[test]
            fn on_postgresql() {
                super::$scenario($crate::House::furnish().on($crate::Engine::Postgresql));
            }
        }
    )+ };
}
