//! Why a record was not taken: numbered codes for machines, sentences for people.
//!
//! A number and a name are never reused. *Malformed* is not our bytes, *rejected* is turned away at the door, *refused*
//! is against a rule.

use std::fmt;

use hefu_keys::Hash;
use serde::{Deserialize, Serialize, Serializer, de::Error as _};

/// Which of the three kinds of no.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// The bytes are not a record of ours.
    Malformed,
    /// Turned away at the door: key, signature, size, room.
    Rejected,
    /// A rule of the ledger speaks against it.
    Refused,
}

/// One list says number, variant, name, class, HTTP status and sentence, so that none can miss.
macro_rules! codes {
    ($($number:literal $variant:ident $name:literal $class:ident $status:literal $sentence:literal,)*) => {
        /// A reason for a no.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[repr(u16)]
        pub enum Code { $(#[doc = $sentence] $variant = $number,)* }

        impl Code {
            /// Every code.
            pub const ALL: &'static [Code] = &[$(Code::$variant),*];

            /// The stable name, such as `E-ITEM-COMMISSIONED`.
            pub const fn name(self) -> &'static str { match self { $(Code::$variant => $name,)* } }

            /// The stable number.
            pub const fn number(self) -> u16 { match self { $(Code::$variant => $number,)* } }

            /// Which kind of no.
            pub const fn class(self) -> Class { match self { $(Code::$variant => Class::$class,)* } }

            /// The HTTP status that answers it (RFC 9110).
            pub const fn status(self) -> u16 { match self { $(Code::$variant => $status,)* } }

            /// What it means, in English, lower case, without a full stop.
            pub const fn sentence(self) -> &'static str { match self { $(Code::$variant => $sentence,)* } }
        }
    };
}

codes! {
    1 JsonSyntax "E-JSON-SYNTAX" Malformed 400 "the text is not JSON",
    2 JsonNotCanonical "E-JSON-NOT-CANONICAL" Malformed 400 "the text is JSON but not canonical (RFC 8785)",
    3 JsonDuplicateKey "E-JSON-DUPLICATE-KEY" Malformed 400 "an object names a member twice",
    4 JsonKeyOrder "E-JSON-KEY-ORDER" Malformed 400 "the members of an object are not in canonical order",
    5 JsonNumber "E-JSON-NUMBER" Malformed 400 "a number is not spelt as ECMAScript spells it",
    6 JsonString "E-JSON-STRING" Malformed 400 "a string holds a lone surrogate, invalid UTF-8 or a needless escape",
    7 JsonDepth "E-JSON-DEPTH" Malformed 400 "arrays and objects are nested too deeply",
    8 RecordShape "E-RECORD-SHAPE" Malformed 400 "a field is of the wrong form",
    9 RecordSize "E-RECORD-SIZE" Rejected 413 "the record is too large",
    10 AnnexSize "E-ANNEX-SIZE" Rejected 413 "the annex is too large",
    11 ElementCount "E-ELEMENT-COUNT" Rejected 413 "the record has too many list elements",
    12 RecordPart "E-RECORD-PART" Malformed 400 "a detached part does not match its commitment",
    13 RecordProof "E-RECORD-PROOF" Malformed 400 "the proof is not an eddsa-jcs-2022 proof of the record's signers",
    14 RecordChain "E-RECORD-CHAIN" Refused 422 "the record was made for another chain",
    15 Signature "E-SIGNATURE" Rejected 401 "a signature does not match the record",
    16 KeyUnknown "E-KEY-UNKNOWN" Rejected 401 "the key is not registered",
    17 KeyRevoked "E-KEY-REVOKED" Rejected 403 "the key was revoked",
    18 KeyExpired "E-KEY-EXPIRED" Rejected 403 "the key's grants have expired",
    19 KeyRole "E-KEY-ROLE" Rejected 403 "the key has no role for this",
    20 PoolFull "E-POOL-FULL" Rejected 429 "too many records are waiting, try again later",
    21 RecordExpired "E-RECORD-EXPIRED" Refused 422 "the record has expired",
    22 RecordExpiresLate "E-RECORD-EXPIRES-LATE" Refused 422 "the record expires later than 30 days from now",
    23 SeqUsed "E-SEQ-USED" Refused 422 "this sequence number of the key was used by another record",
    24 SeqWindow "E-SEQ-WINDOW" Refused 422 "the sequence number is outside the key's window",
    25 RowsPerBlock "E-ROWS-PER-BLOCK" Refused 422 "the record touches more rows than a block may",
    26 PartyExists "E-PARTY-EXISTS" Refused 422 "an organisation of this id exists",
    27 PrefixTaken "E-PREFIX-TAKEN" Refused 422 "the company prefix belongs to, or overlaps that of, another organisation",
    28 GlnTaken "E-GLN-TAKEN" Refused 422 "the GLN belongs to another organisation",
    29 PartyUnknown "E-PARTY-UNKNOWN" Refused 422 "no organisation of this id exists",
    30 KeyPossession "E-KEY-POSSESSION" Refused 422 "the granted key has not signed the record",
    31 KeyWeak "E-KEY-WEAK" Refused 422 "the key is of small order, torsioned or not canonical",
    32 KeyOfOther "E-KEY-OF-OTHER" Refused 422 "the key belongs to another organisation",
    33 KeyLastAdmin "E-KEY-LAST-ADMIN" Refused 422 "the key is the organisation's last admin",
    34 PrefixForeign "E-PREFIX-FOREIGN" Refused 422 "the identifier's company prefix is not the organisation's own",
    35 AuthorityNone "E-AUTHORITY-NONE" Refused 422 "the owner of the identifier has not given the organisation authority for this step",
    36 SiteForeign "E-SITE-FOREIGN" Refused 422 "the place is a site of another organisation",
    37 ProductVersion "E-PRODUCT-VERSION" Refused 422 "the catalogue entry's version is not the next one",
    38 ProductUnknown "E-PRODUCT-UNKNOWN" Refused 422 "the trade item is not in the catalogue",
    39 BatchUnknown "E-BATCH-UNKNOWN" Refused 422 "no batch of codes was issued by this record",
    40 BatchMaker "E-BATCH-MAKER" Refused 422 "the batch was issued to another maker",
    41 CodeNotIssued "E-CODE-NOT-ISSUED" Refused 422 "the serial is not proven to be in the batch",
    42 ItemCommissioned "E-ITEM-COMMISSIONED" Refused 422 "the item was commissioned before",
    43 ItemNotCommissioned "E-ITEM-NOT-COMMISSIONED" Refused 422 "the item has not been commissioned",
    44 ItemDestroyed "E-ITEM-DESTROYED" Refused 422 "the item was destroyed or decommissioned",
    45 EventFuture "E-EVENT-FUTURE" Refused 422 "the event's time lies in the future",
    46 EventBeforeCommissioning "E-EVENT-BEFORE-COMMISSIONING" Refused 422 "the event's time lies before the item's commissioning",
    47 EventOutOfOrder "E-EVENT-OUT-OF-ORDER" Refused 422 "the event's time lies before the item's last change of state",
    48 EventDuplicate "E-EVENT-DUPLICATE" Refused 409 "the organisation has recorded this event before",
    49 ItemPacked "E-ITEM-PACKED" Refused 422 "the item is inside a container or assembly",
    50 ItemNotInParent "E-ITEM-NOT-IN-PARENT" Refused 422 "the item is not inside this parent",
    51 PackCycle "E-PACK-CYCLE" Refused 422 "a thing cannot be inside itself",
    52 PackDepth "E-PACK-DEPTH" Refused 422 "things are nested too deeply",
    53 PackHolder "E-PACK-HOLDER" Refused 422 "parent and contents must be held by the organisation that packs",
    54 PackPlace "E-PACK-PLACE" Refused 422 "parent and contents are at different places",
    55 UnpackAll "E-UNPACK-ALL" Refused 422 "contents must be named one by one when they leave a parent",
    56 ItemNotHolder "E-ITEM-NOT-HOLDER" Refused 422 "the organisation does not hold the item",
    57 ItemInTransit "E-ITEM-IN-TRANSIT" Refused 422 "the item is on its way to a named receiver",
    58 TransferNone "E-TRANSFER-NONE" Refused 422 "nobody has shipped the item",
    59 TransferOther "E-TRANSFER-OTHER" Refused 422 "the item was shipped to another receiver",
    60 TransferNoReceiver "E-TRANSFER-NO-RECEIVER" Refused 422 "the shipping names no receiver that is on the ledger",
    61 ItemNotEmpty "E-ITEM-NOT-EMPTY" Refused 422 "things are inside the item and must be taken out first",
    62 EventOtherThings "E-EVENT-OTHER-THINGS" Refused 422 "the declaration names other things than the event that it declares to be in error",
    63 FieldUnknown "E-FIELD-UNKNOWN" Malformed 400 "a field is not known here",
    64 FieldMissing "E-FIELD-MISSING" Malformed 400 "a field is missing",
    65 ActionUnknown "E-ACTION-UNKNOWN" Malformed 400 "the record's action is not known",
    66 RecordSpelling "E-RECORD-SPELLING" Malformed 400 "the same can be written otherwise, and only one spelling is read",
    67 ItemConsumed "E-ITEM-CONSUMED" Refused 422 "the item was used up in a transformation",
    68 AncestryDepth "E-ANCESTRY-DEPTH" Refused 422 "a thing cannot come of so many transformations one after the other",
    69 AncestryWidth "E-ANCESTRY-WIDTH" Refused 422 "a thing cannot come of so many others",
    70 AncestryCycle "E-ANCESTRY-CYCLE" Refused 422 "a thing cannot come of itself",
    71 BalanceShort "E-BALANCE-SHORT" Refused 422 "there is not so much of the lot",
    72 BalanceLarge "E-BALANCE-LARGE" Refused 422 "the sum is larger than an amount may be",
    73 QuantityNone "E-QUANTITY-NONE" Refused 422 "the event changes a balance and does not say by how much",
    74 TransferExpired "E-TRANSFER-EXPIRED" Refused 422 "the handover was not ended in time and is off",
    75 TransferMany "E-TRANSFER-MANY" Refused 422 "too many shipments of the lot are on their way to the receiver",
    76 OwnerOther "E-OWNER-OTHER" Refused 422 "the item is owned by another organisation",
    77 ItemRecalled "E-ITEM-RECALLED" Refused 422 "the item, something that it came of or that is inside it, or what its site made then, is recalled",
    78 RecallUnknown "E-RECALL-UNKNOWN" Refused 422 "no recall of this was opened by this record",
    79 RecallLifted "E-RECALL-LIFTED" Refused 422 "the recall was lifted before",
    80 RecallSigners "E-RECALL-SIGNERS" Refused 422 "a recall is lifted by the organisation that opened it together with another",
    81 RecallMany "E-RECALL-MANY" Refused 422 "too many recalls of this are open",
    82 BomVersion "E-BOM-VERSION" Refused 422 "the bill of material is not the next version, or begins before the last one",
    83 BomInput "E-BOM-INPUT" Refused 422 "the bill of material in force knows nothing of this input",
    84 BomMissing "E-BOM-MISSING" Refused 422 "the bill of material in force asks for this, and none was used",
    85 BomUnit "E-BOM-UNIT" Refused 422 "what has a bill of material is reported by the piece",
    86 RecordTogether "E-RECORD-TOGETHER" Rejected 409 "another record that was handed in together with this one was not taken",
    87 SiteUnknown "E-SITE-UNKNOWN" Refused 422 "no site of this number is registered",
    100 ValidatorUnknown "E-VALIDATOR-UNKNOWN" Refused 422 "the key is not that of a validator",
    101 EvidenceForm "E-EVIDENCE-FORM" Refused 422 "the two statements do not contradict each other",
    102 EvidenceSignature "E-EVIDENCE-SIGNATURE" Refused 422 "a statement is not signed by the validator",
    103 EvidenceKnown "E-EVIDENCE-KNOWN" Refused 409 "the contradiction was recorded before",
    104 QuotaOrganisation "E-QUOTA-ORGANISATION" Rejected 429 "the organisation has recorded today what it may in a day",
    105 QuotaKey "E-QUOTA-KEY" Rejected 429 "the key has recorded today what it may in a day",
    106 QuotaBlock "E-QUOTA-BLOCK" Rejected 413 "the record alone is larger than its author's part of a block",
    120 TermsForm "E-TERMS-FORM" Malformed 400 "the term sheet does not hold",
    121 RecordPublic "E-RECORD-PUBLIC" Refused 422 "amounts and terms are for the parties: the record's visibility must say so",
    122 AgreementUnknown "E-AGREEMENT-UNKNOWN" Refused 422 "no agreement of this id was signed",
    123 AgreementVersion "E-AGREEMENT-VERSION" Refused 422 "the version of the terms is not the next one, or does not follow the one before",
    124 AgreementUnsigned "E-AGREEMENT-UNSIGNED" Refused 422 "a required signature is missing",
    125 AgreementObliged "E-AGREEMENT-OBLIGED" Refused 422 "the terms oblige somebody whose signature they do not require",
    126 AgreementOther "E-AGREEMENT-OTHER" Refused 422 "a new version keeps contract, currency, obligor and parties",
    127 AgreementRetroactive "E-AGREEMENT-RETROACTIVE" Refused 422 "the terms would be in force before they were signed",
    128 AgreementNotice "E-AGREEMENT-NOTICE" Refused 422 "a reduction needs the agreed notice",
    129 AgreementCover "E-AGREEMENT-COVER" Refused 422 "the line does not fall under the agreement",
    130 AgreementParty "E-AGREEMENT-PARTY" Refused 422 "this is not for the organisation to do under the agreement",
    131 FeedUnknown "E-FEED-UNKNOWN" Refused 422 "no feed of this name was declared",
    132 FeedKey "E-FEED-KEY" Refused 422 "the fact is not signed by the key of its feed",
    133 FeedOther "E-FEED-OTHER" Refused 422 "the feed is another organisation's, or reports another platform",
    134 FactFuture "E-FACT-FUTURE" Refused 422 "the fact's time lies in the future",
    135 OrderMonth "E-ORDER-MONTH" Refused 422 "the order's month is not that of its creation",
    136 ShareRange "E-SHARE-RANGE" Refused 422 "a share is more than nothing and at most the whole",
    137 AmountRange "E-AMOUNT-RANGE" Refused 422 "an amount is larger than 10^17 minor units",
    138 AmountOverflow "E-AMOUNT-OVERFLOW" Refused 422 "a sum or product does not fit",
    139 BaseNegative "E-BASE-NEGATIVE" Refused 422 "a base may not be negative",
    140 UnitsRange "E-UNITS-RANGE" Refused 422 "a count of units is negative or larger than 10^12",
    141 CurrencyOther "E-CURRENCY-OTHER" Refused 422 "the contract is in another currency",
    142 TermsNotInForce "E-TERMS-NOT-IN-FORCE" Refused 422 "no version of the terms is in force at this time",
    143 PeriodOutside "E-PERIOD-OUTSIDE" Refused 422 "the time lies outside the contract's period",
    144 PeriodRunning "E-PERIOD-RUNNING" Refused 422 "the period has not ended yet",
    145 MilestoneReached "E-MILESTONE-REACHED" Refused 422 "the milestone was reached before",
    146 LineExists "E-LINE-EXISTS" Refused 422 "the order line was paid before",
    147 LineUnknown "E-LINE-UNKNOWN" Refused 422 "no order line of this name was paid",
    148 LineShipped "E-LINE-SHIPPED" Refused 422 "the order line was shipped or received before",
    149 LineReceived "E-LINE-RECEIVED" Refused 422 "the order line was received before",
    150 LineCodes "E-LINE-CODES" Refused 422 "the item codes are not those of the line, or not as many as its pieces",
    151 CodeSold "E-CODE-SOLD" Refused 422 "the item left with another order line",
    152 RefundExceeds "E-REFUND-EXCEEDS" Refused 422 "refunds would exceed what was paid",
    153 AftersaleOpen "E-AFTERSALE-OPEN" Refused 422 "an after-sales case of the line is open already",
    154 AftersaleNone "E-AFTERSALE-NONE" Refused 422 "no after-sales case of the line is open",
    155 UnitUnknown "E-UNIT-UNKNOWN" Refused 422 "no unit of this name exists",
    156 UnitNotDue "E-UNIT-NOT-DUE" Refused 422 "none of the units may be released yet",
    157 UnitDisputed "E-UNIT-DISPUTED" Refused 422 "the unit is in dispute already",
    158 UnitUndisputed "E-UNIT-UNDISPUTED" Refused 422 "the unit is not in dispute",
    159 DisputeLate "E-DISPUTE-LATE" Refused 422 "the statement with this unit is beyond dispute",
    160 DisputeDecision "E-DISPUTE-DECISION" Refused 422 "a dispute ends by whoever opened it or by two of obligor, beneficiary and arbiter",
    161 PayoutBelow "E-PAYOUT-BELOW" Refused 422 "the payout would be below the agreed minimum",
    162 PayoutExceeds "E-PAYOUT-EXCEEDS" Refused 422 "more would be paid than is payable",
    163 TaxExceeds "E-TAX-EXCEEDS" Refused 422 "more tax would be withheld than is paid",
    164 PayoutExists "E-PAYOUT-EXISTS" Refused 422 "a payout of this batch to this party was instructed before",
    165 PayoutUnknown "E-PAYOUT-UNKNOWN" Refused 422 "no payout of this batch to this party is under way",
    166 PayoutReceipt "E-PAYOUT-RECEIPT" Refused 422 "that a payout arrived is signed by its receiver or an auditor as well",
    167 StatementNothing "E-STATEMENT-NOTHING" Refused 422 "nothing has happened since the last statement, or its period was stated before",
    168 StatementUnknown "E-STATEMENT-UNKNOWN" Refused 422 "no statement of this number was issued",
    169 StatementAccepted "E-STATEMENT-ACCEPTED" Refused 422 "the statement was accepted before",
    170 Settlement "E-SETTLEMENT" Refused 422 "the terms cannot be applied to this",
    171 RecordDrill "E-RECORD-DRILL" Refused 422 "an exercise counts in no balance: nothing is done under an agreement by one",
    172 AmountZero "E-AMOUNT-ZERO" Refused 422 "an amount of nothing has no effect",
    173 CostExists "E-COST-EXISTS" Refused 422 "a cost of this name was reported before",
    174 CostUnsigned "E-COST-UNSIGNED" Refused 422 "a cost is signed by everybody who bears it",
    175 CostUnborne "E-COST-UNBORNE" Refused 422 "under these terms nobody bears costs of this category",
    176 CostNegative "E-COST-NEGATIVE" Refused 422 "more costs would come back than there were",
    177 AdjustmentExists "E-ADJUSTMENT-EXISTS" Refused 422 "an adjustment of this name was made before",
    178 CodeReturned "E-CODE-RETURNED" Refused 422 "the item came back and was not put into stock again",
    179 CodeNotReturned "E-CODE-NOT-RETURNED" Refused 422 "nobody has recorded that the item was returned",
    180 AccessHeader "E-ACCESS-HEADER" Malformed 400 "the Authorization header is not the word `Hefu` and a document in base64url",
    181 AccessSize "E-ACCESS-SIZE" Rejected 413 "the access document is too large",
    182 AccessChain "E-ACCESS-CHAIN" Rejected 401 "the access document is for another chain",
    183 AccessAudience "E-ACCESS-AUDIENCE" Rejected 401 "the access document is for another node",
    184 AccessExpired "E-ACCESS-EXPIRED" Rejected 401 "the access document has expired",
    185 AccessExpiresLate "E-ACCESS-EXPIRES-LATE" Rejected 401 "the access document expires later than 15 minutes from now",
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        let known = Code::ALL.iter().find(|code| code.name() == name);
        known.copied().ok_or_else(|| D::Error::custom(format!("unknown code {name:?}")))
    }
}

/// A no: its code, what it is about, and the record that stands in the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The reason.
    pub code: Code,
    /// Id of the record that the refused one conflicts with, where there is one.
    pub conflict: Option<Hash>,
    /// JSON Pointer (RFC 6901) into the record, empty where the whole record is meant.
    pub pointer: String,
    /// What was found and what is allowed, for people.
    pub detail: String,
}

impl Refusal {
    /// A refusal with nothing but its code.
    pub const fn new(code: Code) -> Refusal {
        Refusal { code, conflict: None, pointer: String::new(), detail: String::new() }
    }

    /// Names the record in the way.
    #[must_use]
    pub const fn against(mut self, record: Hash) -> Refusal {
        self.conflict = Some(record);
        self
    }

    /// Says where in the record.
    #[must_use]
    pub fn at(mut self, pointer: impl Into<String>) -> Refusal {
        self.pointer = pointer.into();
        self
    }

    /// Says what was found.
    #[must_use]
    pub fn because(mut self, detail: impl Into<String>) -> Refusal {
        self.detail = detail.into();
        self
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code.sentence())?;
        if !self.detail.is_empty() {
            write!(f, ": {}", self.detail)?;
        }
        Ok(())
    }
}

impl std::error::Error for Refusal {}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_and_numbers_are_used_once() {
        let names: BTreeSet<_> = Code::ALL.iter().map(|code| code.name()).collect();
        let numbers: BTreeSet<_> = Code::ALL.iter().map(|code| code.number()).collect();
        assert_eq!((names.len(), numbers.len()), (Code::ALL.len(), Code::ALL.len()));
    }

    #[test]
    fn every_no_is_a_client_error() {
        for code in Code::ALL {
            let expected = match code.class() {
                Class::Malformed => 400..=400,
                Class::Rejected => 401..=429,
                Class::Refused => 409..=422,
            };
            assert!(expected.contains(&code.status()), "{code}");
        }
    }
}
