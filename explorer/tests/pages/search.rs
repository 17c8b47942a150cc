//! Search.

use crate::{
    client::{get, path},
    demo::{Demo, REFILL, epc, serial},
};

fn query(q: &str) -> String {
    let escaped: String = q.bytes().map(|byte| format!("%{byte:02X}")).collect();
    format!("/x/search?q={escaped}&lang=en")
}

#[actix_web::test]
async fn what_names_one_thing_leads_to_its_page() {
    let demo = Demo::with_history();
    let block = get(&demo, "/v1/blocks/5").await.json();
    let (hash, record) = (block["block"].as_str().unwrap(), block["records"][0]["id"].as_str().unwrap());
    for (q, found) in [
        ("7".to_owned(), "/x/blocks/7".to_owned()),
        (hash.to_owned(), "/x/blocks/5".to_owned()),
        (hash[..8].to_owned(), "/x/blocks/5".to_owned()),
        (hash[..20].to_uppercase(), "/x/blocks/5".to_owned()),
        (record.to_owned(), format!("/x/records/{record}")),
        (record[..8].to_owned(), format!("/x/records/{record}")),
        (record[..33].to_owned(), format!("/x/records/{record}")),
        (format!(" {} ", serial(0)), path(0)),
        (format!("{REFILL} {}", serial(0)), path(0)),
        (format!("9528880010021/{}", serial(7)), path(7)),
        (format!("(01){REFILL}(21){}", serial(0)), path(0)),
        (epc(0), path(0)),
        (format!("HTTPS://ANY.EXAMPLE/01/{REFILL}/21/{}", serial(0)), path(0)),
        (format!("01/{REFILL}/21/{}", serial(0)), path(0)),
        (format!("/01/{REFILL}/21/{}", serial(0)), path(0)),
        (format!("(01) {REFILL} (10) L7"), format!("/01/{REFILL}/10/L7")),
        (format!("https://any.example/01/{REFILL}/10/L7?17=270101"), format!("/01/{REFILL}/10/L7")),
        (String::new(), "/".to_owned()),
    ] {
        get(&demo, &query(&q)).await.leads_to(303, &format!("{found}?lang=en"));
    }
}

#[actix_web::test]
async fn what_has_no_page_of_its_own_leads_to_its_trace() {
    let demo = Demo::with_history();
    let pallet = "00/095288802000000019";
    for q in ["(00)095288802000000019".to_owned(), pallet.to_owned(), format!("https://id.gs1.org/{pallet}")] {
        get(&demo, &query(&q)).await.leads_to(303, "/x/trace?id=00%2F095288802000000019&lang=en");
    }
    get(&demo, &query("(00)095288802000000018")).await.is_page(404);
}

#[actix_web::test]
async fn names_are_listed() {
    let demo = Demo::with_history();
    for (q, found) in [
        ("corenest", vec!["CoreNest", "CoreNest Hangzhou"]),
        ("越岭", vec!["Yueling FlexMake"]),
        ("桂花", vec!["Osmanthus refill"]),
        (REFILL, vec!["Osmanthus refill"]),
        ("9528880010021", vec!["Osmanthus refill"]),
    ] {
        let page = get(&demo, &query(q)).await.is_page(200);
        for name in found {
            assert!(page.visible().contains(name), "{q}: {}", page.visible());
        }
    }
}

#[actix_web::test]
async fn what_is_not_found_is_said() {
    let demo = Demo::with_history();
    for q in ["nobody", "00000000", &"0".repeat(64), &serial(7), "99999", "<script>"] {
        let page = get(&demo, &query(q)).await.is_page(404);
        assert!(page.visible().contains("Nothing found"), "{q}");
    }
}
