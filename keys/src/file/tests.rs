use std::os::unix::fs::{PermissionsExt, symlink};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;

const PASSPHRASE: &str = "the two halves match";
const CREATED: &str = "2026-09-18T02:00:00.000Z";

/// The least work there is: these secrets protect nothing, and tests run in unoptimised builds.
const LIGHT: Work = Work::Rounds(1);

#[test]
fn a_key_comes_back_out_of_its_file() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("gateway.key");
    let description = create_at(&path, "gateway 1").unwrap();
    let expected =
        Description { address: secret().address(), name: "gateway 1".to_owned(), created: CREATED.to_owned() };
    assert_eq!(description, expected);
    assert_eq!(describe(&path).unwrap(), expected);

    let opened = open(&path, PASSPHRASE).unwrap();
    assert_eq!(opened.address(), secret().address());
    assert_eq!(opened.expose_seed(), secret().expose_seed());

    let mode = path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    // Nothing else is left in the directory.
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
}

#[test]
fn the_file_is_canonical_json_with_an_armored_age_file_inside() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("a.key");
    create_at(&path, "a").unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    let line = text.strip_suffix('\n').unwrap();
    assert_eq!(canonical::check(line.as_bytes()), Ok(line));
    let content: Value = serde_json::from_str(line).unwrap();
    assert_eq!(
        content.as_object().unwrap().keys().collect::<Vec<_>>(),
        ["address", "age", "created", "name", "version"]
    );
    assert_eq!(content["version"], json!(1));
    assert!(content["age"].as_str().unwrap().starts_with("-----BEGIN AGE ENCRYPTED FILE-----\n"));
    for secret in [secret().expose_multikey().to_string(), hex::encode(secret().expose_seed().as_slice())] {
        assert!(!text.contains(&secret));
    }
}

#[test]
fn every_flipped_bit_is_refused_or_changes_nothing_but_what_people_read() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("a.key");
    create_at(&path, "a").unwrap();
    let whole = std::fs::read(&path).unwrap();
    for bit in 0..whole.len() * 8 {
        let mut flipped = whole.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        std::fs::write(&path, flipped).unwrap();
        // A flip in the work factor asks for half a minute of work, and is refused like every other one after it.
        if work_of(&path).is_some_and(|work| work > 12) {
            continue;
        }
        if let Ok(opened) = open(&path, PASSPHRASE) {
            assert_eq!(opened.expose_seed(), secret().expose_seed(), "bit {bit}");
            assert_eq!(describe(&path).unwrap().address, secret().address(), "bit {bit}");
        }
    }
}

/// The work factor that a damaged file asks for.
fn work_of(path: &Path) -> Option<u32> {
    let content: Value = serde_json::from_slice(&std::fs::read(path).ok()?).ok()?;
    let armored = content["age"].as_str()?.to_owned();
    let mut header = Vec::new();
    let read = age::armor::ArmoredReader::new(armored.as_bytes()).read_to_end(&mut header);
    let text = String::from_utf8_lossy(&header).into_owned();
    let stanza = text.lines().find_map(|line| line.strip_prefix("-> scrypt "))?;
    read.ok()?;
    stanza.split(' ').nth(1)?.parse().ok()
}

#[test]
fn a_file_that_exists_is_never_overwritten() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("a.key");
    std::fs::write(&path, "precious").unwrap();
    assert_refused(create_at(&path, "a"), "it exists already and is not overwritten");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "precious");
    // Not even between the question and the writing, and not through a link that leads nowhere.
    assert!(matches!(write_new(&path, b"other"), Err(Reason::Exists)));
    let link = directory.path().join("link.key");
    symlink(directory.path().join("nowhere"), &link).unwrap();
    assert_refused(create_at(&link, "a"), "it exists already and is not overwritten");
    assert!(matches!(write_new(&link, b"other"), Err(Reason::Exists)));
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 2);
}

#[test]
fn what_cannot_be_created_leaves_nothing_behind() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("a.key");
    let secret = secret();
    let long = "n".repeat(NAME_BYTES_MAX + 1);
    for (name, created, passphrase, work, sentence) in [
        ("", CREATED, PASSPHRASE, LIGHT, "a key's name has 1 to 64 bytes and no control characters"),
        ("a\nb", CREATED, PASSPHRASE, LIGHT, "a key's name has 1 to 64 bytes and no control characters"),
        (&long, CREATED, PASSPHRASE, LIGHT, "a key's name has 1 to 64 bytes and no control characters"),
        ("a", "today", PASSPHRASE, LIGHT, "`created` must be an XSD dateTimeStamp, as in `2026-09-18T02:00:00Z`"),
        ("a", CREATED, "", LIGHT, "the passphrase is empty"),
        ("a", CREATED, PASSPHRASE, Work::Rounds(0), "the work factor 0 is out of range, 1 to 22 are accepted"),
        ("a", CREATED, PASSPHRASE, Work::Rounds(23), "the work factor 23 is out of range, 1 to 22 are accepted"),
    ] {
        assert_refused(create(&path, &NewKey { name, created, secret: &secret }, passphrase, work), sentence);
    }
    let nowhere = directory.path().join("no such directory/a.key");
    assert!(matches!(create_at(&nowhere, "a").unwrap_err().reason, Reason::Io(_)));
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
}

#[test]
fn a_wrong_passphrase_is_told_from_a_damaged_file() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("a.key");
    create_at(&path, "a").unwrap();
    assert_refused(open(&path, "another"), "the passphrase is wrong");
    assert_refused(open(&path, ""), "the passphrase is wrong");

    let good: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let age = good["age"].as_str().unwrap();
    let other = SecretKey::from_seed([8; 32]);
    let stranger = format!("its secret is of the address {}, not of the one it names", secret().address());
    for (field, value, sentence) in [
        ("age", json!(""), "its encrypted part is malformed"),
        ("age", json!("age-encryption.org/v1\n"), "its encrypted part is malformed"),
        ("age", json!(&age[..100]), "its encrypted part is malformed"),
        ("age", json!(age.replacen('\n', "\n!", 1)), "its encrypted part is malformed"),
        ("age", json!(format!("{age}more")), "its encrypted part is malformed"),
        ("address", json!(other.address()), stranger.as_str()),
        ("version", json!(2), "it has version 2, this program reads version 1"),
    ] {
        let mut content = good.clone();
        content[field] = value;
        std::fs::write(&path, serde_json::to_vec(&content).unwrap()).unwrap();
        assert_refused(open(&path, PASSPHRASE), sentence);
    }
}

#[test]
fn every_damaged_character_of_the_encrypted_part_is_noticed() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("a.key");
    create_at(&path, "a").unwrap();
    let good: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let age = good["age"].as_str().unwrap().to_owned();
    for at in (0..age.len()).step_by(7) {
        let mut damaged = age.clone().into_bytes();
        damaged[at] = if damaged[at] == b'A' { b'B' } else { b'A' };
        let damaged = String::from_utf8(damaged).unwrap();
        assert!(sealed::unseal(&damaged, PASSPHRASE).is_err(), "byte {at}");
    }
}

#[test]
fn a_file_for_another_kind_of_recipient_or_secret_is_refused() {
    let for_passphrase = |plain: &str| sealed::seal(plain, PASSPHRASE, LIGHT).unwrap();
    for plain in ["", "not a key", &secret().public().multikey(), &"z".repeat(4_000)] {
        assert!(matches!(sealed::unseal(&for_passphrase(plain), PASSPHRASE), Err(Reason::Sealed)), "{plain}");
    }
    let identity = age::x25519::Identity::generate();
    let recipient = identity.to_public();
    let sealed = age::encrypt_and_armor(&recipient, secret().expose_multikey().as_bytes()).unwrap();
    assert!(matches!(sealed::unseal(&sealed, PASSPHRASE), Err(Reason::Sealed)));
}

#[test]
fn a_file_that_others_may_touch_is_not_opened() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("a.key");
    create_at(&path, "a").unwrap();
    for (mode, refused) in [
        (0o644, Some("644")),
        (0o640, Some("640")),
        (0o604, Some("604")),
        (0o620, Some("620")),
        (0o601, Some("601")),
        (0o600, None),
        (0o400, None),
        (0o700, None),
    ] {
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        match refused {
            Some(shown) => {
                let sentence = format!("its mode is {shown}, others than its owner have access; make it 600");
                assert_refused(open(&path, PASSPHRASE), &sentence);
            }
            None => assert_eq!(open(&path, PASSPHRASE).unwrap().address(), secret().address()),
        }
        // What is no secret may be asked at any time.
        assert_eq!(describe(&path).unwrap().name, "a");
    }
}

#[test]
fn other_files_are_refused() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("a.key");
    assert!(matches!(open(&path, PASSPHRASE).unwrap_err().reason, Reason::Io(_)));
    std::fs::create_dir(&path).unwrap();
    assert_refused(describe(&path), "it is not a regular file");
    std::fs::remove_dir(&path).unwrap();

    let size = usize::try_from(FILE_BYTES_MAX).unwrap() + 1;
    std::fs::write(&path, vec![b' '; size]).unwrap();
    assert_refused(describe(&path), "it is longer than 16384 bytes");
    for text in ["", "not json", "[]", "{}", r#"{"version":1}"#, r#"{"version":"1"}"#] {
        std::fs::write(&path, text).unwrap();
        let refused = describe(&path).unwrap_err();
        assert!(matches!(refused.reason, Reason::Json(_)), "{refused}");
        assert!(refused.to_string().contains("it is malformed: "), "{refused}");
    }
}

#[test]
fn a_listing_shows_every_key_file_even_a_damaged_one() {
    let directory = TempDir::new().unwrap();
    create_at(&directory.path().join("b.key"), "second").unwrap();
    create_at(&directory.path().join("a.key"), "first").unwrap();
    std::fs::write(directory.path().join("c.key"), "damaged").unwrap();
    std::fs::write(directory.path().join("readme.txt"), "not a key").unwrap();

    let listed = list(directory.path()).unwrap();
    let names: Vec<_> = listed.iter().map(|file| file.path.file_name().unwrap().to_owned()).collect();
    assert_eq!(names, ["a.key", "b.key", "c.key"]);
    assert_eq!(listed[0].description.as_ref().unwrap().name, "first");
    assert_eq!(listed[1].description.as_ref().unwrap().name, "second");
    assert!(listed[2].description.is_err());
    assert!(list(&directory.path().join("nowhere")).is_err());
}

#[test]
fn files_of_the_usual_work_factor_open_too() {
    let sealed = sealed::seal(&secret().expose_multikey(), PASSPHRASE, Work::OneSecond).unwrap();
    assert_eq!(sealed::unseal(&sealed, PASSPHRASE).unwrap().address(), secret().address());
}

fn secret() -> SecretKey {
    SecretKey::from_seed([7; 32])
}

fn create_at(path: &Path, name: &str) -> Result<Description, FileError> {
    create(path, &NewKey { name, created: CREATED, secret: &secret() }, PASSPHRASE, LIGHT)
}

fn assert_refused<T: std::fmt::Debug>(answer: Result<T, FileError>, sentence: &str) {
    let refused = answer.unwrap_err();
    assert_eq!(refused.to_string(), format!("key file {}: {sentence}", refused.path.display()));
}
