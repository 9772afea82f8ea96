//! The tour: the story of the product, step by step, with the system's own ssh and a web console. Each step prints what
//! happened and fails the tour when it does not hold.

mod console;
mod evidence;

use std::future::Future;
use std::io::Write;
use std::process::Stdio;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;

use super::error::{DemoError, trying};
use super::seed::{self, Cast};
use super::stage::{Stage, text};

/// Exit status of a refused attempt, as `sysexits.h` has it.
const REFUSED: i32 = 77;
/// How long any one step may take.
const STEP: Duration = Duration::from_secs(60);
/// How long the tour's one window is open.
const WINDOW: &str = "+12s";
/// What Dana types.
const TYPED: &str = "echo pumps: $((400 + 12))\n";
/// What her terminal shows.
const SHOWN: &str = "pumps: 412";

/// Plays all steps in order.
pub(super) async fn play(stage: &Stage, cast: &Cast, terminal: bool) -> Result<(), DemoError> {
    let mut tour = Tour { number: 0, terminal };
    let (session, closes) = tour.step("a visit inside the window", visit(stage, cast)).await?;
    tour.step("what was on the screen, from the recording", replay(stage, cast, &session)).await?;
    tour.step("a visit is stopped on time", stopped_on_time(stage, cast, closes)).await?;
    tour.step("an attempt after the window is refused, and the SOC hears", off_schedule(stage, cast)).await?;
    let console = tour.step("a web console through the gate", console::opened(stage, cast)).await?;
    tour.step("a stop ends what the console still sends", console::stopped(stage, cast, &console)).await?;
    let har = console::recorded(stage, cast, &console.id);
    tour.step("the console's pages, from the recording (HAR)", har).await?;
    let refused = console::off_schedule(stage, cast);
    tour.step("whoever has no window is refused there too, and the SOC hears", refused).await?;
    let visits = [session.as_str(), console.id.as_str()];
    tour.step("the evidence verifies", evidence::verified(stage, cast, visits)).await?;
    tour.step("a flipped byte is found", evidence::flipped(stage, &session)).await?;
    println!("\nEvery step held.");
    Ok(())
}

struct Tour {
    number: u32,
    terminal: bool,
}

impl Tour {
    async fn step<T>(
        &mut self,
        title: &str,
        step: impl Future<Output = Result<(T, String), DemoError>>,
    ) -> Result<T, DemoError> {
        self.number += 1;
        let number = self.number;
        if self.terminal {
            print!("{number}. {title} …");
            // Progress is a courtesy; the line below says the same.
            drop(std::io::stdout().flush());
        }
        let failed = |why: String| DemoError::Step(format!("step {number}, {title}: {why}"));
        let (value, said) = match tokio::time::timeout(STEP, step).await {
            Ok(Ok(done)) => done,
            Ok(Err(error)) => return Err(failed(chain(&error))),
            Err(_) => return Err(failed(format!("not done within {STEP:?}"))),
        };
        println!("{}{number}. {title}", if self.terminal { "\r\x1b[K" } else { "" });
        said.lines().for_each(|line| println!("     {line}"));
        Ok(value)
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
    format!("{error}{cause}")
}

fn held(holds: bool, else_what: impl FnOnce() -> String) -> Result<(), DemoError> {
    if holds { Ok(()) } else { Err(DemoError::Step(else_what())) }
}

/// What a run of ssh left.
struct Ran {
    status: Option<i32>,
    out: String,
    errors: String,
    took: Duration,
}

async fn ssh(
    stage: &Stage,
    key: &std::path::Path,
    options: &[&str],
    command: &[&str],
    typed: &str,
) -> Result<Ran, DemoError> {
    let words = stage.ssh_words(key, "dana+alaris-sm-01");
    let (program, rest) = words.split_first().ok_or_else(|| DemoError::Step("no ssh to run".to_owned()))?;
    let began = Instant::now();
    let mut child = Command::new(program)
        .args(options)
        .args(rest)
        .args(command)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(trying("run ssh"))?;
    let (mut stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    if let Some(stdin) = stdin.as_mut() {
        // A refused ssh closes its input early.
        drop(stdin.write_all(typed.as_bytes()).await);
    }
    let read = async |pipe: Option<&mut (dyn tokio::io::AsyncRead + Unpin + Send)>| {
        let mut bytes = Vec::new();
        if let Some(pipe) = pipe {
            drop(pipe.read_to_end(&mut bytes).await);
        }
        String::from_utf8_lossy(&bytes).into_owned()
    };
    let (mut stdout, mut stderr) = (stdout, stderr);
    let (out, errors) = tokio::join!(
        read(stdout.as_mut().map(|pipe| pipe as _)),
        read(stderr.as_mut().map(|pipe| pipe as _)),
    );
    let status = child.wait().await.map_err(trying("wait for ssh"))?;
    drop(stdin);
    Ok(Ran { status: status.code(), out, errors, took: began.elapsed() })
}

async fn visit(stage: &Stage, cast: &Cast) -> Result<((String, Timestamp), String), DemoError> {
    let id = seed::window(stage, cast, &seed::patch("now", WINDOW), true).await?;
    let window = stage.as_person(&cast.priya, &["window", "show", &id]).await?;
    let closes = field(&window, "closes").as_str().and_then(|text| text.parse::<Timestamp>().ok());
    let closes =
        closes.ok_or_else(|| DemoError::Step("the window does not say when it closes".to_owned()))?;
    let ran = ssh(stage, &cast.dana, &["-tt"], &[], &format!("{TYPED}exit\n")).await?;
    held(ran.status == Some(0), || format!("ssh ended with {:?}: {}", ran.status, ran.errors.trim()))?;
    held(ran.out.contains(SHOWN), || format!("the terminal did not show {SHOWN:?}: {:?}", ran.out))?;
    let sessions = stage.as_person(&cast.sam, &["session", "list"]).await?;
    let newest = sessions.as_array().and_then(|list| list.last()).and_then(|one| field(one, "id").as_str());
    let session = newest.ok_or_else(|| DemoError::Step("no session is listed".to_owned()))?.to_owned();
    let said = format!(
        "Dana asked, Priya approved; `ssh dana+alaris-sm-01@gate` opened a shell, she typed, the server answered\n\
         \"{SHOWN}\". In and out in {:.1} s; visit {session}",
        ran.took.as_secs_f64()
    );
    Ok(((session, closes), said))
}

async fn replay(stage: &Stage, cast: &Cast, session: &str) -> Result<((), String), DemoError> {
    let file = stage.file("visit.txt");
    let export = [
        "recording",
        "export",
        session,
        "--format",
        "txt",
        "-o",
        text(&file),
        "--reason",
        "the tour compares it",
    ];
    stage.as_person(&cast.sam, &export).await?;
    let screen = std::fs::read_to_string(&file).map_err(trying("read the exported text"))?;
    held(screen.contains(SHOWN), || format!("the replay does not show {SHOWN:?}"))?;
    // The text of the channels; the events between them are in the file.
    let lines: Vec<String> =
        screen.lines().filter_map(|line| line.strip_prefix("0| ")).map(|line| format!("| {line}")).collect();
    Ok(((), lines.join("\n")))
}

async fn stopped_on_time(stage: &Stage, cast: &Cast, closes: Timestamp) -> Result<((), String), DemoError> {
    let ran = ssh(stage, &cast.dana, &["-n"], &["sleep", "300"], "").await?;
    let late = Timestamp::now().duration_since(closes);
    held(ran.status != Some(0), || "the command ended by itself".to_owned())?;
    held(late.as_millis() >= 0 && late.as_millis() <= 1_000, || {
        format!("cut {} ms after closes", late.as_millis())
    })?;
    Ok((
        (),
        format!(
            "`sleep 300` was cut {} ms after the window closed; ssh said: {}",
            late.as_millis(),
            last_line(&ran.errors)
        ),
    ))
}

async fn off_schedule(stage: &Stage, cast: &Cast) -> Result<((), String), DemoError> {
    let before = stage.soc.count();
    let ran = ssh(stage, &cast.dana, &["-n"], &["uptime"], "").await?;
    held(ran.status == Some(REFUSED), || {
        format!("ssh ended with {:?}, not {REFUSED}: {}", ran.status, ran.errors)
    })?;
    let is_late = |title: Option<&str>| title.is_some_and(|title| title.to_lowercase().contains("late"));
    let heard = stage.soc.wait_for(before, |message| is_late(message.title())).await;
    let heard = heard.ok_or_else(|| DemoError::Step("the SOC's receivers are gone".to_owned()))?;
    let made = field(&heard.event, "time").as_i64().and_then(|ms| Timestamp::from_millisecond(ms).ok());
    let took = made.map(|made| heard.at.duration_since(made).as_millis());
    held(took.is_some_and(|ms| ms <= 1_000), || format!("the alert took {took:?} ms"))?;
    let said = format!(
        "ssh ended with status {REFUSED}: {}\nthe SOC received by {}, {} ms after the attempt: {}",
        ran.errors.lines().find(|line| line.starts_with("Chaperone:")).unwrap_or_default(),
        heard.by,
        took.unwrap_or_default(),
        heard.title().unwrap_or_default(),
    );
    Ok(((), said))
}

/// A field of an answer; `null` where there is none, and then the step says what it wanted.
fn field<'v>(value: &'v Value, name: &str) -> &'v Value {
    value.get(name).unwrap_or(&Value::Null)
}

fn last_line(text: &str) -> &str {
    text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default()
}
