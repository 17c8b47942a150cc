//! The encrypted part of a key file: an armored age file for one passphrase.

use std::io::{self, Read, Write};

use age::armor::{ArmoredReader, ArmoredWriter, Format};
use age::secrecy::SecretString;
use age::{DecryptError, Decryptor, Encryptor, scrypt};
use zeroize::Zeroizing;

use super::{Reason, WORK_MAX, Work};
use crate::SecretKey;

const ARMOR: &str = "-----BEGIN AGE ENCRYPTED FILE-----\n";

/// Longer than any private multikey, which has 48 characters.
const SECRET_BYTES_MAX: u64 = 128;

/// Encrypts a private multikey.
pub(super) fn seal(multikey: &str, passphrase: &str, work: Work) -> Result<String, Reason> {
    if passphrase.is_empty() {
        return Err(Reason::NoPassphrase);
    }
    let mut recipient = scrypt::Recipient::new(SecretString::from(passphrase));
    match work {
        Work::OneSecond => {}
        Work::Rounds(rounds @ 1..=WORK_MAX) => recipient.set_work_factor(rounds),
        Work::Rounds(rounds) => return Err(Reason::Work(rounds)),
    }
    let encryptor = Encryptor::with_recipients(std::iter::once(&recipient as _)).map_err(|_| Reason::Sealed)?;
    let sealed = write(encryptor, multikey).map_err(Reason::Io)?;
    String::from_utf8(sealed).map_err(|_| Reason::Sealed)
}

fn write(encryptor: Encryptor, multikey: &str) -> io::Result<Vec<u8>> {
    let armor = ArmoredWriter::wrap_output(Vec::new(), Format::AsciiArmor)?;
    let mut writer = encryptor.wrap_output(armor)?;
    writer.write_all(multikey.as_bytes())?;
    writer.finish()?.finish()
}

/// Decrypts what [`seal`] wrote.
pub(super) fn unseal(sealed: &str, passphrase: &str) -> Result<SecretKey, Reason> {
    if !sealed.starts_with(ARMOR) {
        return Err(Reason::Sealed);
    }
    let decryptor = Decryptor::new_buffered(ArmoredReader::new(sealed.as_bytes())).map_err(|cause| reason(&cause))?;
    if !decryptor.is_scrypt() {
        return Err(Reason::Sealed);
    }
    let mut identity = scrypt::Identity::new(SecretString::from(passphrase));
    // A limit of its own, so that a file opens on every machine or on none: age's depends on the machine's speed.
    identity.set_max_work_factor(WORK_MAX);
    let reader = decryptor.decrypt(std::iter::once(&identity as _)).map_err(|cause| reason(&cause))?;
    // All that will be read fits, so that growing leaves no copy behind.
    let mut secret = Zeroizing::new(String::with_capacity(256));
    reader.take(SECRET_BYTES_MAX).read_to_string(&mut secret).map_err(|_| Reason::Sealed)?;
    SecretKey::from_multikey(&secret).map_err(|_| Reason::Sealed)
}

fn reason(cause: &DecryptError) -> Reason {
    match cause {
        DecryptError::DecryptionFailed | DecryptError::KeyDecryptionFailed => Reason::Passphrase,
        DecryptError::ExcessiveWork { required, .. } => Reason::Work(*required),
        DecryptError::InvalidHeader
        | DecryptError::InvalidMac
        | DecryptError::NoMatchingKeys
        | DecryptError::UnknownFormat
        | DecryptError::Io(_)
        | _ => Reason::Sealed,
    }
}
