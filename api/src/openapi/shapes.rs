//! How the ledger's own types look in JSON, for the OpenAPI document.
//!
//! The types themselves stand in crates that know nothing of HTTP; these names stand for them in the views' schemas.

use std::borrow::Cow;

use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        ArrayBuilder, ObjectBuilder, Ref, RefOr, Schema,
        schema::{KnownFormat, SchemaFormat, Type},
    },
};

fn reference<T: ToSchema>() -> RefOr<Schema> {
    Ref::from_schema_name(T::name()).into()
}

fn list_of<T: ToSchema>() -> RefOr<Schema> {
    ArrayBuilder::new().items(reference::<T>()).into()
}

fn count(description: &str) -> RefOr<Schema> {
    let minimum = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(0));
    minimum.description(Some(description)).into()
}

fn text(description: &str) -> RefOr<Schema> {
    ObjectBuilder::new().schema_type(Type::String).description(Some(description)).into()
}

/// One property of an object: its name, whether it is always there, and what it is.
type Property = (&'static str, bool, RefOr<Schema>);

fn object(description: &str, properties: Vec<Property>) -> RefOr<Schema> {
    let mut builder = ObjectBuilder::new().description(Some(description));
    for (name, always, schema) in properties {
        builder = builder.property(name, schema);
        if always {
            builder = builder.required(name);
        }
    }
    builder.into()
}

fn allowance(description: &str) -> RefOr<Schema> {
    let limits = ["bytesPerBlock", "bytesPerDay", "recordsPerBlock", "recordsPerDay"];
    object(description, limits.into_iter().map(|limit| (limit, true, count("at most"))).collect())
}

macro_rules! shapes {
    ($($(#[$doc:meta])* $name:ident $schema:expr;)*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug)]
            pub enum $name {}

            impl PartialSchema for $name {
                fn schema() -> RefOr<Schema> {
                    $schema
                }
            }

            impl ToSchema for $name {
                fn name() -> Cow<'static, str> {
                    Cow::Borrowed(stringify!($name))
                }
            }
        )*
    };
}

/// A string of a known form.
fn spelled(description: &str, pattern: &str, example: &str) -> RefOr<Schema> {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some(description))
        .pattern(Some(pattern))
        .examples([example])
        .into()
}

/// A word of a closed list.
fn word_of(description: &str, words: &[&'static str]) -> RefOr<Schema> {
    let words: Vec<&str> = words.to_vec();
    ObjectBuilder::new().schema_type(Type::String).description(Some(description)).enum_values(Some(words)).into()
}

shapes! {
    /// A hash.
    Hash spelled(
        "SHA-256 in lower-case hex digits",
        "^[0-9a-f]{64}$",
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    );
    /// An address.
    Address spelled(
        "an Ed25519 public key in SS58 with the generic prefix 42",
        "^[1-9A-HJ-NP-Za-km-z]{46,48}$",
        "5FA9nQDVg267DEd8m1ZypXLBnvN7SFxYwV7ndqSYGiN9TTpu",
    );
    /// A time.
    Time ObjectBuilder::new()
        .schema_type(Type::String)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
        .description(Some("RFC 3339 in UTC with milliseconds"))
        .examples(["2026-09-18T02:00:00.000Z"])
        .into();
    /// A height.
    Height count("position of a block in the chain, from 1");
    /// A GTIN.
    Gtin spelled("GTIN of 14 digits", "^[0-9]{14}$", "09528880010021");
    /// A GLN.
    Gln spelled("GLN of 13 digits", "^[0-9]{13}$", "9528880100012");
    /// A name.
    Name object("a name in the ledger's two languages", vec![
        ("en", true, text("English")),
        ("zh", true, text("Simplified Chinese")),
    ]);
    /// What a trade item is.
    ProductKind word_of("what a trade item is", &["component", "finished", "kit", "raw", "semi"]);
    /// What an organisation is.
    PartyKind word_of(
        "what an organisation is",
        &[
            "auditor", "brand", "carrier", "factory", "kol", "lab", "mcn", "platform", "supplier", "warehouse",
            "workshop",
        ],
    );
    /// What a record did to a row.
    Role word_of(
        "what a record did to a row",
        &[
            "commission", "observe", "destroy", "ship", "receive", "inspect", "pack", "unpack", "associate",
            "dissociate", "contain", "release", "issue", "register", "update", "flag",
            "settle", "consume", "produce", "transact", "refuse", "recover", "recall", "lift", "undo",
            "contradict",
        ],
    );
    /// Who may read a record.
    Visibility word_of("who may read a record; absent where everybody may", &["parties"]);
    /// A remark on a row.
    Flag word_of(
        "a remark on a row: possible, but not proven",
        &[
            "broken-aggregation", "error-declared", "error-without-original", "impossible-travel", "origin-not-on-ledger",
            "over-received", "short-received", "yield-out-of-bounds",
        ],
    );
    /// What became of a record.
    Status word_of("what became of a record", &["pending", "final", "refused", "expired"]);
    /// How long handing in waits for its answer.
    Wait word_of("until the records stand in a block", &["final"]);
    /// A signed record.
    Record ObjectBuilder::new()
        .description(Some("the signed document as it was handed in, canonical JSON with its Data Integrity proof"))
        .into();
    /// What is handed in.
    Submission object("a record together with its annex, canonical JSON (RFC 8785)", vec![
        ("annex", false, ObjectBuilder::new().description(Some("lists and values that the record commits to")).into()),
        ("record", true, reference::<Record>()),
    ]);
    /// What travels beside a record.
    Annex object("lists and values that a record commits to, by JSON Pointer into the record", vec![
        ("commissioning", false, ObjectBuilder::new().description(Some("proof that the codes were issued")).into()),
        ("lists", false, ObjectBuilder::new().description(Some("elements and salt of each list")).into()),
        ("values", false, ObjectBuilder::new().description(Some("value and salt of each that was not erased")).into()),
    ]);
    /// An access document.
    AccessDocument object("who reads, secured by the key's Data Integrity proof; canonical JSON (RFC 8785)", vec![
        ("@context", true, text("of the proof")),
        ("action", true, word_of("always `access`", &["access"])),
        ("aud", true, text("the node's origin, such as `https://t.example`")),
        ("chain", true, reference::<Hash>()),
        ("expires", true, reference::<Time>()),
        ("proof", true, ObjectBuilder::new().description(Some("the key's Data Integrity proof")).into()),
        ("signers", true, list_of::<Address>()),
    ]);
    /// A proof file.
    ProofFile ObjectBuilder::new()
        .description(Some("everything that is needed to check a row and its whole history offline"))
        .into();
    /// A statement bundle.
    StatementFile ObjectBuilder::new()
        .description(Some("everything that is needed to check a statement and recompute it offline"))
        .into();
    /// A genesis document.
    Genesis ObjectBuilder::new()
        .description(Some("the document that the chain begins with; its SHA-256 is the chain's name"))
        .into();
    /// A header.
    Header object("what the validators certify", vec![
        ("builder", true, reference::<Address>()),
        ("chain", true, reference::<Hash>()),
        ("height", true, reference::<Height>()),
        ("members", true, reference::<Hash>()),
        ("membersSince", true, reference::<Height>()),
        ("nextMembers", true, reference::<Hash>()),
        ("previous", true, reference::<Hash>()),
        ("records", true, reference::<Hash>()),
        ("register", true, reference::<Hash>()),
        ("time", true, reference::<Time>()),
        ("version", true, count("format version")),
    ]);
    /// A precommit.
    Precommit object("one validator's precommit", vec![
        ("signature", true, text("over the precommit's text, base64url")),
        ("validator", true, reference::<Address>()),
    ]);
    /// A certificate.
    Certificate object("that a quorum of the height's validators decided on the block", vec![
        ("block", true, reference::<Hash>()),
        ("height", true, reference::<Height>()),
        ("round", true, count("the round that decided")),
        ("signatures", true, list_of::<Precommit>()),
    ]);
    /// A grant.
    Grant object("one thing a key may do", vec![
        ("expires", false, reference::<Time>()),
        ("role", true, word_of(
            "what the key may do",
            &["admin", "capture", "catalogue", "contract", "issue", "pay", "read", "registrar", "report", "validate"],
        )),
        ("scope", false, ObjectBuilder::new().description(Some("limits of a capture grant")).into()),
    ]);
    /// Limits.
    Quota object("what may be recorded", vec![
        ("key", true, allowance("by each key")),
        ("organisation", true, allowance("by all keys of an organisation together")),
    ]);
    /// A day's records.
    Spent object("what was recorded on one day of UTC", vec![
        ("bytes", true, count("their bytes, signed texts and elements of lists")),
        ("records", true, count("records")),
        ("since", true, reference::<Time>()),
    ]);
    /// A revocation.
    Revoked object("that and when a key was revoked", vec![
        ("at", true, reference::<Time>()),
        ("reason", true, word_of("why", &["compromised", "lost", "retired"])),
        ("record", true, reference::<Hash>()),
    ]);
    /// A receipt.
    Receipt object("a node's word about a record; signed by the node where it stands alone", vec![
        ("@context", false, text("of the proof")),
        ("chain", true, reference::<Hash>()),
        ("code", false, text("the rule against it, where it was refused")),
        ("conflict", false, reference::<Hash>()),
        ("height", false, reference::<Height>()),
        ("id", true, reference::<Hash>()),
        ("index", false, count("position in the block, from 0")),
        ("node", true, reference::<Address>()),
        ("proof", false, ObjectBuilder::new().description(Some("the node's Data Integrity proof")).into()),
        ("status", true, reference::<Status>()),
        ("time", true, reference::<Time>()),
        ("type", true, word_of("always `receipt`", &["receipt"])),
    ]);
}
