//! `hefu party`, `key`, `authority` and `site`: who takes part, and who may do what.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use hefu_contracts::{
    action::Action,
    gs1::Gln,
    parties::{
        AuthorityGrant, AuthorityRevoke, Grant, KeyGrant, KeyRevoke, KeyRole, Name, Party as Newcomer, PartyKind,
        Position, Reason, Scope, SitePut,
    },
    time::Time,
};

use super::{
    author::{self, Signing},
    words,
};
use crate::client::Content;

/// A name in both languages.
#[derive(Clone, Debug, Args)]
pub struct Names {
    /// Name in English
    #[arg(long, value_name = "NAME")]
    name_en: String,
    /// Name in Chinese
    #[arg(long, value_name = "NAME")]
    name_zh: String,
}

impl From<Names> for Name {
    fn from(names: Names) -> Name {
        Name { en: names.name_en, zh: names.name_zh }
    }
}

/// An organisation as it joins.
#[derive(Clone, Debug, Args)]
pub struct Organisation {
    /// Id of the organisation: 2 to 32 of a-z, 0-9 and hyphen
    #[arg(long)]
    id: String,
    /// What it is: auditor, brand, carrier, factory, kol, lab, mcn, platform, supplier, warehouse or workshop
    #[arg(long, value_parser = words::parse::<PartyKind>)]
    kind: PartyKind,
    #[command(flatten)]
    names: Names,
    /// Its own GLN, which also becomes its first site
    #[arg(long)]
    gln: Option<Gln>,
    /// A GS1 company prefix of its own; several are possible
    #[arg(long = "prefix", value_name = "DIGITS")]
    prefixes: Vec<String>,
}

impl Organisation {
    /// The organisation with its first admin key.
    pub fn with_admin(self, admin: hefu_keys::Address) -> Newcomer {
        let Organisation { id, kind, names, gln, prefixes } = self;
        Newcomer { admin, gln, id, kind, name: names.into(), prefixes }
    }
}

/// `hefu party …`
#[derive(Debug, Subcommand)]
pub enum Party {
    /// Admit an organisation
    ///
    /// Signed by a registrar (--key) and by the organisation's first admin key (--admin), which proves that somebody
    /// has it. Where the file of the admin key is not here, the half-signed record is printed for its holder.
    #[command(after_help = "Examples:\n  \
        hefu party add --id huaxu --kind factory --name-en Huaxu --name-zh 华序 --gln 9528880200019 \\\n    \
        --prefix 95288802 --admin huaxu-admin --key registrar\n  \
        hefu party add … --admin 5F3s… --key registrar --out huaxu.json")]
    Add(PartyAdd),
}

/// `hefu party add`
#[derive(Debug, Args)]
pub struct PartyAdd {
    #[command(flatten)]
    signing: Signing,
    #[command(flatten)]
    organisation: Organisation,
    /// Its first admin key: name, path or address
    #[arg(long, value_name = "KEY")]
    admin: String,
    /// File for the half-signed record, where the admin key is not here
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Party {
    /// Runs the command.
    pub fn run(self) -> anyhow::Result<()> {
        let Party::Add(PartyAdd { signing, organisation, admin, out }) = self;
        let admin = signing.keyring().find(&admin)?;
        let party = organisation.with_admin(author::address_of(&admin)?);
        let content = Content::plain(Action::PartyAdd, serde_json::to_value(party)?);
        signing.author()?.submit_with(&content, (signing.keyring(), &admin), out.as_ref())
    }
}

/// `hefu key …`
#[derive(Debug, Subcommand)]
pub enum Key {
    /// Let a key sign for your organisation; replaces what it could do before
    ///
    /// Signed by an admin (--key) and by the key itself, which proves that somebody has it. Where its file is not
    /// here, the half-signed record is printed for its holder.
    #[command(after_help = "Examples:\n  \
        hefu key grant line1 --role capture --site 9528880200019 --key admin\n  \
        hefu key grant 5F3s… --role capture --step shipping --step receiving --key admin --out grant.json")]
    Grant(KeyGrantArgs),
    /// Take a key back
    #[command(after_help = "Examples:\n  hefu key revoke line1 --reason lost --key admin")]
    Revoke(KeyRevokeArgs),
}

/// `hefu key grant`
#[derive(Debug, Args)]
pub struct KeyGrantArgs {
    #[command(flatten)]
    signing: Signing,
    /// The key that is granted: name, path or address
    #[arg(value_name = "GRANTED")]
    granted: String,
    /// What it may do: admin, capture, catalogue, issue, read or registrar; several are possible
    #[arg(long = "role", required = true, value_parser = words::parse::<KeyRole>)]
    roles: Vec<KeyRole>,
    /// The last moment at which it may (RFC 3339)
    #[arg(long, value_parser = Time::from_rfc3339, value_name = "TIME")]
    expires: Option<Time>,
    /// With role capture: only this CBV business step; several are possible
    #[arg(long = "step", value_name = "STEP")]
    steps: Vec<String>,
    /// With role capture: only events read at this site; several are possible
    #[arg(long = "site", value_name = "GLN")]
    sites: Vec<Gln>,
    /// With role capture: only identifiers of this company prefix; several are possible
    #[arg(long = "prefix", value_name = "DIGITS")]
    prefixes: Vec<String>,
    /// File for the half-signed record, where the key is not here
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// `hefu key revoke`
#[derive(Debug, Args)]
pub struct KeyRevokeArgs {
    #[command(flatten)]
    signing: Signing,
    /// The key that is revoked: name, path or address
    #[arg(value_name = "REVOKED")]
    revoked: String,
    /// Why: compromised, lost or retired
    #[arg(long, value_parser = words::parse::<Reason>)]
    reason: Reason,
}

impl Key {
    /// Runs the command.
    pub fn run(self) -> anyhow::Result<()> {
        match self {
            Key::Grant(grant) => grant.run(),
            Key::Revoke(KeyRevokeArgs { signing, revoked, reason }) => {
                let key = author::address_of(&signing.keyring().find(&revoked)?)?;
                let body = serde_json::to_value(KeyRevoke { key, reason })?;
                signing.author()?.submit(&Content::plain(Action::KeyRevoke, body), &[]).map(drop)
            }
        }
    }
}

impl KeyGrantArgs {
    fn run(self) -> anyhow::Result<()> {
        let named = self.signing.keyring().find(&self.granted)?;
        let scope = Scope { biz_steps: self.steps, prefixes: self.prefixes, sites: self.sites };
        let grant = |role| {
            let scope = if role == KeyRole::Capture { scope.clone() } else { Scope::default() };
            Grant { expires: self.expires, role, scope }
        };
        let grants = self.roles.iter().copied().map(grant).collect();
        let body = KeyGrant { grants, key: author::address_of(&named)? };
        let content = Content::plain(Action::KeyGrant, serde_json::to_value(body)?);
        self.signing.author()?.submit_with(&content, (self.signing.keyring(), &named), self.out.as_ref())
    }
}

/// `hefu authority …`
#[derive(Debug, Subcommand)]
pub enum Authority {
    /// Let another organisation record events for your identifiers; replaces an earlier authority
    #[command(after_help = "Examples:\n  \
        hefu authority grant --prefix 952888001 --to huaxu --step commissioning --key admin")]
    Grant(AuthorityGrantArgs),
    /// Take authority back
    #[command(after_help = "Examples:\n  hefu authority revoke --prefix 952888001 --to huaxu --key admin")]
    Revoke(AuthorityRevokeArgs),
}

/// `hefu authority grant`
#[derive(Debug, Args)]
pub struct AuthorityGrantArgs {
    #[command(flatten)]
    signing: Signing,
    /// Your company prefix
    #[arg(long, value_name = "DIGITS")]
    prefix: String,
    /// Id of the organisation that is given authority
    #[arg(long, value_name = "PARTY")]
    to: String,
    /// Only this CBV business step; several are possible, none means all
    #[arg(long = "step", value_name = "STEP")]
    steps: Vec<String>,
    /// The last moment at which it holds (RFC 3339)
    #[arg(long, value_parser = Time::from_rfc3339, value_name = "TIME")]
    expires: Option<Time>,
}

/// `hefu authority revoke`
#[derive(Debug, Args)]
pub struct AuthorityRevokeArgs {
    #[command(flatten)]
    signing: Signing,
    /// Your company prefix
    #[arg(long, value_name = "DIGITS")]
    prefix: String,
    /// Id of the organisation that loses authority
    #[arg(long, value_name = "PARTY")]
    to: String,
}

impl Authority {
    /// Runs the command.
    pub fn run(self) -> anyhow::Result<()> {
        let (signing, content) = match self {
            Authority::Grant(AuthorityGrantArgs { signing, prefix, to, steps, expires }) => {
                let body = AuthorityGrant { biz_steps: steps, expires, prefix, to };
                (signing, Content::plain(Action::AuthorityGrant, serde_json::to_value(body)?))
            }
            Authority::Revoke(AuthorityRevokeArgs { signing, prefix, to }) => {
                let body = serde_json::to_value(AuthorityRevoke { prefix, to })?;
                (signing, Content::plain(Action::AuthorityRevoke, body))
            }
        };
        signing.author()?.submit(&content, &[]).map(drop)
    }
}

/// `hefu site …`
#[derive(Debug, Subcommand)]
pub enum Site {
    /// Declare a place of your organisation, or change its name
    #[command(after_help = "Examples:\n  \
        hefu site put --gln 9528880100029 --name-en 'RDC Hangzhou' --name-zh 杭州仓 \\\n    \
        --latitude 30.2741 --longitude 120.1551 --key admin")]
    Put(SitePutArgs),
}

/// `hefu site put`
#[derive(Debug, Args)]
pub struct SitePutArgs {
    #[command(flatten)]
    signing: Signing,
    /// The place's GLN
    #[arg(long)]
    gln: Gln,
    #[command(flatten)]
    names: Names,
    /// Degrees north of the equator, negative in the south, with up to 7 decimals
    #[arg(long, value_name = "DEGREES", value_parser = degrees, allow_negative_numbers = true, requires = "longitude")]
    latitude: Option<i64>,
    /// Degrees east of Greenwich, negative in the west, with up to 7 decimals
    #[arg(long, value_name = "DEGREES", value_parser = degrees, allow_negative_numbers = true, requires = "latitude")]
    longitude: Option<i64>,
}

/// Decimal degrees in steps of 10^-7.
fn degrees(text: &str) -> Result<i64, &'static str> {
    const ADVICE: &str = "degrees are written like 31.2304 or -121.4737, with up to 7 decimals";
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let plain = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !plain(whole) || !plain(fraction) || whole.len() > 3 || fraction.len() > 7 {
        return Err(ADVICE);
    }
    let steps: i64 = format!("{whole}{fraction:0<7}").parse().map_err(|_| ADVICE)?;
    Ok(if digits == text { steps } else { steps.saturating_neg() })
}

impl Site {
    /// Runs the command.
    pub fn run(self) -> anyhow::Result<()> {
        let Site::Put(SitePutArgs { signing, gln, names, latitude, longitude }) = self;
        let position = latitude.zip(longitude).map(|(latitude, longitude)| Position { latitude, longitude });
        let body = serde_json::to_value(SitePut { gln, name: names.into(), position })?;
        signing.author()?.submit(&Content::plain(Action::SitePut, body), &[]).map(drop)
    }
}
