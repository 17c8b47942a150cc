use curve25519_dalek::EdwardsPoint;
use curve25519_dalek::constants::{ED25519_BASEPOINT_POINT, EIGHT_TORSION};
use curve25519_dalek::scalar::Scalar;
use sha2::{Digest, Sha512};

use super::*;
use crate::SecretKey;

#[test]
fn the_vectors_of_rfc_8032_hold() {
    for (seed, key, message, signature) in [
        (
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        ),
        (
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        ),
    ] {
        let secret = SecretKey::from_seed(bytes(seed));
        let message = hex::decode(message).unwrap();
        let expected = Signature::from_bytes(bytes(signature));
        assert_eq!(secret.address(), Address::from_bytes(bytes(key)));
        assert_eq!(secret.sign(&message), expected);
        assert_eq!(secret.public().verify(&message, &expected), Ok(()));
        assert_eq!(secret.public().verify(b"another", &expected), Err(BadSignature));
    }
}

#[test]
fn a_changed_bit_anywhere_breaks_a_signature() {
    let secret = SecretKey::from_seed([7; 32]);
    let signature = secret.sign(b"message");
    for bit in 0..512 {
        let mut bytes = *signature.as_bytes();
        bytes[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(secret.public().verify(b"message", &Signature::from_bytes(bytes)), Err(BadSignature), "bit {bit}");
    }
}

#[test]
fn a_key_is_taken_up_again_in_all_its_forms() {
    let key = SecretKey::from_seed([7; 32]).public();
    assert_eq!(PublicKey::try_from(&key.address()), Ok(key));
    assert_eq!(PublicKey::registered(&key.address()), Ok(key));
    assert_eq!(PublicKey::from_multikey(&key.multikey()), Ok(key));
    assert_eq!(format!("{key:?}"), key.address().to_string());
    assert!(PublicKey::from_multikey("z6Mk").is_err());
}

#[test]
fn the_eight_points_of_small_order_are_refused() {
    for point in EIGHT_TORSION {
        assert_refused(point.compress().to_bytes(), BadKey::SmallOrder);
    }
    // x = 0 with the sign bit set: a second spelling of two of them, and the only one with y below the prime.
    let mut negative_zero = [0; 32];
    negative_zero[0] = 1;
    negative_zero[31] = 0x80;
    assert_refused(negative_zero, BadKey::SmallOrder);
    let mut negative_zero = [0xff; 32];
    negative_zero[0] = 0xec;
    assert_refused(negative_zero, BadKey::SmallOrder);
}

#[test]
fn encodings_that_are_not_canonical_are_refused() {
    // y from the prime 2^255 - 19 to 2^255 - 1, with both signs: 0 to 18 in a second spelling.
    for low in 0xed..=0xff {
        for high in [0x7f, 0xff] {
            let mut bytes = [0xff; 32];
            bytes[0] = low;
            bytes[31] = high;
            assert_refused(bytes, BadKey::NotCanonical);
        }
    }
    // y = 3 is a point of large order: in its second spelling everything but the encoding is in order.
    let mut second = [0xff; 32];
    second[0] = 0xed + 3;
    second[31] = 0x7f;
    let mut first = [0; 32];
    first[0] = 3;
    let point = |bytes| CompressedEdwardsY(bytes).decompress().unwrap();
    assert_eq!(point(first), point(second));
    assert!(!point(second).is_small_order());
}

#[test]
fn bytes_that_are_no_point_are_refused() {
    let mut bytes = [0; 32];
    bytes[0] = 2;
    assert_refused(bytes, BadKey::NotAPoint);
}

#[test]
fn a_key_with_a_torsion_component_is_refused_when_it_is_new() {
    for torsion in &EIGHT_TORSION[1..] {
        let address = address_of(SecretScalar::new(b"signer").point() + torsion);
        assert_eq!(PublicKey::try_from(&address), Err(BadKey::Torsion));
        assert!(PublicKey::from_multikey(&address.multikey()) == Err(BadKey::Torsion));
        // What is registered was asked that question before, and is not asked again with every signature.
        assert!(PublicKey::registered(&address).is_ok());
    }
}

#[test]
fn a_signature_that_only_zip_215_accepts_is_refused() {
    let signer = SecretScalar::new(b"signer");
    let nonce = SecretScalar::new(b"nonce");
    let key = PublicKey::try_from(&address_of(signer.point())).unwrap();
    let message = b"a record that the ledger would call valid and a browser forged";

    for (index, torsion) in EIGHT_TORSION.iter().enumerate() {
        let shifted = nonce.point() + torsion;
        let challenge = challenge(&shifted, &signer.point(), message);
        let response = nonce.0 + challenge * signer.0;
        // The permissive rule multiplies everything by eight, which removes the torsion: the equation holds.
        let permissive = (ED25519_BASEPOINT_POINT * response - challenge * signer.point() - shifted).mul_by_cofactor();
        assert_eq!(permissive, EdwardsPoint::default());

        let expected = if index == 0 { Ok(()) } else { Err(BadSignature) };
        assert_eq!(key.verify(message, &signature(&shifted, &response)), expected, "torsion point {index}");
    }
}

#[test]
fn a_second_spelling_of_a_signature_is_refused() {
    let secret = SecretKey::from_seed([7; 32]);
    let mut bytes = *secret.sign(b"message").as_bytes();
    // s + L: the same number modulo the group's order.
    let order = hex::decode("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010").unwrap();
    let mut carry = 0_u16;
    for (byte, add) in bytes[32..].iter_mut().zip(order) {
        let sum = u16::from(*byte) + u16::from(add) + carry;
        *byte = (sum & 0xff) as u8;
        carry = sum >> 8;
    }
    assert_eq!(secret.public().verify(b"message", &Signature::from_bytes(bytes)), Err(BadSignature));
}

#[test]
fn a_nonce_of_small_order_is_refused() {
    // R is the identity and s = k·a: the equation holds even without cofactor.
    let signer = SecretScalar::new(b"signer");
    let key = PublicKey::try_from(&address_of(signer.point())).unwrap();
    let identity = EdwardsPoint::default();
    let response = challenge(&identity, &signer.point(), b"message") * signer.0;
    assert_eq!(key.verify(b"message", &signature(&identity, &response)), Err(BadSignature));
}

/// A scalar used as a secret without the clamping of RFC 8032, so that the equations can be written out.
struct SecretScalar(Scalar);

impl SecretScalar {
    fn new(name: &[u8]) -> SecretScalar {
        SecretScalar(Scalar::from_bytes_mod_order_wide(&Sha512::digest(name).into()))
    }

    fn point(&self) -> EdwardsPoint {
        ED25519_BASEPOINT_POINT * self.0
    }
}

fn challenge(nonce: &EdwardsPoint, key: &EdwardsPoint, message: &[u8]) -> Scalar {
    let hash = Sha512::new().chain_update(nonce.compress().0).chain_update(key.compress().0).chain_update(message);
    Scalar::from_bytes_mod_order_wide(&hash.finalize().into())
}

fn signature(nonce: &EdwardsPoint, response: &Scalar) -> Signature {
    Signature::from_bytes([nonce.compress().0, response.to_bytes()].concat().try_into().unwrap())
}

fn address_of(point: EdwardsPoint) -> Address {
    Address::from_bytes(point.compress().to_bytes())
}

fn assert_refused(bytes: [u8; 32], refusal: BadKey) {
    let address = Address::from_bytes(bytes);
    assert_eq!(PublicKey::try_from(&address), Err(refusal));
    assert_eq!(PublicKey::registered(&address), Err(refusal));
}

fn bytes<const N: usize>(hex: &str) -> [u8; N] {
    hex::decode(hex).unwrap().try_into().unwrap()
}
