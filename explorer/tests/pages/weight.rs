//! How much a phone has to load before the answer stands on the page.

use actix_web::{http::header, test::TestRequest};
use hefu_contracts::action::Action;
use serde_json::json;

use crate::{
    client::{ask, get, path},
    demo::{self, Deed, Demo},
};

/// Page, style and script of the trace page, compressed.
const TRACE_BYTES_MAX: usize = 12_288;

/// What is read where no script runs.
const TRACE_WITHOUT_SCRIPT_BYTES_MAX: usize = 6_500;

async fn transferred(demo: &Demo, address: &str) -> usize {
    let request = TestRequest::get().uri(address).insert_header((header::ACCEPT_ENCODING, "gzip, br"));
    let answer = ask(demo.chain.clone(), request).await;
    assert_eq!(answer.header(header::CONTENT_ENCODING), "br", "{address}");
    answer.body.len()
}

#[actix_web::test]
async fn a_trace_page_is_light() {
    let (history, ancestry) = (Demo::with_history(), Demo::with_ancestry());
    let recall = json!({"reason": "safety", "source": demo::LOT});
    ancestry.take("corenest", &Deed::new(Action::RecallOpen, recall));
    for (demo, index, language) in
        [(&history, 1, "zh"), (&history, 1, "en"), (&ancestry, 0, "zh"), (&ancestry, 0, "en")]
    {
        let address = format!("{}?lang={language}", path(index));
        let page = get(demo, &address).await.is_page(200);
        let style = page.all("link").find(|link| link.get("rel") == "stylesheet").unwrap().get("href").to_owned();
        let html = transferred(demo, &address).await;
        let style = transferred(demo, &style).await;
        let script = transferred(demo, page.one("script").get("src")).await;
        let told = format!("{language}: page {html}, style {style}, script {script} bytes");
        assert!(html + style <= TRACE_WITHOUT_SCRIPT_BYTES_MAX, "{told}");
        assert!(html + style + script <= TRACE_BYTES_MAX, "{told}");
    }
}
