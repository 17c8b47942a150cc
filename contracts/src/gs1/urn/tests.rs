use proptest::prelude::*;

use super::*;
use crate::gs1::Epc;

fn link_of(urn: &str) -> Option<Result<String, String>> {
    read(urn, Judging::Full).map(|link| link.map(|link| link.path()).map_err(|bad| bad.to_string()))
}

#[test]
fn each_scheme_becomes_its_link() {
    for (urn, path) in [
        ("urn:epc:id:sgtin:9521234.054321.7K3X", "01/09521234543213/21/7K3X"),
        ("urn:epc:id:sgtin:952123412345.1.a.b", "01/19521234123450/21/a.b"),
        ("urn:epc:id:sgtin:9521234.054321.%2F%2f%25", "01/09521234543213/21/%2F%2F%25"),
        ("urn:epc:id:sscc:9521234.3000000001", "00/395212340000000014"),
        ("urn:epc:id:sgln:9521234.50000.0", "414/9521234500001"),
        ("urn:epc:id:sgln:9521234.50000.D4", "414/9521234500001/254/D4"),
        ("urn:epc:id:sgln:952123450000..0", "414/9521234500001"),
        ("urn:epc:id:pgln:9521234.50000", "417/9521234500001"),
        ("urn:epc:id:pgln:952123450000.", "417/9521234500001"),
        ("urn:epc:id:grai:9521234.00001.ABC", "8003/09521234000013ABC"),
        ("urn:epc:id:giai:9521234.TRUCK%2F1", "8004/9521234TRUCK%2F1"),
        ("urn:epc:id:gsrn:9521234.0000000001", "8018/952123400000000017"),
        ("urn:epc:id:gsrnp:9521234.0000000001", "8017/952123400000000017"),
        ("urn:epc:id:gdti:9521234.00001.PO-4711", "253/9521234000013PO-4711"),
        ("urn:epc:id:gdti:952123400001..9", "253/95212340000139"),
        ("urn:epc:id:sgcn:9521234.00001.44", "255/952123400001344"),
        ("urn:epc:id:cpi:9521234.A%23%2FB.1234", "8010/9521234A%23%2FB/8011/1234"),
        ("urn:epc:id:ginc:9521234.xyz47%2F11", "401/9521234xyz47%2F11"),
        ("urn:epc:id:gsin:9521234.000000001", "402/95212340000000013"),
        ("urn:epc:id:itip:9521234.054321.01.02.987", "8006/095212345432130102/21/987"),
        ("urn:epc:id:upui:9521234.054321.51q)'*", "01/09521234543213/235/51q%29'%2A"),
        ("urn:epc:class:lgtin:9521234.054321.L7", "01/09521234543213/10/L7"),
        ("urn:epc:idpat:sgtin:9521234.054321.*", "01/09521234543213"),
        ("urn:epc:idpat:upui:9521234.054321.*", "01/09521234543213"),
        ("urn:epc:idpat:grai:9521234.00001.*", "8003/09521234000013"),
        ("urn:epc:idpat:gdti:9521234.00001.*", "253/9521234000013"),
        ("urn:epc:idpat:sgcn:9521234.00001.*", "255/9521234000013"),
        ("urn:epc:idpat:cpi:9521234.AB12.*", "8010/9521234AB12"),
        ("urn:epc:idpat:itip:9521234.054321.01.02.*", "8006/095212345432130102"),
    ] {
        assert_eq!(link_of(urn), Some(Ok(path.to_owned())), "{urn}");
    }
}

#[test]
fn a_urn_that_breaks_its_scheme_is_refused_with_the_form() {
    for (urn, reason) in [
        (
            "urn:epc:id:sgtin:9521234.05432.7",
            "\"urn:epc:id:sgtin:9521234.05432.7\" does not have the form urn:epc:id:sgtin:Prefix.IndicatorItem.Serial",
        ),
        (
            "urn:epc:id:sgtin:9521234.054321",
            "\"urn:epc:id:sgtin:9521234.054321\" does not have the form urn:epc:id:sgtin:Prefix.IndicatorItem.Serial",
        ),
        ("urn:epc:id:sgtin:9521234.054321.", "the value \"\" of AI 21 has 0 characters, 1 to 20 are accepted"),
        (
            "urn:epc:id:sgtin:9521234.054321.a%2",
            "\"urn:epc:id:sgtin:9521234.054321.a%2\" does not have the form urn:epc:id:sgtin:Prefix.IndicatorItem.Serial",
        ),
        (
            "urn:epc:id:sgtin:9521234.054321.a b",
            "the value \"a b\" of AI 21 has ' ' as character 2, which cannot stand there",
        ),
        (
            "urn:epc:id:sscc:95212.300000000001",
            "\"urn:epc:id:sscc:95212.300000000001\" does not have the form urn:epc:id:sscc:Prefix.ExtensionSerial",
        ),
        (
            "urn:epc:id:sscc:9521234.３00000000",
            "\"urn:epc:id:sscc:9521234.３00000000\" does not have the form urn:epc:id:sscc:Prefix.ExtensionSerial",
        ),
        (
            "urn:epc:id:grai:9521234.00001.",
            "\"urn:epc:id:grai:9521234.00001.\" does not have the form urn:epc:id:grai:Prefix.AssetType.Serial",
        ),
        (
            "urn:epc:id:itip:9521234.054321.1.02.9",
            "\"urn:epc:id:itip:9521234.054321.1.02.9\" does not have the form urn:epc:id:itip:Prefix.IndicatorItem.Piece.Total.Serial",
        ),
        (
            "urn:epc:id:itip:9521234.054321.03.02.9",
            "the value \"095212345432130302\" of AI 8006 is no piece of a total",
        ),
        (
            "urn:epc:idpat:sgtin:9521234.054321.7",
            "\"urn:epc:idpat:sgtin:9521234.054321.7\" does not have the form urn:epc:idpat:sgtin:Prefix.IndicatorItem.*",
        ),
    ] {
        assert_eq!(link_of(urn), Some(Err(reason.to_owned())), "{urn}");
    }
}

#[test]
fn urns_without_a_gs1_key_and_open_patterns_are_left_alone() {
    for urn in [
        "urn:epc:id:gid:95100000.12345.400",
        "urn:epc:id:adi:CAGE12.PN.SN",
        "urn:epc:idpat:sgtin:9521234.*.*",
        "urn:epc:idpat:sgtin:*.*.*",
        "urn:uuid:374d95fc-9457-4a51-bd6a-0bba133845a8",
        "urn:epcglobal:cbv:bt:9521234500001:1",
        "",
    ] {
        assert_eq!(link_of(urn), None, "{urn}");
    }
}

#[test]
fn each_link_becomes_its_urn_again() {
    for (urn, path) in [
        ("urn:epc:id:sgtin:9521234.054321.7K3X", "01/09521234543213/10/L7/21/7K3X"),
        ("urn:epc:id:sgtin:952123454321.0.7K3X", "01/09521234543213/21/7K3X"),
        (
            "urn:epc:id:sgtin:952123.0454321.%22%25%26%2F%3C%3E%3F!'()*+,-.:;=_",
            "01/09521234543213/21/%22%25%26%2F%3C%3E%3F%21%27%28%29%2A%2B%2C-.%3A%3B%3D_",
        ),
        ("urn:epc:class:lgtin:9521234.054321.L7", "01/09521234543213/22/2A/10/L7"),
        ("urn:epc:id:upui:9521234.054321.X", "01/09521234543213/235/X"),
        ("urn:epc:idpat:sgtin:9521234.154321.*", "01/19521234543210"),
        ("urn:epc:id:sgtin:9521234.154321.*", "01/19521234543210/21/%2A"),
        ("urn:epc:id:sscc:9521234.3000000001", "00/395212340000000014"),
        ("urn:epc:id:sgln:9521234.50000.0", "414/9521234500001"),
        ("urn:epc:id:sgln:9521234.50000.D4", "414/9521234500001/254/D4"),
        ("urn:epc:id:sgln:952123450000..0", "414/9521234500001"),
        ("urn:epc:id:pgln:952123450000.", "417/9521234500001"),
        ("urn:epc:id:grai:9521234.00001.ABC", "8003/09521234000013ABC"),
        ("urn:epc:idpat:grai:9521234.00001.*", "8003/09521234000013"),
        ("urn:epc:id:giai:9521234.TRUCK%2F1", "8004/9521234TRUCK%2F1"),
        ("urn:epc:id:gsrn:9521234.0000000001", "8018/952123400000000017/8019/3"),
        ("urn:epc:id:gsrnp:9521234.0000000001", "8017/952123400000000017"),
        ("urn:epc:id:gdti:952123400001..9", "253/95212340000139"),
        ("urn:epc:idpat:gdti:9521234.00001.*", "253/9521234000013"),
        ("urn:epc:id:sgcn:9521234.00001.44", "255/952123400001344"),
        ("urn:epc:idpat:sgcn:9521234.00001.*", "255/9521234000013"),
        ("urn:epc:id:cpi:9521234.A%23%2FB.1234", "8010/9521234A%23%2FB/8011/1234"),
        ("urn:epc:idpat:cpi:9521234.AB12.*", "8010/9521234AB12"),
        ("urn:epc:id:ginc:9521234.xyz47%2F11", "401/9521234xyz47%2F11"),
        ("urn:epc:id:gsin:9521234.000000001", "402/95212340000000013"),
        ("urn:epc:id:itip:9521234.054321.01.02.987", "8006/095212345432130102/10/L7/21/987"),
        ("urn:epc:idpat:itip:9521234.054321.01.02.*", "8006/095212345432130102"),
    ] {
        let link = DigitalLink::parse(&format!("https://t.example/{path}")).unwrap();
        let digits = urn.splitn(5, ':').nth(4).unwrap().split_once('.').unwrap().0;
        let by_length = CompanyPrefix::of_length(digits.len()).unwrap();
        assert_eq!(Epc::of_link(&DigitalLink::of_urn(urn).unwrap()), Epc::of_link(&link), "{urn}");
        for prefix in [by_length, digits.parse().unwrap()] {
            assert_eq!(link.urn(&prefix).as_deref(), Ok(urn), "{path}");
        }
    }
}

#[test]
fn a_link_without_a_urn_is_refused_with_its_reason() {
    for (path, prefix, reason) in [
        ("8013/1987654Ad4X4bL5ttr2310c2K", "9521234", "there is no EPC URN for AI 8013"),
        ("415/9521234500001/8020/X", "9521234", "there is no EPC URN for AI 415 with AI 8020"),
        ("8006/095212345432130102/10/L7", "9521234", "there is no EPC URN for AI 8006 with AI 10"),
        ("414/9521234500001/254/0", "9521234", "AI 254 is 0, which in an EPC URN means that there is no extension"),
        (
            "01/09521234543213/21/7",
            "9521235",
            "the value \"09521234543213\" of AI 01 does not begin with the company prefix 9521235",
        ),
        (
            "8004/9521234TRUCK1",
            "95212345",
            "the value \"9521234TRUCK1\" of AI 8004 does not begin with a company prefix of 8 digits",
        ),
        (
            "8004/9521234",
            "9521234",
            "the value \"9521234\" of AI 8004 does not begin with a company prefix of 7 digits",
        ),
        ("401/95212", "952123", "the value \"95212\" of AI 401 does not begin with a company prefix of 6 digits"),
    ] {
        let link = DigitalLink::parse(&format!("https://t.example/{path}")).unwrap();
        assert_eq!(link.urn(&prefix.parse().unwrap()).unwrap_err().to_string(), reason, "{path}");
    }
    assert_eq!(
        DigitalLink::of_urn("urn:epc:id:gid:95100000.12345.400").unwrap_err().to_string(),
        "\"urn:epc:id:gid:95100000.12345.400\" is no EPC URN of a thing with a GS1 key"
    );
}

#[test]
fn a_company_prefix_has_six_to_twelve_digits() {
    for text in ["952123", "952123450000"] {
        assert!(text.parse::<CompanyPrefix>().is_ok() && CompanyPrefix::of_length(text.len()).is_ok(), "{text}");
    }
    for text in ["", "95212", "9521234500000", "95212a3", "９５２１２３"] {
        assert_eq!(text.parse::<CompanyPrefix>(), Err(BadPrefix), "{text}");
    }
    assert_eq!((CompanyPrefix::of_length(5), CompanyPrefix::of_length(13)), (Err(BadPrefix), Err(BadPrefix)));
}

proptest! {
    #[test]
    fn a_urn_names_what_its_link_names(
        key in "01/0952123454321[0-9]|00/39521234000000001[0-9]|8003/0952123400001[0-9][!-~]{0,5}|8004/[0-9]{4,9}[!-~]{0,5}|414/952123450000[0-9]",
        qualifier in "|/(10|21|235|254)/[!-~]{1,9}",
        digits in 6..=12_usize,
    ) {
        if let Ok(link) = DigitalLink::parse(&format!("https://t.example/{key}{qualifier}"))
            && let Ok(urn) = link.urn(&CompanyPrefix::of_length(digits).unwrap())
        {
            prop_assert_eq!(Epc::of_link(&DigitalLink::of_urn(&urn).unwrap()), Epc::of_link(&link), "{}", urn);
        }
    }
}
