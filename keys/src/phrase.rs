//! Recovery phrases (BIP-39): the form in which a person keeps a secret on paper.

use bip39::{Language, Mnemonic};
use zeroize::Zeroizing;

use crate::NoRandomness;

/// How many words a new phrase has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Words {
    /// 128 bits of randomness.
    Twelve,
    /// 256 bits of randomness.
    TwentyFour,
}

/// A new phrase of English words, separated by single spaces, from the operating system's randomness.
pub fn generate(words: Words) -> Result<Zeroizing<String>, NoRandomness> {
    let mut entropy = Zeroizing::new(match words {
        Words::Twelve => vec![0; 16],
        Words::TwentyFour => vec![0; 32],
    });
    getrandom::fill(entropy.as_mut()).map_err(|_| NoRandomness)?;
    Ok(spell(&entropy))
}

#[expect(clippy::expect_used, reason = "BIP-39 has phrases for 16 and for 32 bytes, the only lengths given above")]
fn spell(entropy: &[u8]) -> Zeroizing<String> {
    let mnemonic = Mnemonic::from_entropy_in(Language::English, entropy).expect("16 or 32 bytes");
    let mnemonic = Zeroizing::new(mnemonic);
    // Long enough for 24 words of eight letters, so that no copy is left behind by growing.
    let mut phrase = Zeroizing::new(String::with_capacity(256));
    for word in mnemonic.words() {
        if !phrase.is_empty() {
            phrase.push(' ');
        }
        phrase.push_str(word);
    }
    phrase
}

#[cfg(test)]
mod tests;
