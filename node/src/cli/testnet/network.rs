//! A test network on disk: a directory for each validator, and a list of them.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
};

use anyhow::Context;
use hefu_contracts::genesis::Genesis;
use serde::{Deserialize, Serialize};

use crate::{
    cli::{failure::Told, files, pid, start},
    config::Config,
    demo::Edition,
};

/// File of the passphrase of all keys.
pub(super) const PASSPHRASE: &str = "passphrase";

/// File that lists the validators.
const LIST: &str = "testnet.json";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    /// Whether the demo's story is told on it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    demo: bool,
    /// Which of the demo's stories.
    #[serde(default)]
    story: Edition,
    validators: Vec<String>,
}

/// A test network.
pub(super) struct Network {
    /// The demo's story that is told on it.
    pub story: Option<Edition>,
    /// In the order of its founding.
    pub validators: Vec<Validator>,
}

/// A validator of the network.
pub(super) struct Validator {
    /// Id of the organisation that runs it.
    pub id: String,
    /// Its configuration file.
    pub config: PathBuf,
    /// Its data directory.
    pub data: PathBuf,
    /// Where its process writes its id.
    pub pid: PathBuf,
    /// Where its process logs.
    pub log: PathBuf,
    /// Where it serves pages and API.
    pub url: String,
}

/// Notes which validators the network has.
pub(super) fn write(dir: &Path, validators: Vec<String>, story: Option<Edition>) -> anyhow::Result<()> {
    let list = List { demo: story.is_some(), story: story.unwrap_or_default(), validators };
    files::write_new(&dir.join(LIST), &serde_json::to_string(&list)?)
}

/// The network in a directory.
pub(super) fn read(dir: &Path) -> anyhow::Result<Network> {
    let path = dir.join(LIST);
    let text = fs::read_to_string(&path).map_err(|error| {
        let told = Told::new(format!("there is no test network in {}", dir.display()));
        let hint = format!("`hefu testnet init --dir {}` makes one", dir.display());
        anyhow::Error::new(error).context(told.hint(hint))
    })?;
    let list: List = serde_json::from_str(&text).with_context(|| format!("{} is damaged", path.display()))?;
    let validators = list.validators.into_iter().map(|id| validator(dir, id));
    let story = list.demo.then_some(list.story);
    Ok(Network { story, validators: validators.collect::<anyhow::Result<_>>()? })
}

fn validator(dir: &Path, id: String) -> anyhow::Result<Validator> {
    let home = dir.join(&id);
    let config = home.join("hefu.toml");
    let Config { data, http, .. } = Config::read(&config)?;
    let url = format!("http://{}", http.listen);
    Ok(Validator { id, config, data, pid: home.join("pid"), log: home.join("node.log"), url })
}

impl Network {
    /// What its chain begins with.
    pub(super) fn genesis(&self) -> anyhow::Result<Genesis> {
        let first = self.validators.first().context("the network has no validators")?;
        start::read_genesis(&Config::read(&first.config)?.genesis)
    }
}

impl Validator {
    /// Id of the process, where it is running.
    pub(super) fn running(&self) -> anyhow::Result<Option<u32>> {
        pid::running(&self.pid)
    }

    /// The log, to be written on.
    pub(super) fn open_log(&self) -> anyhow::Result<File> {
        let opened = File::options().append(true).create(true).open(&self.log);
        opened.with_context(|| format!("cannot write {}", self.log.display()))
    }
}
