//! The real program, as people and scripts use it: exit codes, data on stdout, talk on stderr.
#![cfg(test)]

#[path = "cli/access.rs"]
mod access;
#[path = "cli/agreement.rs"]
mod agreement;
#[path = "cli/bench.rs"]
mod bench;
#[path = "cli/books.rs"]
mod books;
#[path = "cli/epcis.rs"]
mod epcis;
#[path = "cli/keys.rs"]
mod keys;
#[path = "cli/ledger.rs"]
mod ledger;
#[path = "cli/link.rs"]
mod link;
#[path = "cli/records.rs"]
mod records;
#[path = "cli/settle.rs"]
mod settle;
#[path = "cli/verify.rs"]
mod verify;

use bench::Bench;

#[test]
fn help_documents_the_exit_codes() {
    let bench = Bench::new();
    let ran = bench.hefu(&["--help"]);
    ran.check(0);
    for code in ["0  it worked", "1  something failed", "2  the command line", "3  the ledger", "4  a proof"] {
        assert!(ran.out.contains(code), "{code}");
    }
}

#[test]
fn a_command_line_that_is_not_understood_ends_with_2() {
    let bench = Bench::new();
    for args in [&["keys", "burn"][..], &["verify"], &["verify", "proof.json"], &["keys", "new", "--words", "13"]] {
        bench.hefu(args).check(2);
    }
    // A word of a closed list, a number with a wrong check digit.
    for args in [
        &["key", "revoke", "x", "--reason", "bored", "--key", "admin"][..],
        &["site", "put", "--gln", "9528880100028", "--name-en", "a", "--name-zh", "b", "--key", "admin"],
    ] {
        bench.hefu(args).check(2);
    }
}
