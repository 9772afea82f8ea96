//! `chaperone window console`: a link that opens a web console in a browser.

use chaperone_web::wire::{ConsoleView, OpenConsole};
use clap::Args;

use super::client::Client;
use super::outcome::Failure;
use super::table::time;
use super::via::Via;

#[derive(Debug, Args)]
pub(crate) struct Console {
    /// The window
    id: String,
    /// The server; may be left out where the window has one with a web console
    #[arg(long, value_name = "NAME")]
    target: Option<String>,
}

impl Console {
    pub(crate) async fn run(self, via: &Via, client: &Client) -> Result<(), Failure> {
        let asked = OpenConsole { target: self.target };
        let console: ConsoleView = client.post(&["windows", &self.id, "console"], &asked).await?;
        via.done(&console, |console| {
            format!(
                "{}\nOpens {} in a browser, once, within a minute; the visit ends at {} at the latest.",
                console.url,
                console.target,
                time(console.until)
            )
        })
    }
}
