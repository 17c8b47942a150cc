//! Authors: who signs records at the terminal, and how a record gets from there to a node.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use hefu_contracts::receipt::Receipt;
use hefu_keys::{Address, Hash, SecretKey};

use super::{
    failure::Told,
    files,
    keyring::{Keyring, Named},
    output,
};
use crate::client::{self, Answer, Client, ClientError, Content, Frame, Partial};

/// Which node is asked.
#[derive(Clone, Debug, Args)]
pub struct AtNode {
    /// Address of the node
    #[arg(long, env = "HEFU_NODE", default_value = "http://127.0.0.1:8080", value_name = "URL")]
    node: String,
}

impl AtNode {
    /// Its address, as it was given.
    pub fn url(&self) -> &str {
        &self.node
    }

    /// A client of the node.
    pub fn client(&self) -> Client {
        Client::new(&self.node)
    }
}

/// Who signs, and for which node.
#[derive(Clone, Debug, Args)]
pub struct Signing {
    #[command(flatten)]
    keyring: Keyring,
    #[command(flatten)]
    node: AtNode,
    /// Name, path or address of the key that signs
    #[arg(long, short)]
    key: String,
    /// Print the receipt as JSON
    #[arg(long)]
    json: bool,
}

/// A key that is ready to sign for a chain.
pub struct Author {
    client: Client,
    key: SecretKey,
    chain: Hash,
    json: bool,
}

impl Signing {
    /// Opens the key and asks the node which chain it serves.
    ///
    /// # Errors
    /// Where the key cannot be opened or the node does not answer.
    pub fn author(&self) -> anyhow::Result<Author> {
        let client = self.node.client();
        // Asked before the passphrase: nobody should type it for a node that is not there.
        let chain = client.status()?.chain;
        Ok(Author { client, key: self.keyring.open(&self.key)?, chain, json: self.json })
    }

    /// Hands a record in that somebody else may have to sign as well.
    ///
    /// # Errors
    /// As [`Author::submit_with`].
    pub fn submit(&self, content: &Content, with: Option<&str>, out: Option<&PathBuf>) -> anyhow::Result<()> {
        match with {
            None => self.author()?.submit(content, &[]).map(drop),
            Some(second) => {
                let second = self.keyring.find(second)?;
                self.author()?.submit_with(content, (&self.keyring, &second), out)
            }
        }
    }

    /// Makes a record that several must sign, signed by this key. Where nobody else must it is handed in; otherwise it
    /// is written to `out`, or printed, and goes from signer to signer.
    ///
    /// # Errors
    /// As [`Author::submit`], or from the file system.
    pub fn pass_around(&self, content: &Content, others: &[String], out: Option<&PathBuf>) -> anyhow::Result<()> {
        if others.is_empty() {
            return self.author()?.submit(content, &[]).map(drop);
        }
        let mut signers = Vec::with_capacity(others.len().saturating_add(1));
        for other in others {
            signers.push(address_of(&self.keyring.find(other)?)?);
        }
        let author = self.author()?;
        signers.insert(0, author.key().address());
        let mut partial = Partial::read(content.draft(&author.frame()?).document(&signers)?)?;
        partial.sign(author.key())?;
        for signer in partial.missing() {
            eprintln!("{signer} has yet to sign, with `hefu record sign FILE --key KEY`");
        }
        files::print_or_write(out, &partial.text()?)
    }

    /// A client of the node.
    pub fn client(&self) -> Client {
        self.node.client()
    }

    /// Whether people or programs read the output.
    pub const fn is_json(&self) -> bool {
        self.json
    }

    /// Where keys are.
    pub fn keyring(&self) -> &Keyring {
        &self.keyring
    }
}

impl Author {
    /// The key.
    pub fn key(&self) -> &SecretKey {
        &self.key
    }

    /// The node.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The chain that the node serves.
    pub fn chain(&self) -> Hash {
        self.chain
    }

    /// Whether people or programs read the output.
    pub fn json(&self) -> bool {
        self.json
    }

    /// A frame with the key's next free sequence number.
    ///
    /// # Errors
    /// Where the key is not registered, or the node does not answer.
    pub fn frame(&self) -> anyhow::Result<Frame> {
        let seq = next_seq(&self.client, &self.key.address())?;
        Ok(Frame::new(self.chain, seq)?)
    }

    /// Signs a record, hands it in, waits until it is final, and prints what became of it.
    ///
    /// # Errors
    /// Where the node did not take it, or does not answer.
    pub fn submit(&self, content: &Content, others: &[&SecretKey]) -> anyhow::Result<Receipt> {
        let keys: Vec<&SecretKey> = std::iter::once(&self.key).chain(others.iter().copied()).collect();
        let submission = client::submission(content, &self.frame()?, &keys)?;
        let receipt = hand_in(&self.client, &submission, true)?;
        print_receipt(&receipt, self.json)?;
        Ok(receipt)
    }

    /// As [`submit`](Author::submit), for a record that a second key must sign to prove that somebody has it. Where
    /// its file is not here, the document with this key's signature is written to `out`, or printed.
    ///
    /// # Errors
    /// As [`submit`](Author::submit), or from the file system.
    pub fn submit_with(
        &self,
        content: &Content,
        (keyring, second): (&Keyring, &Named),
        out: Option<&PathBuf>,
    ) -> anyhow::Result<()> {
        // An admin may change its own grants; it signs once.
        if address_of(second)? == self.key.address() {
            return self.submit(content, &[]).map(drop);
        }
        match second {
            Named::Here(path) => {
                let second = keyring.open_file(path)?;
                self.submit(content, &[&second]).map(drop)
            }
            Named::Elsewhere(address) => {
                let draft = content.draft(&self.frame()?);
                let mut partial = Partial::read(draft.document(&[self.key.address(), *address])?)?;
                partial.sign(&self.key)?;
                eprintln!("Signed by {}. The holder of {address} signs it with:", self.key.address());
                eprintln!("  hefu record sign FILE --key KEY --out SIGNED && hefu record submit SIGNED --wait");
                files::print_or_write(out, &partial.text()?)
            }
        }
    }
}

/// The address that a second signer has.
///
/// # Errors
/// Where a key file cannot be read.
pub fn address_of(named: &Named) -> anyhow::Result<Address> {
    match named {
        Named::Here(path) => Ok(hefu_keys::file::describe(path)?.address),
        Named::Elsewhere(address) => Ok(*address),
    }
}

/// The next free sequence number of a registered key.
///
/// # Errors
/// Where the node does not know the key, or does not answer.
pub fn next_seq(client: &Client, address: &Address) -> anyhow::Result<u64> {
    let key = client.key(address)?.ok_or_else(|| {
        Told::new(format!("the key {address} is not registered on this chain"))
            .hint("an admin of its organisation registers it with `hefu key grant`")
    })?;
    Ok(key.next_seq)
}

/// Hands a submission in.
///
/// # Errors
/// [`ClientError::Problem`] where the node did not take it.
pub fn hand_in(client: &Client, submission: &str, wait: bool) -> anyhow::Result<Receipt> {
    match client.submit(submission, wait).context("the record was not handed in")? {
        Answer::Taken(receipt) => Ok(receipt),
        Answer::Not(problem) => {
            Err(anyhow::Error::new(ClientError::Problem(problem)).context("the record was not taken"))
        }
    }
}

/// Prints a record's id and, for people, what became of it.
///
/// # Errors
/// Where stdout cannot be written.
pub fn print_receipt(receipt: &Receipt, json: bool) -> anyhow::Result<()> {
    if json {
        return output::json(receipt);
    }
    eprintln!("{}", client::outcome(receipt));
    output::line(receipt.id)
}
