//! Everything the pages say, in both languages, as typed fields: a word that one language lacks does not compile.

pub(crate) mod en;
pub(crate) mod terms;
pub(crate) mod troubles;
pub(crate) mod zh;

/// A sentence with a number in it.
#[derive(Debug)]
pub(crate) struct Counted {
    pub one: &'static str,
    /// `{n}` stands for the number.
    pub many: &'static str,
}

impl Counted {
    /// By reference, as templates pass values.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "templates pass every value by reference")]
    pub(crate) fn of(&self, n: &u64) -> String {
        let form = if *n == 1 { self.one } else { self.many };
        form.replace("{n}", &n.to_string())
    }
}

/// A piece of a page that is all words.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Block {
    Text(&'static str),
    Code(&'static str),
    Link { href: &'static str, text: &'static str },
}

/// A part of a page that is all words.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Section {
    pub id: &'static str,
    pub title: &'static str,
    pub blocks: &'static [Block],
}

/// The words of one language.
#[derive(Debug)]
pub(crate) struct Words {
    pub lang: &'static str,
    pub locale: &'static str,
    pub other_lang: &'static str,
    pub other_locale: &'static str,
    pub other_name: &'static str,
    pub language: &'static str,
    pub skip: &'static str,
    pub ledger: &'static str,
    pub ledger_title: &'static str,
    pub foot_how: &'static str,
    pub foot_ledger: &'static str,
    pub foot_api: &'static str,
    pub foot_data: &'static str,
    pub as_of: &'static str,
    pub how: &'static [Section],
    pub sentence: SentenceWords,
    pub trace: TraceWords,
    pub explorer: ExplorerWords,
    pub earnings: EarningsWords,
    pub origins: OriginsWords,
    pub session: SessionWords,
    pub signing: SigningWords,
}

/// Words of the trace page and of what its check answers.
#[derive(Debug)]
pub(crate) struct TraceWords {
    pub serial: &'static str,
    pub pending_title: Counted,
    pub pending_text: &'static str,
    pub pending_absent_title: &'static str,
    pub pending_absent_text: &'static str,
    pub no_script: &'static str,
    pub checking_text: &'static str,
    pub consistent_title: &'static str,
    pub consistent_text: Counted,
    pub unconfirmed_title: &'static str,
    pub unconfirmed_text: Counted,
    /// Follows the text of an answer.
    pub kept: Counted,
    pub conflict_title: &'static str,
    pub conflict_text: &'static str,
    pub absent_title: &'static str,
    pub absent_text: &'static str,
    pub stale_before: &'static str,
    pub stale_absent_before: &'static str,
    pub newer_title: &'static str,
    pub newer_text: &'static str,
    pub newer_link: &'static str,
    pub failed_title: &'static str,
    pub failed_record_before: &'static str,
    pub failed_record_after: &'static str,
    pub failed_text: &'static str,
    pub failed_page_text: &'static str,
    pub unsupported_title: &'static str,
    pub unsupported_text: &'static str,
    pub offline_title: &'static str,
    pub offline_text: &'static str,
    pub offline_again: &'static str,
    pub to_ways: &'static str,
    pub proves_label: &'static str,
    pub proves: &'static str,
    pub not_proves_label: &'static str,
    pub not_proves: &'static str,
    pub copy_limit: &'static str,
    pub absent_means: &'static str,
    pub mark_signed: &'static str,
    pub mark_proven: &'static str,
    pub mark_broken: &'static str,
    pub mark_kept: &'static str,
    pub legend: &'static str,
    pub legend_kept: &'static str,
    pub fact_coded: &'static str,
    pub fact_holder: &'static str,
    pub fact_signers: &'static str,
    pub fact_signers_one: &'static str,
    pub fact_signers_unit: &'static str,
    pub fact_since: &'static str,
    pub history: &'static str,
    pub history_intro: &'static str,
    pub step_place: &'static str,
    pub step_drill: &'static str,
    pub step_inside: &'static str,
    pub step_keys: &'static str,
    pub step_kept: &'static str,
    pub step_kept_text: &'static str,
    pub step_record: &'static str,
    pub step_block: &'static str,
    pub step_disposition: &'static str,
    pub step_correction: &'static str,
    pub step_declares: &'static str,
    pub step_declared: &'static str,
    pub tag_declares: &'static str,
    pub tag_declared: &'static str,
    /// Before the reason of a recall that binds whoever has the item, and of one that does not.
    pub recalled: &'static str,
    pub recalled_by_others: &'static str,
    pub recalled_in_part: &'static str,
    pub keepers: &'static str,
    pub awaited: &'static str,
    pub containers: &'static str,
    pub inputs: &'static str,
    pub inputs_all: &'static str,
    pub input_unnamed: &'static str,
    pub lot: &'static str,
    pub ways: &'static str,
    pub ways_intro: &'static str,
    pub way_host: &'static str,
    pub way_host_text_before: &'static str,
    pub way_host_text_after: &'static str,
    pub way_file: &'static str,
    pub way_file_text: &'static str,
    pub way_command: &'static str,
    pub way_command_text: &'static str,
    pub way_nodes: &'static str,
    pub way_nodes_text: &'static str,
    pub way_nodes_none: &'static str,
}

/// Words of the ledger's own pages.
#[derive(Debug)]
pub(crate) struct ExplorerWords {
    pub home_title: &'static str,
    pub home_lead: &'static str,
    pub search_label: &'static str,
    pub search_placeholder: &'static str,
    pub search: &'static str,
    pub stat_height: &'static str,
    pub stat_records: &'static str,
    pub stat_parties: &'static str,
    pub stat_validators: &'static str,
    pub blocks: &'static str,
    pub pause: &'static str,
    pub resume: &'static str,
    pub live: &'static str,
    pub lost: &'static str,
    pub height: &'static str,
    pub time: &'static str,
    pub records: &'static str,
    pub builder: &'static str,
    pub id: &'static str,
    pub validators: &'static str,
    pub validators_intro: &'static str,
    pub examples: &'static str,
    pub block: &'static str,
    pub block_final: &'static str,
    pub signed: &'static str,
    pub not_signed: &'static str,
    pub signatures: &'static str,
    pub signatures_intro: &'static str,
    pub previous: &'static str,
    pub next: &'static str,
    pub register: &'static str,
    pub round: &'static str,
    pub no_records: &'static str,
    pub records_more: Counted,
    pub records_private: Counted,
    pub raw_header: &'static str,
    pub raw_certificate: &'static str,
    pub raw_record: &'static str,
    pub raw_annex: &'static str,
    pub record: &'static str,
    pub record_final: &'static str,
    pub record_pending: &'static str,
    pub record_private: &'static str,
    pub record_for_you: &'static str,
    pub author_time: &'static str,
    pub touches: &'static str,
    pub check_yourself: &'static str,
    pub check_record_text: &'static str,
    pub labels_title: &'static str,
    pub labels_intro: &'static str,
    pub labels_print: &'static str,
    pub labels_gtin: &'static str,
    pub labels_serials: &'static str,
    pub labels_make: &'static str,
    pub found_title: &'static str,
    pub found_lead: &'static str,
    pub error_hint: &'static str,
    pub error_home: &'static str,
    pub error_code: &'static str,
    pub how_title: &'static str,
    pub how_lead: &'static str,
}

/// Words of traces and impacts.
#[derive(Debug)]
pub(crate) struct OriginsWords {
    pub trace: &'static str,
    pub back: &'static str,
    pub forward: &'static str,
    pub impact: &'static str,
    pub recalled: &'static str,
    pub picture: &'static str,
    pub things: &'static str,
    pub cut: &'static str,
    pub state: &'static str,
    pub number: &'static str,
    pub holders: &'static str,
    pub holder: &'static str,
    pub product: &'static str,
    pub containers: &'static str,
    pub stocks: &'static str,
    pub totals: &'static str,
    pub count: Counted,
    pub withheld: Counted,
}

/// Words of what somebody earns.
#[derive(Debug)]
pub(crate) struct EarningsWords {
    pub title: &'static str,
    pub items: &'static str,
    pub items_more: Counted,
    pub item_returned: &'static str,
    pub item_refunded: &'static str,
    pub lead: &'static str,
    pub sign_in_first: &'static str,
    pub none: &'static str,
    pub cut: &'static str,
    pub contract: &'static str,
    pub account: &'static str,
    pub whole: &'static str,
    /// What the script says.
    pub news: &'static str,
    pub reload: &'static str,
    /// States, and what each means.
    pub pending: &'static str,
    pub held: &'static str,
    pub payable: &'static str,
    pub paid: &'static str,
    pub disputed: &'static str,
    pub reversed: &'static str,
    pub pending_means: &'static str,
    pub held_means: &'static str,
    pub payable_means: &'static str,
    pub paid_means: &'static str,
    pub disputed_means: &'static str,
    pub reversed_means: &'static str,
    /// Why an amount is where it is, what happens next, and when: `{date}` stands for it.
    pub awaits_receipt: &'static str,
    pub awaits_close: &'static str,
    pub holding_time: &'static str,
    pub awaits_release: &'static str,
    pub aftersale: &'static str,
    pub dispute: &'static str,
    pub awaits_payout: &'static str,
    pub in_payout: &'static str,
    pub was_paid: &'static str,
    pub refunded: &'static str,
    /// Headings and columns.
    pub refunds: &'static str,
    pub how: &'static str,
    pub periods: &'static str,
    pub lines: &'static str,
    pub no_lines: &'static str,
    pub record: &'static str,
    pub more: &'static str,
    pub statements: &'static str,
    pub no_statements: &'static str,
    pub statements_text: &'static str,
    pub number: &'static str,
    pub period: &'static str,
    pub issued: &'static str,
    pub closing: &'static str,
    pub accepted: &'static str,
    pub file: &'static str,
    pub payouts: &'static str,
    pub no_payouts: &'static str,
    pub batch: &'static str,
    pub amount: &'static str,
    pub state: &'static str,
    pub payout_open: &'static str,
    pub payout_paid: &'static str,
    pub payout_failed: &'static str,
    /// A statement line by line: what moved, where to, by what.
    pub statement: &'static str,
    pub movements_text: &'static str,
    pub no_movements: &'static str,
    pub balance: &'static str,
    pub tax: &'static str,
    pub fee: &'static str,
    pub obligation: &'static str,
    pub writeoff: &'static str,
    pub event_milestone: &'static str,
    pub event_paid: &'static str,
    pub event_shipped: &'static str,
    pub event_received: &'static str,
    pub event_refund: &'static str,
    pub event_aftersale: &'static str,
    pub event_release: &'static str,
    pub event_close: &'static str,
    pub event_dispute: &'static str,
    pub event_payout: &'static str,
    pub event_cost: &'static str,
    pub event_adjust: &'static str,
    pub event_amend: &'static str,
    pub adjustments: &'static str,
    pub adjustments_text: &'static str,
    pub disputes: &'static str,
    pub dispute_open: &'static str,
    pub dispute_closed: &'static str,
    pub files: &'static str,
    pub files_text: &'static str,
}

/// Words of signing in.
#[derive(Debug)]
pub(crate) struct SessionWords {
    pub title: &'static str,
    pub lead: &'static str,
    pub sign_in: &'static str,
    pub sign_out: &'static str,
    pub signed_in: &'static str,
    pub reads_own: &'static str,
    pub reads_everything: &'static str,
    pub go_on: &'static str,
    pub file: &'static str,
    pub passphrase: &'static str,
    pub no_script: &'static str,
    pub without: &'static str,
    pub without_text: &'static str,
    /// What the script says while it works.
    pub opening: &'static str,
    pub sending: &'static str,
    /// What the script says went wrong.
    pub not_a_key_file: &'static str,
    pub other_key: &'static str,
    pub wrong_passphrase: &'static str,
    pub unreachable: &'static str,
    pub unsupported: &'static str,
    pub refused: &'static str,
    pub unknown: &'static str,
    pub revoked: &'static str,
    pub role: &'static str,
    pub audience: &'static str,
    pub failed: &'static str,
    /// The device's own key.
    pub device: &'static str,
    pub device_text: &'static str,
    pub device_make: &'static str,
}

/// Words of signing a record.
#[derive(Debug)]
pub(crate) struct SigningWords {
    pub title: &'static str,
    pub lead: &'static str,
    pub record: &'static str,
    pub says: &'static str,
    pub whole: &'static str,
    pub signers: &'static str,
    pub signed: &'static str,
    pub unsigned: &'static str,
    pub sign: &'static str,
    pub save: &'static str,
    pub hand_in: &'static str,
    pub pass_on: &'static str,
    pub complete: &'static str,
    pub sending: &'static str,
    pub refused: &'static str,
    pub no_record: &'static str,
    pub broken: &'static str,
    pub other_chain: &'static str,
    pub not_asked: &'static str,
}

/// What holds a record's sentence together.
#[derive(Debug)]
pub(crate) struct SentenceWords {
    /// Before and behind who did it.
    pub open: &'static str,
    pub close: &'static str,
    pub comma: &'static str,
    pub items: Counted,
    /// `{n}` stands for the number, `{name}` for the trade item.
    pub items_of: &'static str,
    pub codes_of: &'static str,
}

impl Words {
    /// One of two texts, Chinese first.
    pub(crate) fn pick<'a>(&self, zh: &'a str, en: &'a str) -> &'a str {
        if self.locale == zh::ZH.locale { zh } else { en }
    }
}

#[cfg(test)]
mod tests;
