//! Key files of the person at the terminal: where they are, and how they are opened.

use std::{
    fs,
    io::IsTerminal,
    path::{Path, PathBuf},
};

use anyhow::Context;
use clap::Args;
use hefu_keys::{Address, SecretKey, file};
use zeroize::Zeroizing;

use super::failure::Told;

/// Where keys are kept and how they are opened.
#[derive(Clone, Debug, Args)]
pub struct Keyring {
    /// Directory of key files [default: ~/.hefu/keys]
    #[arg(long, env = "HEFU_KEYS", value_name = "DIR")]
    dir: Option<PathBuf>,

    /// File whose first line is the passphrase; otherwise it is asked for
    #[arg(long, env = "HEFU_PASSPHRASE_FILE", value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

/// What a text names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Named {
    /// A key whose file is here.
    Here(PathBuf),
    /// A key that somebody else has.
    Elsewhere(Address),
}

impl Keyring {
    /// A directory of keys whose passphrase is in a file, or asked for.
    pub fn of(dir: PathBuf, passphrase_file: Option<PathBuf>) -> Keyring {
        Keyring { dir: Some(dir), passphrase_file }
    }

    /// The directory of key files.
    ///
    /// # Errors
    /// Where none was named and the person has no home directory.
    pub fn directory(&self) -> anyhow::Result<PathBuf> {
        if let Some(dir) = &self.dir {
            return Ok(dir.clone());
        }
        let home = std::env::home_dir().ok_or_else(|| Told::new("no home directory is known").hint("use --dir"))?;
        Ok(home.join(".hefu").join("keys"))
    }

    /// The directory, made for its owner alone where it does not exist.
    ///
    /// # Errors
    /// From the file system.
    pub fn make_directory(&self) -> anyhow::Result<PathBuf> {
        let directory = self.directory()?;
        make_private(&directory).with_context(|| format!("cannot make the directory {}", directory.display()))?;
        Ok(directory)
    }

    /// The file of a new key.
    ///
    /// # Errors
    /// Where the name is no plain file name.
    pub fn file_of(&self, name: &str) -> anyhow::Result<PathBuf> {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if name.is_empty() || name.starts_with('.') || !name.chars().all(plain) {
            let sentence = format!("the name {name:?} has other characters than letters, digits, `-`, `_` and `.`");
            return Err(Told::new(sentence).into());
        }
        Ok(self.directory()?.join(format!("{name}.{}", file::EXTENSION)))
    }

    /// What a text names: a key file by its path or its name in the directory, or an address.
    ///
    /// # Errors
    /// Where it names nothing.
    pub fn find(&self, text: &str) -> anyhow::Result<Named> {
        if text.contains('/') || text.ends_with(".key") {
            return Ok(Named::Here(PathBuf::from(text)));
        }
        if let Ok(address) = text.parse::<Address>() {
            return Ok(self.file_of_address(&address).map_or(Named::Elsewhere(address), Named::Here));
        }
        let path = self.file_of(text)?;
        if path.is_file() {
            return Ok(Named::Here(path));
        }
        let sentence = format!("there is no key {text:?} in {}", self.directory()?.display());
        Err(Told::new(sentence).hint("`hefu keys list` shows the keys, `hefu keys new` makes one").into())
    }

    fn file_of_address(&self, address: &Address) -> Option<PathBuf> {
        let listed = file::list(&self.directory().ok()?).ok()?;
        let is = |key: &file::Listed| key.description.as_ref().is_ok_and(|found| found.address == *address);
        listed.into_iter().find(is).map(|key| key.path)
    }

    /// Opens a key file that [`find`](Keyring::find) can find.
    ///
    /// # Errors
    /// Where there is none here, or the passphrase is wrong.
    pub fn open(&self, text: &str) -> anyhow::Result<SecretKey> {
        match self.find(text)? {
            Named::Here(path) => self.open_file(&path),
            Named::Elsewhere(address) => {
                let sentence = format!("the key {address} is not in {}", self.directory()?.display());
                Err(Told::new(sentence).hint("--dir says where the key files are").into())
            }
        }
    }

    /// Opens a key file.
    ///
    /// # Errors
    /// Where it cannot be read, or the passphrase is wrong.
    pub fn open_file(&self, path: &Path) -> anyhow::Result<SecretKey> {
        // Described first: nobody should type a passphrase for a file that is not there.
        let described = file::describe(path)?;
        let passphrase = self.passphrase(&format!("Passphrase of {}: ", described.name))?;
        Ok(file::open(path, &passphrase)?)
    }

    /// A passphrase for a new key, typed twice.
    ///
    /// # Errors
    /// Where there is neither a file nor a terminal, or the two differ.
    pub fn new_passphrase(&self, name: &str) -> anyhow::Result<Zeroizing<String>> {
        let passphrase = self.passphrase(&format!("New passphrase of {name}: "))?;
        if self.passphrase_file.is_none() {
            let again = self.passphrase("Again: ")?;
            if passphrase != again {
                return Err(Told::new("the two passphrases differ").into());
            }
        }
        Ok(passphrase)
    }

    fn passphrase(&self, prompt: &str) -> anyhow::Result<Zeroizing<String>> {
        match &self.passphrase_file {
            Some(path) => {
                let failed = || format!("cannot read the passphrase file {}", path.display());
                let text = Zeroizing::new(fs::read_to_string(path).with_context(failed)?);
                let line = text.lines().next().unwrap_or_default();
                Ok(Zeroizing::new(line.to_owned()))
            }
            None => ask(prompt, "--passphrase-file or HEFU_PASSPHRASE_FILE"),
        }
    }
}

/// Asks at the terminal without showing what is typed. `otherwise` names the options that do without.
///
/// # Errors
/// Where there is no terminal.
pub fn ask(prompt: &str, otherwise: &str) -> anyhow::Result<Zeroizing<String>> {
    if !std::io::stderr().is_terminal() {
        let told = Told::new("something secret is needed, and there is no terminal to ask at");
        return Err(told.hint(format!("use {otherwise}")).into());
    }
    Ok(Zeroizing::new(rpassword::prompt_password(prompt).context("cannot read from the terminal")?))
}

/// Makes a directory, and those above it, for its owner alone.
///
/// # Errors
/// From the file system.
pub fn make_private(directory: &Path) -> std::io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_named_by_path_name_or_address() {
        let home = tempfile::tempdir().unwrap();
        let keyring = Keyring::of(home.path().to_owned(), None);
        let secret = SecretKey::from_seed([1; 32]);
        let key = file::NewKey { name: "line1", created: "2026-09-18T02:00:00Z", secret: &secret };
        let path = keyring.file_of("line1").unwrap();
        file::create(&path, &key, "open", file::Work::Rounds(1)).unwrap();
        let stranger = SecretKey::from_seed([2; 32]).address();
        assert_eq!(keyring.find("line1").unwrap(), Named::Here(path.clone()));
        for (text, expected) in [
            (secret.address().to_string(), Named::Here(path)),
            (stranger.to_string(), Named::Elsewhere(stranger)),
            ("elsewhere/x.key".to_owned(), Named::Here("elsewhere/x.key".into())),
        ] {
            assert_eq!(keyring.find(&text).unwrap(), expected, "{text}");
        }
        assert!(keyring.find("line2").unwrap_err().to_string().contains("there is no key \"line2\""));
    }

    #[test]
    fn names_stay_inside_the_directory() {
        let keyring = Keyring::of("keys".into(), None);
        for name in ["", "..", ".hidden", "a/b", "a b", "钥"] {
            assert!(keyring.file_of(name).is_err(), "{name:?}");
        }
        assert_eq!(keyring.file_of("line-1.a_b").unwrap(), Path::new("keys/line-1.a_b.key"));
    }
}
