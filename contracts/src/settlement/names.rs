//! Names of parties, order lines and events, which must not be taken for one another. One name stands in many places
//! while an event is judged: short ones lie where they are named, longer ones are shared.

use std::fmt;

use smol_str::SmolStr;

/// Longest name, in bytes.
pub const NAME_BYTES_MAX: usize = 128;

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident: $fits:expr,)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(SmolStr);

        impl $name {
            /// A name of this kind, or `None` where its form is another.
            pub fn new(text: &str) -> Option<$name> {
                let fits: fn(&str) -> bool = $fits;
                (!text.is_empty() && text.len() <= NAME_BYTES_MAX && fits(text)).then(|| $name(text.into()))
            }

            /// The name.
            pub fn as_str(&self) -> &str {
                self.0.as_str()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

names! {
    /// An organisation or person of the contract: ASCII letters, digits and hyphens, first a small letter or a digit.
    Party: |text| text.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'),
    /// A component of the term sheet: ASCII letters, digits, hyphens and underscores.
    ComponentId: is_plain,
    /// A milestone that the contract names.
    MilestoneName: is_plain,
    /// An order line, unique over platform, order and line (§6).
    LineId: |text| !text.contains(char::is_control),
    /// The order that lines belong to.
    OrderId: |text| !text.contains(char::is_control),
    /// An event, as whoever reports it names it.
    EventId: |text| !text.contains(char::is_control),
    /// An item of a pool's costs: ASCII letters, digits, hyphens and underscores.
    CostId: is_plain,
    /// An amount agreed on outside of the terms: ASCII letters, digits, hyphens and underscores.
    AdjustmentId: is_plain,
    /// A payout that was instructed.
    BatchId: |text| !text.contains(char::is_control),
}
