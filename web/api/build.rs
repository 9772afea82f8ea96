//! Builds the pages of `web/ui` and says where they are, for embedding. What is built already and no older than its
//! sources is taken as it is. `CHAPERONE_UI_DIST` names a folder with pages that were built elsewhere.

use std::error::Error;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

type Done<T> = Result<T, Box<dyn Error>>;

/// What the pages are built from, beside the sources.
const FILES: [&str; 5] =
    ["package.json", "package-lock.json", "index.html", "vite.config.ts", "tsconfig.json"];
const FOLDERS: [&str; 2] = ["src", "public"];

fn main() -> Done<()> {
    println!("cargo::rerun-if-env-changed=CHAPERONE_UI_DIST");
    let dist = match std::env::var_os("CHAPERONE_UI_DIST") {
        Some(dist) => {
            println!("cargo::rerun-if-changed={}", Path::new(&dist).display());
            PathBuf::from(dist)
        }
        None => built()?,
    };
    if !dist.join("index.html").is_file() {
        return Err(format!("there are no pages in {}: index.html is missing", dist.display()).into());
    }
    embed(&dist.canonicalize()?)
}

/// Writes the table of the pages' files, for `src/pages.rs` to include.
fn embed(dist: &Path) -> Done<()> {
    let mut files = Vec::new();
    list(dist, &mut files)?;
    files.sort();
    let mut table = "&[\n".to_owned();
    for file in files {
        let name = file.strip_prefix(dist)?.to_str().ok_or("a page's name is no UTF-8")?.to_owned();
        table.push_str(&format!("    ({name:?}, include_bytes!({:?})),\n", file.display().to_string()));
    }
    table.push_str("]\n");
    let out = std::env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?;
    fs::write(Path::new(&out).join("pages.in"), table)?;
    Ok(())
}

fn list(folder: &Path, files: &mut Vec<PathBuf>) -> Done<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            list(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

/// The folder of the pages, built if need be.
fn built() -> Done<PathBuf> {
    let ui = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ui").canonicalize()?;
    for name in FILES.iter().chain(&FOLDERS) {
        println!("cargo::rerun-if-changed={}", ui.join(name).display());
    }
    let dist = ui.join("dist");
    let sources = FILES.iter().chain(&FOLDERS).filter_map(|name| newest(&ui.join(name))).max();
    if newest(&dist.join("index.html")).is_some_and(|built| Some(built) >= sources) {
        return Ok(dist);
    }
    let installed = newest(&ui.join("node_modules/.package-lock.json"));
    if installed < newest(&ui.join("package-lock.json")) {
        npm(&ui, &["ci", "--no-audit", "--no-fund"])?;
    }
    npm(&ui, &["run", "build"])?;
    Ok(dist)
}

/// When the newest file in it was changed.
fn newest(path: &Path) -> Option<SystemTime> {
    if path.is_dir() {
        return fs::read_dir(path).ok()?.flatten().filter_map(|entry| newest(&entry.path())).max();
    }
    fs::metadata(path).and_then(|file| file.modified()).ok()
}

fn npm(folder: &Path, arguments: &[impl AsRef<OsStr>]) -> Done<()> {
    let words: Vec<_> = arguments.iter().map(|word| word.as_ref().to_string_lossy()).collect();
    let said = Command::new("npm").args(arguments).current_dir(folder).output().map_err(|error| {
        format!("npm cannot be run ({error}): install Node 20.19 or later, or name built pages with CHAPERONE_UI_DIST")
    })?;
    if said.status.success() {
        return Ok(());
    }
    let (out, err) = (String::from_utf8_lossy(&said.stdout), String::from_utf8_lossy(&said.stderr));
    Err(format!("npm {} in web/ui failed:\n{out}\n{err}", words.join(" ")).into())
}
