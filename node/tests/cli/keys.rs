//! `hefu keys`

use std::os::unix::fs::PermissionsExt;

use hefu_keys::secured;

use crate::bench::Bench;

#[test]
fn a_new_key_is_shown_once_and_comes_back_from_its_phrase() {
    let bench = Bench::new();
    let new = bench.hefu(&["keys", "new", "--name", "line1", "--words", "12", "--derive", "//line//1"]);
    let address = new.check(0).line().to_owned();
    let phrase = new.err.lines().find(|line| line.split_whitespace().count() == 12).unwrap().trim();
    assert!(!new.out.contains(phrase), "the phrase is on stdout");
    let file = bench.path("keys/line1.key");
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert!(!bench.read("keys/line1.key").contains(phrase));

    bench.write("phrase.txt", format!("  {}\n", phrase.replace(' ', "\n")));
    let import = ["keys", "import", "--name", "again", "--derive", "//line//1", "--phrase-file", "phrase.txt"];
    assert_eq!(bench.hefu(&import).check(0).line(), address);
    bench.hefu(&import).check_because(1, "exists already and is not overwritten");
}

#[test]
fn keys_are_listed_and_shown() {
    let bench = Bench::new();
    bench.hefu(&["keys", "list"]).check_because(0, "No keys in");
    let secret = bench.demo_key("huaxu", "//huaxu");
    bench.write("keys/broken.key", "{}");
    let list = bench.hefu(&["keys", "list", "--json"]);
    list.check_because(0, "broken.key: it is malformed");
    assert_eq!(list.json()["address"], secret.address().to_string());
    for name in ["huaxu", &secret.address().to_string(), "keys/huaxu.key"] {
        let shown = bench.hefu(&["keys", "show", name, "--json"]).check(0).json();
        assert_eq!((&shown["did"], &shown["name"]), (&secret.address().did_key().into(), &"huaxu".into()), "{name}");
    }
    bench.hefu(&["keys", "show", "yueling"]).check_because(1, "there is no key \"yueling\"");
}

#[test]
fn a_signed_document_verifies_anywhere() {
    let bench = Bench::new();
    let secret = bench.demo_key("huaxu", "//huaxu");
    bench.write("access.json", r#"{"aud": "https://t.example", "action": "access"}"#);
    let signed = bench.hefu(&["keys", "sign", "access.json", "--key", "huaxu"]);
    let secured = secured::read(signed.check(0).line()).unwrap();
    secured.verify().unwrap();
    assert_eq!(secured.proofs()[0].signer(), secret.address());
    bench.write("text.txt", "not JSON");
    bench.hefu(&["keys", "sign", "text.txt", "--key", "huaxu"]).check_because(1, "the document is not JSON");
}

#[test]
fn a_passphrase_comes_from_a_file_or_a_terminal() {
    let bench = Bench::new();
    bench.demo_key("huaxu", "//huaxu");
    bench.write("doc.json", "{}");
    let sign = ["keys", "sign", "doc.json", "--key", "huaxu"];
    bench.hefu_without_passphrase(&sign).check_because(1, "use --passphrase-file or HEFU_PASSPHRASE_FILE");
    let with = |file| [&sign[..], &["--passphrase-file", file]].concat();
    bench.hefu_without_passphrase(&with("passphrase")).check(0);
    bench.write("wrong", "guess");
    bench.hefu_without_passphrase(&with("wrong")).check_because(1, "the passphrase is wrong");
    bench.hefu_without_passphrase(&with("nowhere")).check_because(1, "cannot read the passphrase file nowhere");
}

#[test]
fn a_key_file_that_others_may_read_is_not_opened() {
    let bench = Bench::new();
    bench.demo_key("huaxu", "//huaxu");
    bench.write("doc.json", "{}");
    std::fs::set_permissions(bench.path("keys/huaxu.key"), PermissionsExt::from_mode(0o644)).unwrap();
    bench.hefu(&["keys", "sign", "doc.json", "--key", "huaxu"]).check_because(1, "make it 600");
}
