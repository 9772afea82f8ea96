//! `chaperone backup` and `chaperone restore`: a copy of all that is needed to begin again, made while the gate runs, and
//! put back before it starts. Keys are copied only when asked for: with them, who holds the copy holds everything.
//!
//! ```text
//!   database, as of one moment ─▶ recordings that the copy lacks or that have grown ─▶ newest checkpoint ─▶ backup.json
//! ```
//!
//! In that order: nothing that the copied database knows is missing from the copy.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use chaperone_store::Store;
use clap::Args;
use jiff::Timestamp;
use serde_json::json;

use crate::cli::{Failure, WithConfig, chain, say, say_json};
use crate::config::Config;
use crate::private_file;
use crate::serve::alone;

const DATABASE: &str = "chaperone.db";
const CHECKPOINT: &str = "newest-checkpoint";

/// Arguments of `backup`.
#[derive(Debug, Args)]
pub struct Backup {
    #[command(flatten)]
    config: WithConfig,
    /// The folder of the copy; a later copy into the same one takes only what is new
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
    /// Copy the keys too; else they are only listed
    #[arg(long)]
    with_keys: bool,
    /// Print JSON, for scripts
    #[arg(long)]
    json: bool,
}

/// Arguments of `restore`.
#[derive(Debug, Args)]
pub struct Restore {
    #[command(flatten)]
    config: WithConfig,
    /// The folder of the copy
    #[arg(long, value_name = "DIR")]
    from: PathBuf,
    /// The newest checkpoint that the SOC holds: the gate then knows what the copy lacks
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,
    /// Print JSON, for scripts
    #[arg(long)]
    json: bool,
}

/// Makes a copy, or brings one up to now.
///
/// # Errors
/// When something cannot be read, or the copy not be written.
pub async fn back_up(args: Backup) -> Result<(), Failure> {
    let config = Config::load(&args.config.config)?;
    let to = &args.output;
    private_file::folder(to).map_err(cannot("make", to))?;
    let fresh = to.join("chaperone.db.new");
    gone(fs::remove_file(&fresh)).map_err(cannot("replace", &fresh))?;
    let copied = Store::back_up(&config.database.url, &fresh).await;
    let embedded = copied.map_err(|error| {
        Failure::failed(format!("the database cannot be copied: {}", chain(&error)), "is database.url right?")
    })?;
    if embedded {
        let database = to.join(DATABASE);
        fs::rename(&fresh, &database).map_err(cannot("write", &database))?;
    }
    let recordings = missing_into(&config.data.recordings(), &to.join("recordings"), Newer::Source)?;
    // After the database: it is never older than what is in the copy, so that a restore knows what it lacks.
    let checkpoint = copy_if_there(&config.data.store().join(CHECKPOINT), &to.join(CHECKPOINT))?;
    let keys = names(&config.data.keys())?;
    if args.with_keys {
        missing_into(&config.data.keys(), &to.join("keys"), Newer::Source)?;
    }
    let about = json!({
        "made": Timestamp::now(), "build": env!("CARGO_PKG_VERSION"), "database": embedded.then_some(DATABASE),
        "recordings": recordings, "checkpoint": checkpoint, "keys": keys, "keys_copied": args.with_keys,
    });
    let text = format!("{about:#}\n");
    private_file::replace(&to.join("backup.json"), text.as_bytes()).map_err(cannot("write", to))?;
    sync(to).map_err(cannot("sync", to))?;
    if args.json {
        return say_json(&about);
    }
    let mut lines =
        vec![format!("Copied into {}: {recordings} new or grown files of recordings.", to.display())];
    lines.push(match embedded {
        true => "The database is in it, as of now.".to_owned(),
        false => "The database is a PostgreSQL: copy it with pg_dump, before each copy of the recordings."
            .to_owned(),
    });
    if !args.with_keys {
        lines.push(format!("Not in it, and needed for a restore: the keys ({}).", keys.join(", ")));
    }
    say(&lines.join("\n"))
}

/// Puts a copy back. What is there and newer stays: recordings are never overwritten, and of two checkpoints the larger
/// one counts.
///
/// # Errors
/// When the gate runs, the copy lacks something, or it cannot be written.
pub async fn restore(args: Restore) -> Result<(), Failure> {
    let config = Config::load(&args.config.config)?;
    let _alone = alone(&config)?;
    let database = restore_database(&config, &args.from)?;
    let recordings = missing_into(&args.from.join("recordings"), &config.data.recordings(), Newer::Target)?;
    private_file::folder(&config.data.store()).map_err(cannot("make", &config.data.store()))?;
    let known = config.data.store().join(CHECKPOINT);
    let given = args.checkpoint.clone().unwrap_or_else(|| args.from.join(CHECKPOINT));
    let checkpoint = size(&given) > size(&known) && copy_if_there(&given, &known)?;
    if args.from.join("keys").is_dir() {
        missing_into(&args.from.join("keys"), &config.data.keys(), Newer::Target)?;
    }
    let next = "start the gate; what the copy lacks is lost, and the gate says so: two people run chaperone ledger fork";
    let about =
        json!({ "database": database, "recordings": recordings, "checkpoint": checkpoint, "next": next });
    if args.json {
        return say_json(&about);
    }
    let database =
        if database { "The database is back." } else { "The database is a PostgreSQL: pg_restore first." };
    say(&format!("{database} {recordings} files of recordings are back.\nNext: {next}."))
}

/// Puts the embedded database back. One that is there is moved aside and never lost: it may hold what the copy lacks.
fn restore_database(config: &Config, from: &Path) -> Result<bool, Failure> {
    let file = Store::file_of(&config.database.url);
    let file = file.map_err(|error| Failure::failed(chain(&error), "is database.url right?"))?;
    let Some(file) = file else { return Ok(false) };
    let copy = from.join(DATABASE);
    if !copy.is_file() {
        let next = "is this a copy of `chaperone backup`?";
        return Err(Failure::failed(format!("there is no {}", copy.display()), next));
    }
    let aside = file.with_extension(format!("before-{}", Timestamp::now().as_second()));
    // The log belongs to the file beside it, also where that one is lost: with another it would be taken for that one's.
    for part in ["", "-wal", "-shm"] {
        let beside = |path: &Path| PathBuf::from(format!("{}{part}", path.display()));
        gone(fs::rename(beside(&file), beside(&aside))).map_err(cannot("move aside", &file))?;
    }
    copy_over(&copy, &file).map_err(cannot("write", &file))?;
    Ok(true)
}

/// Of a file that is in both folders, which one may replace the other.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Newer {
    /// The source's, where it is longer: recordings only grow until their seal.
    Source,
    /// The target's: nothing there is replaced.
    Target,
}

/// Copies the files that a folder lacks, each durably; how many.
fn missing_into(from: &Path, to: &Path, newer: Newer) -> Result<u64, Failure> {
    private_file::folder(to).map_err(cannot("make", to))?;
    let mut copied = 0;
    for name in names(from)? {
        // It is space without content; the node makes it again.
        if name == "reserve" {
            continue;
        }
        let (source, target) = (from.join(&name), to.join(&name));
        let len = |path: &Path| fs::metadata(path).map(|file| file.len()).ok();
        let keep = match newer {
            Newer::Source => len(&target) == len(&source),
            Newer::Target => len(&target).is_some(),
        };
        if keep {
            continue;
        }
        match copy_over(&source, &target) {
            // A journal that was folded in meanwhile, or a recording that retention has deleted.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            copied_it => {
                copied_it.map_err(cannot("copy", &source))?;
                copied += 1;
            }
        }
    }
    sync(to).map_err(cannot("sync", to))?;
    Ok(copied)
}

/// The names of the files in a folder, in order; none where there is no folder.
fn names(folder: &Path) -> Result<Vec<String>, Failure> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(cannot("list", folder))?,
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(cannot("list", folder))?;
        let is_file = entry.file_type().map_err(cannot("list", folder))?.is_file();
        names.extend(entry.file_name().into_string().ok().filter(|_| is_file));
    }
    names.sort_unstable();
    Ok(names)
}

fn copy_if_there(from: &Path, to: &Path) -> Result<bool, Failure> {
    if !from.is_file() {
        return Ok(false);
    }
    copy_over(from, to).map_err(cannot("copy", from))?;
    Ok(true)
}

/// Copies beside, makes it durable, and puts it in its place: a crash leaves the old one or the new one.
fn copy_over(from: &Path, to: &Path) -> io::Result<()> {
    let mut name = to.as_os_str().to_owned();
    name.push(".new");
    let fresh = PathBuf::from(name);
    fs::copy(from, &fresh)?;
    fs::File::open(&fresh)?.sync_all()?;
    fs::rename(&fresh, to)
}

fn sync(folder: &Path) -> io::Result<()> {
    fs::File::open(folder)?.sync_all()
}

fn gone(done: io::Result<()>) -> io::Result<()> {
    match done {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

/// Facts that a signed checkpoint counts: its second line (C2SP tlog-checkpoint). The gate checks the signature.
fn size(note: &Path) -> u64 {
    let text = fs::read_to_string(note).unwrap_or_default();
    text.lines().nth(1).and_then(|line| line.parse().ok()).unwrap_or_default()
}

fn cannot(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Failure {
    let path = path.to_owned();
    move |error| {
        Failure::failed(
            format!("cannot {what} {}: {error}", path.display()),
            "is there room, and is this the gate's own user?",
        )
    }
}
