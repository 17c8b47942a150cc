//! Parties: organisations, their sites, keys and the authority they give each other.

mod authority;
mod grants;
mod keys;
mod organisation;
mod position;
pub mod quota;
mod window;

#[cfg(test)]
mod tests;

pub use authority::{AuthorityGrant, AuthorityRevoke, AuthorityRow, find_owner, may_record};
pub(crate) use authority::{grant as grant_authority, revoke as revoke_authority};
pub use grants::{Grant, KeyRole, Scope};
pub use keys::{KeyGrant, KeyRevoke, KeyRow, Reason, Revoked, Signer, signers};
pub(crate) use keys::{add_validator, grant as grant_key, revoke as revoke_key};
pub use organisation::{
    Name, PREFIX_DIGITS, Party, PartyAdd, PartyKind, PartyRow, PrefixRow, SitePut, SiteRow, site_of_gln,
};
pub(crate) use organisation::{add as add_party, put_site, register as register_party};
pub use position::{DEGREE, Position};
pub(crate) use quota::set as set_quota;
pub use quota::{Allowance, Charge, Quota, QuotaRow, QuotaSet, Shares, Spent};
pub use window::{WINDOW, Window};
