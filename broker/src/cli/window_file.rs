//! `chaperone window send|files|take-back|release`: files that are sent ahead.

use std::path::{Path, PathBuf};

use chaperone_web::wire::{FileRelease, Go, SentFileView};
use clap::Args;

use super::client::Client;
use super::outcome::Failure;
use super::table::{Table, maybe_time, time};
use super::via::Via;

#[derive(Debug, Args)]
pub(crate) struct Send {
    /// The window
    id: String,
    /// Files to send
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct TakeBack {
    /// The window
    id: String,
    /// The file: its id, or its name if only one that waits has it
    file: String,
}

#[derive(Debug, Args)]
pub(crate) struct Release {
    /// The window
    id: String,
    /// The file: its id, or its name if only one that waits has it
    file: String,
    /// Where to on the server: a path, or a folder
    #[arg(long, value_name = "PATH")]
    to: String,
    /// The server, where you are on several
    #[arg(long, value_name = "NAME")]
    target: Option<String>,
}

impl Send {
    pub(crate) async fn run(self, via: &Via, client: &Client) -> Result<(), Failure> {
        let mut sent: Vec<SentFileView> = Vec::new();
        for path in &self.files {
            let name = path.file_name().and_then(|name| name.to_str());
            let name = name.ok_or_else(|| unusable(path, "it has no name in letters"))?;
            let file =
                tokio::fs::File::open(path).await.map_err(|error| unusable(path, &error.to_string()))?;
            let found = file.metadata().await.map_err(|error| unusable(path, &error.to_string()))?;
            if !found.is_file() {
                return Err(unusable(path, "it is no plain file"));
            }
            let view = client.send_file(&["windows", &self.id, "files"], &[("name", name)], file).await;
            sent.push(view.map_err(|failure| about(path, sent.len(), failure))?);
        }
        via.show(&sent, |sent| table(sent))
    }
}

/// Which file it was, and that those before it were taken.
fn about(path: &Path, before: usize, failure: Failure) -> Failure {
    match failure {
        Failure::Failed { what, next } => {
            let taken =
                if before == 0 { String::new() } else { format!(" (the {before} before it were taken)") };
            Failure::failed(format!("{}: {what}{taken}", path.display()), next)
        }
        other => other,
    }
}

fn unusable(path: &Path, why: &str) -> Failure {
    Failure::usage(format!("{} cannot be sent: {why}", path.display()))
}

pub(crate) async fn list(via: &Via, client: &Client, window: &str) -> Result<(), Failure> {
    let files: Vec<SentFileView> = client.get(&["windows", window, "files"]).await?;
    via.show(&files, |files| table(files))
}

impl TakeBack {
    pub(crate) async fn run(self, via: &Via, client: &Client) -> Result<(), Failure> {
        let file = named(client, &self.id, &self.file).await?;
        let file: SentFileView =
            client.post(&["windows", &self.id, "files", &file, "withdraw"], &Go {}).await?;
        via.done(&file, |file| format!("{} is taken back; its bytes are gone.", file.name))
    }
}

impl Release {
    pub(crate) async fn run(self, via: &Via, client: &Client) -> Result<(), Failure> {
        let file = named(client, &self.id, &self.file).await?;
        let wish = FileRelease { to: self.to, target: self.target };
        let file: SentFileView =
            client.post_long(&["windows", &self.id, "files", &file, "release"], &wish).await?;
        via.done(&file, |file| {
            let to = file.released_to.as_deref().unwrap_or_default();
            format!("{} is at {to}; what was read back has SHA-256 {}.", file.name, file.sha256)
        })
    }
}

/// The id of a file that waits, by its id or its name.
async fn named(client: &Client, window: &str, file: &str) -> Result<String, Failure> {
    let files: Vec<SentFileView> = client.get(&["windows", window, "files"]).await?;
    if files.iter().any(|known| known.id == file) {
        return Ok(file.to_owned());
    }
    let mut waiting = files.iter().filter(|known| known.name == file && known.state == "clean");
    match (waiting.next(), waiting.next()) {
        (Some(one), None) => Ok(one.id.clone()),
        (Some(_), Some(_)) => Err(Failure::failed(
            format!("several files that wait are called {file:?}"),
            "name one by its id: chaperone window files",
        )),
        (None, _) => Err(Failure::failed(
            format!("no file called {file:?} waits for this window"),
            "see which there are: chaperone window files",
        )),
    }
}

fn table(files: &[SentFileView]) -> Table {
    let table = Table::list(
        ["id", "name", "bytes", "sha256", "state", "found", "sent by", "sent", "released", "to"],
        "No files were sent ahead: `chaperone window send WINDOW FILE`.",
    );
    files.iter().fold(table, |table, file| {
        table.row([
            file.id.clone(),
            file.name.clone(),
            file.size_bytes.to_string(),
            file.sha256.clone(),
            file.state.clone(),
            file.found.clone().unwrap_or_default(),
            file.sent_by.clone(),
            time(file.sent),
            maybe_time(file.released),
            file.released_to.clone().unwrap_or_default(),
        ])
    })
}
