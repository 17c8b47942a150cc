//! `hefu verify --store`: everything that a node keeps, read again.

use std::{path::Path, time::Duration};

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use super::{
    failure::{Exit, Told},
    output,
};
use crate::store::{OpenError, Progress, Stage, VerifyError, verify_store};

/// Reads a store again and prints what was checked.
///
/// # Errors
/// The first thing that is wrong with it.
pub fn verify(data: &Path, json: bool) -> anyhow::Result<()> {
    let bar = ProgressBar::no_length();
    let style = ProgressStyle::with_template("{msg} {wide_bar} {human_pos} of {human_len}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.enable_steady_tick(Duration::from_millis(200));
    let report = verify_store(data, |progress| show(&bar, progress));
    bar.finish_and_clear();
    let report = report.map_err(|error| {
        // Where there is no store, nothing is wrong with it.
        let nothing = matches!(error, VerifyError::Open(OpenError::None(_)));
        let exit = if nothing { Exit::Failed } else { Exit::Unproven };
        let mut told = Told::new(format!("the store in {} was not verified", data.display())).exit(exit);
        if nothing && data.join("CURRENT").exists() {
            told = told.hint("this is the folder of the tables; name the data directory around it");
        }
        anyhow::Error::new(error).context(told)
    })?;
    let compared = &report.compared;
    if json {
        return output::json(&json!({
            "block": report.block,
            "buckets": compared.buckets,
            "chain": report.chain,
            "entries": compared.entries,
            "height": report.height,
            "records": report.records,
            "register": report.register,
            "rows": compared.rows,
            "values": compared.values,
        }));
    }
    output::line(format_args!("chain {}", report.chain))?;
    output::line(format_args!("block {} at height {}, register {}", report.block, report.height, report.register))?;
    output::line(format_args!(
        "verified: {} records executed again, {} rows, {} entries and {} values compared",
        report.records, compared.rows, compared.entries, compared.values
    ))
}

fn show(bar: &ProgressBar, progress: Progress) {
    let stage = match progress.stage {
        Stage::Blocks => "blocks",
        Stage::Table(table) => table.name(),
    };
    bar.set_message(stage);
    if let Some(total) = progress.total {
        bar.set_length(total);
    }
    bar.set_position(progress.done);
}
