//! The processes behind the stand-in's channels: in a real pseudo-terminal, or with three pipes.

use std::collections::VecDeque;
use std::io;
use std::process::{ExitStatus, Stdio};

use bytes::{Buf, Bytes};
use futures::FutureExt;
use pty_process::{OwnedReadPty, OwnedWritePty};
use russh::server::Msg;
use russh::{ChannelMsg, ChannelReadHalf, ChannelWriteHalf};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{ChildStderr, ChildStdin, ChildStdout, Command};

use crate::note::Size;

const SHELL: &str = "/bin/sh";
const CHUNK_BYTES: usize = 32 * 1024;
/// Input that waits for a process.
const HELD_BYTES: usize = 64 << 20;

type Write = ChannelWriteHalf<Msg>;

/// Runs a shell or a command in a terminal of its own; returns its exit status.
pub(super) async fn in_terminal(
    name: &str,
    command: Option<String>,
    term: &str,
    size: Size,
    environment: Vec<(String, String)>,
    read: ChannelReadHalf,
    write: &Write,
) -> io::Result<u32> {
    let (pty, pts) = pty_process::open().map_err(io::Error::other)?;
    pty.resize(pty_size(size)).map_err(io::Error::other)?;
    let mut process =
        pty_process::Command::new(shell()).envs(environment).env("TERM", term).kill_on_drop(true);
    process = match command {
        Some(command) => process.arg("-c").arg(command),
        None => process.env("PS1", format!("{name}$ ")).args(quiet()).arg("-i"),
    };
    let mut child = process.spawn(pts).map_err(io::Error::other)?;
    let (from, to) = pty.into_split();
    let output = output(from, write).fuse();
    tokio::pin!(output);
    let status = tokio::select! {
        status = child.wait() => status?,
        () = typed(read, to) => {
            // The peer has closed: the terminal hangs up.
            child.kill().await?;
            return Ok(129);
        }
        () = &mut output => child.wait().await?,
    };
    // What the process wrote last is still in the terminal.
    drop(tokio::time::timeout(std::time::Duration::from_millis(200), output).await);
    Ok(code(status))
}

/// A stand-in for a server reads nobody's start-up files: they set another prompt, and some take seconds.
fn quiet() -> &'static [&'static str] {
    if shell().ends_with("bash") { &["--noprofile", "--norc"] } else { &[] }
}

fn shell() -> String {
    std::env::var("SHELL").ok().filter(|shell| shell.ends_with("bash")).unwrap_or_else(|| SHELL.to_owned())
}

fn pty_size(size: Size) -> pty_process::Size {
    let fits = |n: u32| u16::try_from(n).unwrap_or(u16::MAX);
    pty_process::Size::new(fits(size.rows), fits(size.columns))
}

async fn output(mut from: OwnedReadPty, write: &Write) {
    let mut chunk = vec![0; CHUNK_BYTES];
    // A terminal whose last process has gone reads as an error.
    while let Ok(count) = from.read(&mut chunk).await {
        let bytes = chunk.get(..count).unwrap_or_default().to_vec();
        if count == 0 || write.data_bytes(bytes).await.is_err() {
            return;
        }
    }
}

/// Feeds the terminal until the peer closes the channel.
async fn typed(mut read: ChannelReadHalf, mut to: OwnedWritePty) {
    while let Some(message) = read.wait().await {
        match message {
            ChannelMsg::Data { data } => match to.write_all(&data).await {
                Ok(()) => {}
                Err(_) => return,
            },
            ChannelMsg::WindowChange { col_width, row_height, pix_width, pix_height } => {
                let size = Size::clamped(col_width, row_height, pix_width, pix_height);
                drop(to.resize(pty_size(size)));
            }
            ChannelMsg::Close => return,
            _ => {}
        }
    }
}

/// Runs a command, or a shell that reads it, with pipes; returns its exit status.
pub(super) async fn with_pipes(
    command: Option<String>,
    environment: Vec<(String, String)>,
    read: ChannelReadHalf,
    write: &Write,
) -> io::Result<u32> {
    let mut process = Command::new(shell());
    process.envs(environment).kill_on_drop(true);
    process.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    if let Some(command) = command {
        process.arg("-c").arg(command);
    }
    let mut child = process.spawn()?;
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let feeding = tokio::spawn(feed(read, stdin));
    tokio::join!(stdout_to(stdout, write), stderr_to(stderr, write));
    let status = child.wait().await?;
    feeding.abort();
    Ok(code(status))
}

/// Feeds the process. What it does not read yet waits here, so that a process that echoes its input cannot stop its own
/// output: the connection has one loop for both.
async fn feed(mut read: ChannelReadHalf, stdin: Option<ChildStdin>) {
    let Some(mut stdin) = stdin else { return };
    let mut waiting: VecDeque<Bytes> = VecDeque::new();
    let mut held_bytes = 0;
    let mut open = true;
    while open || !waiting.is_empty() {
        let front = waiting.front().cloned().unwrap_or_default();
        tokio::select! {
            message = read.wait(), if open && held_bytes < HELD_BYTES => match message {
                Some(ChannelMsg::Data { data }) => {
                    held_bytes += data.len();
                    waiting.push_back(data);
                }
                Some(ChannelMsg::Eof | ChannelMsg::Close) | None => open = false,
                Some(_) => {}
            },
            written = stdin.write(&front), if !front.is_empty() => match written {
                Ok(count) => {
                    held_bytes -= count;
                    if let Some(front) = waiting.front_mut() {
                        front.advance(count);
                    }
                    waiting.pop_front_if(|front| front.is_empty());
                }
                Err(_) => break,
            },
        }
    }
    drop(stdin);
    // Messages that come after the process stopped reading must not block the connection.
    while read.wait().await.is_some() {}
}

async fn stdout_to(stdout: Option<ChildStdout>, write: &Write) {
    let Some(mut stdout) = stdout else { return };
    let mut chunk = vec![0; CHUNK_BYTES];
    while let Ok(count @ 1..) = stdout.read(&mut chunk).await {
        if write.data_bytes(chunk.get(..count).unwrap_or_default().to_vec()).await.is_err() {
            return;
        }
    }
}

async fn stderr_to(stderr: Option<ChildStderr>, write: &Write) {
    let Some(mut stderr) = stderr else { return };
    let mut chunk = vec![0; CHUNK_BYTES];
    while let Ok(count @ 1..) = stderr.read(&mut chunk).await {
        if write.extended_data_bytes(1, chunk.get(..count).unwrap_or_default().to_vec()).await.is_err() {
            return;
        }
    }
}

fn code(status: ExitStatus) -> u32 {
    status.code().and_then(|code| u32::try_from(code).ok()).unwrap_or(255)
}
