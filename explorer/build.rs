//! Checks the browser's files against their manifest and writes them down as constants. It needs neither a network nor
//! node.js: the files are committed.

use std::{collections::BTreeMap, env, fmt::Write as _, fs, io, path::Path, process::ExitCode};

use serde::Deserialize;
use sha2::{Digest, Sha256};

const DIST: &str = "assets/dist";
const REMEDY: &str = "run `npm ci && npm run build` in web/";

/// The names that the pages ask for; `fallback.js` is asked for by `trace.js`.
const NAMES: [&str; 9] = [
    "blocks.js",
    "earnings.js",
    "explorer.css",
    "fallback.js",
    "labels.css",
    "session.js",
    "signing.js",
    "style.css",
    "trace.js",
];

/// What the manifest says of a file.
#[derive(Deserialize)]
struct Built {
    bytes: usize,
    file: String,
    sha256: String,
}

fn main() -> ExitCode {
    for watched in [DIST, "src", "templates"] {
        println!("cargo::rerun-if-changed={watched}");
    }
    match write() {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            println!("cargo::error={why}");
            ExitCode::FAILURE
        }
    }
}

fn write() -> Result<(), String> {
    let manifest = read(&format!("{DIST}/manifest.json"))?;
    let built: BTreeMap<String, Built> =
        serde_json::from_slice(&manifest).map_err(|error| format!("{DIST}/manifest.json: {error}; {REMEDY}"))?;
    let mut text = String::from("pub(crate) static FILES: &[File] = &[\n");
    for (name, Built { bytes, file, sha256 }) in &built {
        let path = format!("{DIST}/{file}");
        let contents = read(&path)?;
        if contents.len() != *bytes || hex(&Sha256::digest(&contents)) != *sha256 {
            return Err(format!("{path} is not what the manifest says; {REMEDY}"));
        }
        let bytes = format!("include_bytes!(concat!(env!(\"CARGO_MANIFEST_DIR\"), {:?}))", format!("/{path}"));
        line(&mut text, &format!("    File {{ name: {name:?}, file: {file:?}, bytes: {bytes} }},"));
    }
    text.push_str("];\n");
    line(&mut text, "pub(crate) static URLS: Urls = Urls {");
    for name in NAMES {
        let found = built.get(name).ok_or_else(|| format!("{name} is not in {DIST}/manifest.json; {REMEDY}"))?;
        let field = name.split('.').next().unwrap_or_default();
        if field != "fallback" {
            line(&mut text, &format!("    {field}: {:?},", format!("/assets/{}", found.file)));
        }
    }
    text.push_str("};\n");
    line(&mut text, &format!("pub(crate) const BUILD: &str = {:?};", build_id(&manifest)?));
    let out = env::var("OUT_DIR").map_err(|error| error.to_string())?;
    fs::write(Path::new(&out).join("assets.rs"), text).map_err(|error| error.to_string())
}

fn read(path: &str) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|error| format!("{path}: {error}; {REMEDY}"))
}

fn line(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}

/// Names what the pages are made of, so that a browser's copy is not kept across versions of them.
fn build_id(manifest: &[u8]) -> Result<String, String> {
    let mut hash = Sha256::new();
    hash.update(manifest);
    for folder in ["src", "templates"] {
        take_in(Path::new(folder), &mut hash).map_err(|error| format!("{folder}: {error}"))?;
    }
    Ok(hex(&hash.finalize()).chars().take(16).collect())
}

fn take_in(folder: &Path, hash: &mut Sha256) -> io::Result<()> {
    let mut paths: Vec<_> = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?;
    paths.sort();
    for path in paths {
        if path.is_dir() {
            take_in(&path, hash)?;
        } else {
            hash.update(fs::read(&path)?);
        }
    }
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        write!(text, "{byte:02x}").unwrap_or_default();
        text
    })
}
