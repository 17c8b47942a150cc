//! Digital Links: every spelling leads to the one page of the item.

use actix_web::test::TestRequest;

use crate::{
    client::{ask, get, path},
    demo::{Demo, REFILL, serial},
};

#[actix_web::test]
async fn every_spelling_leads_to_the_canonical_one() {
    let demo = Demo::with_history();
    let item = path(0);
    let serial = serial(0);
    for (spelled, canonical) in [
        (format!("/01/9528880010021/21/{serial}"), item.clone()),
        (format!("/01/{REFILL}/10/L7/21/{serial}"), item.clone()),
        (format!("/01/{REFILL}/22/2A/10/L7/21/{serial}"), item.clone()),
        (format!("/01/{REFILL}/22/2A/10/L7/21/{serial}?17=261231&lang=en"), format!("{item}?17=261231&lang=en")),
        (format!("/gtin/{REFILL}/ser/{serial}"), item.clone()),
        (format!("{item}/"), item.clone()),
        (format!("/01/{REFILL}/21/%41%2fb"), format!("/01/{REFILL}/21/A%2Fb")),
        (format!("/01/{REFILL}/21/a+b"), format!("/01/{REFILL}/21/a%2Bb")),
        ("/01/96385074/21/A".to_owned(), "/01/00000096385074/21/A".to_owned()),
        ("/01/036000291452/21/A".to_owned(), "/01/00036000291452/21/A".to_owned()),
    ] {
        get(&demo, &spelled).await.leads_to(307, &canonical);
        let there = get(&demo, &canonical).await;
        assert!([200, 404].contains(&there.status.as_u16()), "{canonical}");
    }
}

#[actix_web::test]
async fn attributes_of_the_link_change_nothing() {
    let demo = Demo::with_history();
    let page = get(&demo, &format!("{}?17=261231&3103=000195&context=a", path(0))).await.is_page(200);
    let other = page.all("nav").count();
    assert_eq!(other, 1);
    let languages: Vec<&str> = page.with("hreflang").map(|link| link.get("href")).collect();
    let kept = format!("{}?17=261231&3103=000195&context=a&lang=en", path(0));
    assert_eq!(languages, [&kept, &kept]);
}

#[actix_web::test]
async fn an_absolute_form_of_the_address_is_the_same_page() {
    let demo = Demo::with_history();
    let request = TestRequest::get().uri(&format!("HTTPS://T.EXAMPLE{}", path(0)));
    ask(demo.chain.clone(), request).await.is_page(200);
}

#[actix_web::test]
async fn a_malformed_code_is_told_what_is_wrong_with_it() {
    let demo = Demo::with_history();
    for (address, zh, en) in [
        ("/01/09528880010022/21/A", "应为 1", "call for 1"),
        ("/01/0952888001/21/A", "8、12、13 或 14 位", "8, 12, 13 or 14"),
        ("/01/0952888001002x/21/A", "8、12、13 或 14 位", "8, 12, 13 or 14"),
        ("/01/09528880010021/21/ABCDEFGHIJKLMNOPQRSTU", "最多 20 个字符", "at most 20 characters"),
        ("/01/09528880010021/21/%E6%A1%82", "最多 20 个字符", "at most 20 characters"),
        ("/01/09528880010021/21/%FF", "最多 20 个字符", "at most 20 characters"),
    ] {
        for (language, said) in [("zh", zh), ("en", en)] {
            let page = get(&demo, &format!("{address}?lang={language}")).await.is_page(400);
            assert!(page.visible().contains(said), "{address}: {}", page.visible());
            assert!(page.visible().contains("E-PATH"));
        }
    }
}

#[actix_web::test]
async fn a_code_without_a_serial_number_is_of_no_single_item() {
    let demo = Demo::with_history();
    for address in [format!("/01/{REFILL}"), format!("/01/{REFILL}/10/L7")] {
        let page = get(&demo, &address).await.is_page(404);
        assert!(page.visible().contains("码中没有序列号"), "{address}");
    }
}
