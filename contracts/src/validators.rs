//! Validators as the rules see them: who they are, and that one of them has contradicted itself.
//!
//! An honest validator signs one proposal, one prevote and one precommit in a round. Two signatures of one validator for
//! different blocks at the same height, round and step are evidence that anybody can check; an honest machine cannot
//! produce it, whatever its network does to it (J. Kwon, Tendermint: Consensus without Mining, 2014).

#[cfg(test)]
mod tests;

use hefu_keys::{Address, Hash, PublicKey, Signature};
use serde::{Deserialize, Serialize};

use crate::{
    certificate::{Member, Members, base64url},
    entry::Role,
    execute::{Case, Checked, Moment},
    height::Height,
    parties::KeyRole,
    refusal::{Code, Refusal},
    row::{KEY_OF_MEMBERS, key_of_evidence},
    shared::Shared,
    state::Writes,
    votes::{Statement, Step},
};

/// Row `members`: the validators that sign the next block. Its entries are the contradictions that were recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MembersRow {
    /// The set.
    pub members: Members,
    /// The first height that it signs.
    pub since: Height,
}

/// Row `evidence/<validator>/<height>/<round>/<step>`: that a validator has contradicted itself there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvidenceRow {
    /// The organisation that runs the validator.
    pub party: String,
    /// The record with the two statements.
    pub record: Hash,
}

/// Body of `system.evidence`: two statements that a validator signed and should not have signed both. Any validator
/// records it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// The one whose text is less, byte by byte: a contradiction has one form.
    pub first: Signed,
    /// The other.
    pub second: Signed,
    /// Who signed both.
    pub validator: Address,
}

/// A statement and its signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signed {
    /// Over the statement's canonical text, base64url.
    #[serde(with = "base64url")]
    pub signature: Signature,
    /// What was signed.
    pub statement: Statement,
}

impl Evidence {
    /// Puts two signed statements of a validator into their order.
    pub fn new(validator: Address, one: Signed, other: Signed) -> Evidence {
        let (first, second) = if one.statement.text() < other.statement.text() { (one, other) } else { (other, one) };
        Evidence { first, second, validator }
    }

    /// That the two statements are of one place in `chain`, name different blocks, and were both signed by the validator.
    ///
    /// # Errors
    /// `E-EVIDENCE-FORM`, `E-RECORD-CHAIN` or `E-EVIDENCE-SIGNATURE`.
    pub fn check(&self, chain: &Hash) -> Result<(), Refusal> {
        let (one, other) = (&self.first.statement, &self.second.statement);
        for (pointer, statement) in [("/body/first", one), ("/body/second", other)] {
            if statement.chain != *chain {
                let detail = format!("the statement names {}, this is {chain}", statement.chain);
                return Err(Refusal::new(Code::RecordChain).at(format!("{pointer}/statement/chain")).because(detail));
            }
            if !statement.is_whole() {
                return Err(form(
                    &format!("{pointer}/statement"),
                    "a vote has no polRound, a proposal has one and a block",
                ));
            }
        }
        if one.place() != other.place() {
            return Err(form("/body/second/statement", "it is of another height, round or step than the first"));
        }
        if one.block == other.block {
            return Err(form("/body/second/statement/block", "both name the same block"));
        }
        if one.text() >= other.text() {
            return Err(form("/body", "the statement whose text is less comes first"));
        }
        self.check_signatures()
    }

    fn check_signatures(&self) -> Result<(), Refusal> {
        let refused = |pointer: &str| Refusal::new(Code::EvidenceSignature).at(format!("/body/{pointer}"));
        let key =
            PublicKey::try_from(&self.validator).map_err(|weak| refused("validator").because(weak.to_string()))?;
        for (pointer, signed) in [("first/signature", &self.first), ("second/signature", &self.second)] {
            key.verify(signed.statement.text().as_bytes(), &signed.signature)
                .map_err(|bad| refused(pointer).because(bad.to_string()))?;
        }
        Ok(())
    }

    /// Where the contradiction lies.
    pub fn place(&self) -> (Height, u32, Step) {
        self.first.statement.place()
    }
}

fn form(pointer: &str, detail: &str) -> Refusal {
    Refusal::new(Code::EvidenceForm).at(pointer).because(detail)
}

/// The validator of this key, where it is one.
///
/// # Errors
/// From the storage.
pub(crate) fn find(case: &Case<'_>, key: &Address) -> Checked<Option<(Member, Shared<MembersRow>)>> {
    let row: Option<Shared<MembersRow>> = case.get(KEY_OF_MEMBERS)?;
    Ok(row.and_then(|row| Some((row.members.get(key)?.clone(), row))))
}

pub(crate) fn record_evidence(case: &Case<'_>, body: &Evidence) -> Checked<Writes> {
    case.require(KeyRole::Validate)?;
    let unknown = |pointer, key: &Address| Refusal::new(Code::ValidatorUnknown).at(pointer).because(key.to_string());
    let author = case.author().address;
    find(case, &author)?.ok_or_else(|| unknown("/signers/0", &author))?;
    let accused = find(case, &body.validator)?;
    let (accused, row) = accused.ok_or_else(|| unknown("/body/validator", &body.validator))?;
    check_height(body, &row, case.moment())?;
    body.check(&case.moment().chain)?;
    let key = key_of_evidence(&body.validator, body.place());
    if let Some(before) = case.get::<EvidenceRow>(&key)? {
        return Err(Refusal::new(Code::EvidenceKnown).at("/body").against(before.record).into());
    }

    let mut writes = Writes::default();
    writes.set(key, EvidenceRow { party: accused.party, record: case.record().id });
    writes.note(KEY_OF_MEMBERS, row, Role::Contradict);
    Ok(writes)
}

/// That the contradiction lies at a height that the set of this row signs, not above the block that records it: a later
/// round of the same height may record what happened in an earlier one.
fn check_height(body: &Evidence, row: &MembersRow, moment: &Moment) -> Result<(), Refusal> {
    let height = body.first.statement.height;
    if height >= row.since && height <= moment.height {
        return Ok(());
    }
    let detail = format!("height {height}, {} to {} can be judged", row.since, moment.height);
    Err(Refusal::new(Code::EvidenceForm).at("/body/first/statement/height").because(detail))
}
