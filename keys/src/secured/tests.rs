use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;
use crate::golden::{assert_golden, golden, read as read_file, vectors};
use crate::{Address, SecretKey, Signature};

const CREATED: &str = "2026-09-18T02:00:00.000Z";

#[test]
fn the_vector_of_the_w3c_is_reproduced_byte_for_byte() {
    let Some(vector) = vectors("data-integrity") else {
        return;
    };
    let file = |name: &str| read_file(&vector.join(name));
    let json = |name: &str| serde_json::from_str::<Value>(&file(name)).unwrap();

    let pair = json("keyPair.json");
    let secret = SecretKey::from_multikey(pair["privateKeyMultibase"].as_str().unwrap()).unwrap();
    assert_eq!(secret.public().multikey(), pair["publicKeyMultibase"].as_str().unwrap());
    assert_eq!(secret.expose_multikey().as_str(), pair["privateKeyMultibase"].as_str().unwrap());

    let configuration = canonical::to_string(&json("proofConfigJCS.json")).unwrap();
    assert_eq!(configuration, file("proofCanonJCS.txt"));
    assert_eq!(Hash::of(configuration.as_bytes()).to_string(), file("proofHashJCS.txt"));
    let document = canonical::to_string(&json("unsigned.json")).unwrap();
    assert_eq!(document, file("canonDocJCS.txt"));
    assert_eq!(Hash::of(document.as_bytes()).to_string(), file("docHashJCS.txt"));
    let message = signing_bytes(&Hash::of(configuration.as_bytes()), &Hash::of(document.as_bytes()));
    assert_eq!(hex::encode(message), file("combinedHashJCS.txt"));
    let signature = secret.sign(&message);
    assert_eq!(hex::encode(signature.as_bytes()), file("sigHexJCS.txt"));
    assert_eq!(signature.to_base58(), file("sigBTC58JCS.txt"));

    let signed = sign(&json("unsigned.json"), &[&secret], Some("2023-02-24T23:36:38Z")).unwrap();
    assert_eq!(signed, canonical::to_string(&json("signedJCS.json")).unwrap());
    let read = read(&signed).unwrap();
    assert_eq!(read.verify(), Ok(()));
    assert_eq!(read.id().to_string(), file("docHashJCS.txt"));
    assert_eq!(read.proofs()[0].configuration().to_string(), file("proofHashJCS.txt"));
    assert_eq!(read.proofs()[0].created(), Some("2023-02-24T23:36:38Z"));
    assert_eq!(read.proofs()[0].signer(), secret.address());
}

#[test]
fn golden_documents_do_not_change() {
    for (name, signers) in [("secured-one.json", 1), ("secured-two.json", 2)] {
        let keys = [key(1), key(2)];
        let keys: Vec<&SecretKey> = keys.iter().take(signers).collect();
        let signed = sign(&document(), &keys, Some(CREATED)).unwrap();
        assert_golden(name, &signed);

        let text = golden(name);
        let read = read(&text).unwrap();
        assert_eq!(read.verify(), Ok(()));
        assert_eq!(read.seal(), Hash::of(text.as_bytes()));
        let addresses: Vec<Address> = read.proofs().iter().map(Proof::signer).collect();
        assert_eq!(addresses, keys.iter().map(|key| key.address()).collect::<Vec<_>>());
        // However it is signed, the same was said.
        assert_eq!(read.id(), Hash::of(canonical::to_string(&document()).unwrap().as_bytes()));
        assert_eq!([read.document().0, read.document().1].concat(), canonical::to_string(&document()).unwrap());
    }
}

#[test]
fn one_signer_makes_an_object_and_several_an_array_in_their_order() {
    let (first, second) = (key(1), key(2));
    let proof = |signers: &[&SecretKey]| value(&sign(&document(), signers, None).unwrap())["proof"].clone();
    assert!(proof(&[&first]).is_object());
    let set = proof(&[&second, &first]);
    assert_eq!(set[0]["verificationMethod"], json!(second.address().verification_method()));
    assert_eq!(set[1]["verificationMethod"], json!(first.address().verification_method()));
    assert_eq!(set[1], proof(&[&first]));
    assert_eq!(set[0]["@context"], json!(CONTEXT));
}

#[test]
fn documents_with_any_context_or_none_can_be_signed() {
    for context in [None, Some(json!(CONTEXT)), Some(json!(["https://a.example", {"b": "https://b.example#"}]))] {
        let mut document = document();
        set(document.as_object_mut().unwrap(), "@context", context.as_ref());
        for created in [None, Some(CREATED)] {
            let signed = sign(&document, &[&key(1)], created).unwrap();
            let read = read(&signed).unwrap();
            assert_eq!(read.verify(), Ok(()));
            assert_eq!(read.proofs()[0].created(), created);
            assert_eq!(value(&signed)["proof"].get("@context"), document.get("@context"));
        }
    }
}

#[test]
fn what_cannot_be_signed_is_refused() {
    let (first, second) = (key(1), key(2));
    let many: Vec<SecretKey> = (0..17).map(key).collect();
    let many: Vec<&SecretKey> = many.iter().collect();
    let nested = |levels: usize| (0..levels).fold(json!({}), |inner, _| json!({"a": inner}));
    for (document, signers, created, refusal) in [
        (json!([]), &[&first][..], None, "a document to be signed is a JSON object"),
        (json!("text"), &[&first], None, "a document to be signed is a JSON object"),
        (json!({"proof": {}}), &[&first], None, "the document has a `proof` already"),
        (json!({}), &[], None, "0 signers, 1 to 16 are possible"),
        (json!({}), &many, None, "17 signers, 1 to 16 are possible"),
        (json!({}), &[&first, &second, &first], None, "signer 2 is listed twice"),
        (
            json!({}),
            &[&first],
            Some("2026-09-18"),
            "`created` must be an XSD dateTimeStamp, as in `2026-09-18T02:00:00Z`",
        ),
        (
            json!({"a": [{"b": u64::MAX}]}),
            &[&first],
            None,
            "the integer 18446744073709551615 is not exact as a double; write it as a string",
        ),
        (
            json!({"a": i64::MIN + 1}),
            &[&first],
            None,
            "the integer -9223372036854775807 is not exact as a double; write it as a string",
        ),
        (
            nested(16),
            &[&first],
            None,
            "not canonical JSON (RFC 8785) at byte 80: arrays and objects are nested deeper than 16",
        ),
    ] {
        assert_eq!(sign(&document, signers, created).unwrap_err().to_string(), refusal);
    }
    assert!(sign(&nested(15), &many[..16], None).is_ok());
    assert!(sign(&json!({"a": 1_u64 << 53, "b": -(1_i64 << 53)}), &[&first], None).is_ok());
}

#[test]
fn texts_that_are_no_secured_documents_are_malformed() {
    let signed = golden("secured-one.json");
    let proof = value(&signed)["proof"].clone();
    let many = Value::from(vec![proof.clone(); 17]);
    for (text, sentence) in [
        (
            format!("{signed}\n"),
            format!(
                "not canonical JSON (RFC 8785) at byte {}: white space outside of strings is not written",
                signed.len()
            ),
        ),
        ("[]".to_owned(), "a secured document is a JSON object".to_owned()),
        ("\"proof\"".to_owned(), "a secured document is a JSON object".to_owned()),
        ("{}".to_owned(), "the document has no `proof`".to_owned()),
        (with_proof(json!(null)), "proof 0: a proof is a JSON object".to_owned()),
        (with_proof(json!("z")), "proof 0: a proof is a JSON object".to_owned()),
        (
            with_proof(json!([])),
            "`proof` is an array of 0 proofs: one proof is an object, an array has 2 to 16".to_owned(),
        ),
        (
            with_proof(json!([proof])),
            "`proof` is an array of 1 proofs: one proof is an object, an array has 2 to 16".to_owned(),
        ),
        (with_proof(many), "`proof` is an array of 17 proofs: one proof is an object, an array has 2 to 16".to_owned()),
        (with_proof(json!([proof, 1])), "proof 1: a proof is a JSON object".to_owned()),
    ] {
        assert_eq!(read(&text).unwrap_err().to_string(), sentence, "{text}");
    }
}

#[test]
fn a_proof_has_exactly_these_fields() {
    use BadProofForm::*;
    assert_proof_refused(&[
        ("@context", ABSENT, Context),
        ("cryptosuite", ABSENT, Missing("cryptosuite")),
        ("proofPurpose", ABSENT, Missing("proofPurpose")),
        ("proofValue", ABSENT, Missing("proofValue")),
        ("type", ABSENT, Missing("type")),
        ("verificationMethod", ABSENT, Missing("verificationMethod")),
        ("id", r#""urn:uuid:1""#, UnknownField),
        ("expires", r#""2026-09-18T02:00:00.000Z""#, UnknownField),
        ("domain", r#""a.example""#, UnknownField),
        ("challenge", r#""1""#, UnknownField),
        ("nonce", r#""1""#, UnknownField),
        ("previousProof", r#""urn:uuid:1""#, UnknownField),
        ("Type", r#""DataIntegrityProof""#, UnknownField),
        ("type\n", r#""DataIntegrityProof""#, UnknownField),
    ]);
}

#[test]
fn each_field_of_a_proof_has_exactly_one_form() {
    use BadProofForm::*;
    let fixed = |field, expected| Fixed { field, expected };
    let suite = fixed("cryptosuite", CRYPTOSUITE);
    let purpose = fixed("proofPurpose", "assertionMethod");
    let kind = fixed("type", "DataIntegrityProof");
    let method = key(1).address().verification_method();
    let base64 = Signature::from_bytes([1; 64]).to_base64url();
    let short = format!("\"{}\"", &method[..method.len() - 1]);
    assert_proof_refused(&[
        ("@context", r#"["https://w3id.org/security/data-integrity/v2"]"#, Context),
        ("@context", r#""https://w3id.org/security/data-integrity/v1""#, Context),
        ("created", r#""2026-09-18""#, Created),
        ("created", r#""2026-09-18T02:00:00""#, Created),
        ("created", "1", Created),
        ("created", "null", Created),
        ("cryptosuite", r#""eddsa-rdfc-2022""#, suite),
        ("cryptosuite", r#"["eddsa-jcs-2022"]"#, suite),
        ("proofPurpose", r#""authentication""#, purpose),
        ("type", r#""Ed25519Signature2020""#, kind),
        ("type", "true", kind),
        ("verificationMethod", &short, VerificationMethod),
        ("verificationMethod", &json!(key(1).address().did_key()).to_string(), VerificationMethod),
        ("verificationMethod", &json!(key(1).address()).to_string(), VerificationMethod),
        ("verificationMethod", &json!({"id": method}).to_string(), VerificationMethod),
        ("proofValue", r#""""#, ProofValue),
        ("proofValue", r#""z""#, ProofValue),
        ("proofValue", r#""u0000""#, ProofValue),
        ("proofValue", &json!(base64).to_string(), ProofValue),
        ("proofValue", "7", ProofValue),
    ]);
}

/// In a table of fields: there is none.
const ABSENT: &str = "";

/// Each row gives a golden proof's field another value, written as JSON.
fn assert_proof_refused(table: &[(&str, &str, BadProofForm)]) {
    let good = value(&golden("secured-one.json"))["proof"].clone();
    for (field, other, reason) in table {
        let other = if *other == ABSENT { None } else { Some(value(other)) };
        let mut proof = good.clone();
        set(proof.as_object_mut().unwrap(), field, other.as_ref());
        let text = with_proof(proof.clone());
        let refusal = Malformed::Proof { index: 0, reason: *reason };
        assert_eq!(read(&text).unwrap_err(), refusal, "{text}");
        // The same in a set names the proof's place.
        let text = with_proof(json!([good, proof]));
        let refusal = Malformed::Proof { index: 1, reason: *reason };
        assert_eq!(read(&text).unwrap_err(), refusal, "{text}");
    }
}

#[test]
fn a_context_in_the_proof_alone_is_refused() {
    let mut document = value(&golden("secured-one.json"));
    document.as_object_mut().unwrap().remove("@context");
    let text = canonical::to_string(&document).unwrap();
    assert_eq!(read(&text).unwrap_err(), Malformed::Proof { index: 0, reason: BadProofForm::Context });
}

#[test]
fn a_context_appended_after_signing_is_refused() {
    // The standard lets this pass: the proof's context is a prefix of the document's.
    let document = json!({"@context": ["https://a.example"], "a": 1});
    let mut signed = value(&sign(&document, &[&key(1)], None).unwrap());
    signed["@context"] = json!(["https://a.example", "https://b.example"]);
    let text = canonical::to_string(&signed).unwrap();
    assert_eq!(read(&text).unwrap_err(), Malformed::Proof { index: 0, reason: BadProofForm::Context });
}

#[test]
fn what_was_changed_after_signing_does_not_hold() {
    let keys = [key(1), key(2)];
    let signed = value(&sign(&document(), &[&keys[0], &keys[1]], Some(CREATED)).unwrap());
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut document = signed.clone();
        change(&mut document);
        let text = canonical::to_string(&document).unwrap();
        read(&text).unwrap().verify()
    };
    assert_eq!(changed(&|_| {}), Ok(()));
    assert_eq!(changed(&|document| document["body"]["quantity"] = json!(200.5)), Err(BadProof { index: 0 }));
    assert_eq!(changed(&|document| document["more"] = json!(1)), Err(BadProof { index: 0 }));
    // One bad proof in a set is enough, wherever it stands.
    assert_eq!(
        changed(&|document| document["proof"][1]["created"] = json!("2026-09-18T02:00:01Z")),
        Err(BadProof { index: 1 })
    );
    assert_eq!(
        changed(&|document| drop(document["proof"][1].as_object_mut().unwrap().remove("created"))),
        Err(BadProof { index: 1 })
    );
    let other = key(3).address().verification_method();
    assert_eq!(
        changed(&|document| document["proof"][0]["verificationMethod"] = json!(other)),
        Err(BadProof { index: 0 })
    );
    assert_eq!(
        changed(&|document| document["proof"][1]["proofValue"] = document["proof"][0]["proofValue"].clone()),
        Err(BadProof { index: 1 })
    );
    // The order of a set is not signed, and nobody pretends it is: the seal tells the two apart, the id does not.
    assert_eq!(changed(&|document| document["proof"].as_array_mut().unwrap().reverse()), Ok(()));
}

#[test]
fn a_proof_by_an_unusable_key_does_not_hold() {
    // The identity, under which any R with s = r signs every message by the permissive rules.
    let mut identity = [0; 32];
    identity[0] = 1;
    let mut proof = value(&golden("secured-one.json"))["proof"].clone();
    proof["verificationMethod"] = json!(Address::from_bytes(identity).verification_method());
    let text = with_proof(proof);
    assert_eq!(read(&text).unwrap().verify(), Err(BadProof { index: 0 }));
}

#[test]
fn the_id_tells_what_was_said_and_the_seal_how_it_was_signed() {
    let one = sign(&document(), &[&key(1)], None).unwrap();
    let other = sign(&document(), &[&key(1)], Some(CREATED)).unwrap();
    let (one, other) = (read(&one).unwrap(), read(&other).unwrap());
    assert_eq!(one.id(), other.id());
    assert_ne!(one.seal(), other.seal());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// The model takes the document apart with a JSON parser and writes the parts again, as other verifiers do.
    #[test]
    fn slices_and_writing_again_give_the_same_hashes(members in prop::collection::btree_map("[a-z@\u{e000}😀\n]{0,6}", leaf(), 0..6), signers in 1..4_u8) {
        let mut document: Map<String, Value> = members.into_iter().collect();
        document.remove("proof");
        let keys: Vec<SecretKey> = (0..signers).map(key).collect();
        let signed = sign(&Value::Object(document), &keys.iter().collect::<Vec<_>>(), Some(CREATED)).unwrap();
        let read = read(&signed).unwrap();
        prop_assert_eq!(read.verify(), Ok(()));

        let mut document = value(&signed);
        let proof = document.as_object_mut().unwrap().remove("proof").unwrap();
        prop_assert_eq!(read.id(), Hash::of(canonical::to_string(&document).unwrap().as_bytes()));
        let proofs = proof.as_array().cloned().unwrap_or_else(|| vec![proof]);
        prop_assert_eq!(read.proofs().len(), proofs.len());
        for (read, mut proof) in read.proofs().iter().zip(proofs) {
            let signature = proof.as_object_mut().unwrap().remove("proofValue").unwrap();
            prop_assert_eq!(read.configuration(), Hash::of(canonical::to_string(&proof).unwrap().as_bytes()));
            prop_assert_eq!(json!(read.signature().to_base58()), signature);
        }
    }

    #[test]
    fn a_mutated_document_never_panics_and_never_verifies(edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4), set: bool) {
        let original = golden(if set { "secured-two.json" } else { "secured-one.json" });
        let mut bytes = original.clone().into_bytes();
        for (index, byte) in &edits {
            let at = index.index(bytes.len());
            bytes[at] = *byte;
        }
        if let Ok(text) = String::from_utf8(bytes) && text != original {
            prop_assert!(!read(&text).is_ok_and(|read| read.verify().is_ok()), "{}", text);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(5_000))]

    #[test]
    fn no_text_makes_the_reader_panic(text in prop_oneof![any::<String>(), json_like(), cut_and_joined()]) {
        let read = read(&text);
        prop_assert!(read.is_err() || !text.is_empty());
    }
}

/// Texts of the tokens that secured documents consist of.
fn json_like() -> impl Strategy<Value = String> {
    let token = prop::sample::select(vec![
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"proof\"",
        "\"@context\"",
        "\"proofValue\"",
        "\"type\"",
        "\"z1\"",
        "\"\"",
        "0",
        "null",
        "\"\\n\"",
        "\\",
        "\"",
        "合",
    ]);
    prop::collection::vec(token, 0..30).prop_map(|tokens| tokens.concat())
}

/// Two pieces of a golden document, which often break inside of a proof.
fn cut_and_joined() -> impl Strategy<Value = String> {
    (any::<prop::sample::Index>(), any::<prop::sample::Index>()).prop_map(|(end, start)| {
        let text = golden("secured-two.json");
        let characters: Vec<char> = text.chars().collect();
        let (end, start) = (end.index(characters.len()), start.index(characters.len()));
        characters[..end].iter().chain(&characters[start..]).collect()
    })
}

fn leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        prop::collection::vec(any::<String>(), 0..3).prop_map(Value::from),
        prop::collection::btree_map("proof|proofValue|[}{,\"\\\\]{0,3}", any::<String>(), 0..3)
            .prop_map(|members| members.into_iter().map(|(key, value)| (key, Value::from(value))).collect()),
    ]
}

fn key(number: u8) -> SecretKey {
    SecretKey::from_seed([number + 1; 32])
}

fn document() -> Value {
    json!({
        "@context": CONTEXT,
        "action": "event.capture",
        "body": {"note": "合符 \"}\n{\" 😀", "quantity": 200.25, "proof": {"proofValue": "z"}},
        "nonce": "AAAAAAAAAAAAAAAAAAAAAA",
        "seq": 17,
        "signers": [key(1).address()],
    })
}

fn with_proof(proof: Value) -> String {
    let mut document = document();
    document["proof"] = proof;
    canonical::to_string(&document).unwrap()
}

fn set(members: &mut Map<String, Value>, field: &str, other: Option<&Value>) {
    match other {
        Some(other) => drop(members.insert(field.to_owned(), other.clone())),
        None => drop(members.remove(field)),
    }
}

fn value(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}
