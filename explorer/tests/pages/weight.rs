//! How much a phone has to load before the answer stands on the page.

use actix_web::{http::header, test::TestRequest};

use crate::{
    client::{ask, get, path},
    demo::Demo,
};

/// Page, style and script of the trace page, compressed.
const TRACE_BYTES_MAX: usize = 11_500;

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
    let demo = Demo::with_history();
    for language in ["zh", "en"] {
        let address = format!("{}?lang={language}", path(1));
        let page = get(&demo, &address).await.is_page(200);
        let style = page.all("link").find(|link| link.get("rel") == "stylesheet").unwrap().get("href").to_owned();
        let html = transferred(&demo, &address).await;
        let style = transferred(&demo, &style).await;
        let script = transferred(&demo, page.one("script").get("src")).await;
        let told = format!("{language}: page {html}, style {style}, script {script} bytes");
        assert!(html + style <= TRACE_WITHOUT_SCRIPT_BYTES_MAX, "{told}");
        assert!(html + style + script <= TRACE_BYTES_MAX, "{told}");
    }
}
