use super::*;

fn signature() -> Signature {
    Signature::from_bytes(std::array::from_fn(|index| u8::try_from(255 - index * 3).unwrap()))
}

#[test]
fn a_signature_has_one_spelling_in_each_base() {
    let base58 = signature().to_base58();
    let base64 = signature().to_base64url();
    assert_eq!(Signature::from_base58(&base58), Ok(signature()));
    assert_eq!(Signature::from_base64url(&base64), Ok(signature()));
    assert_eq!(signature().to_string(), base64);
    assert_eq!(serde_json::to_string(&signature()).unwrap(), format!("\"{base64}\""));
    assert_eq!(serde_json::from_str::<Signature>(&format!("\"{base64}\"")).unwrap(), signature());

    for text in ["", "z", &base58[1..], &format!("{base58}1"), &format!("z1{}", &base58[1..]), &base58[..60], &base64] {
        assert_eq!(Signature::from_base58(text), Err(BadSignatureText::Base58), "{text}");
    }
    let unused_bits = format!("{}B", &base64[..85]);
    for text in ["", &base64[1..], &base64[..84], &format!("{base64}=="), &format!("{base64}AA"), &unused_bits, &base58]
    {
        assert_eq!(text.parse::<Signature>(), Err(BadSignatureText::Base64), "{text}");
    }
}
