//! Asking for pages in the same process, without a socket.

use std::sync::Arc;

use actix_web::{
    App,
    body::to_bytes,
    dev::Service,
    http::{
        StatusCode,
        header::{self, HeaderMap},
    },
    test::{self, TestRequest},
};
use hefu_api::{Ledger, Local};
use hefu_contracts::gs1::Epc;
use hefu_explorer::{Language, Neighbour, Site};
use serde_json::Value;

use crate::{
    demo::{self, Demo},
    markup::Page,
};

/// What was answered.
pub struct Answer {
    pub body: Vec<u8>,
    pub headers: HeaderMap,
    pub status: StatusCode,
}

/// Where the pages of these tests are.
pub fn site() -> Site {
    let neighbour = |host: &str, party: &str| Neighbour {
        origin: format!("https://{host}").parse().unwrap(),
        party: party.to_owned(),
    };
    Site {
        examples: vec![Epc::parse(&demo::epc(0)).unwrap()],
        language: Language::Zh,
        neighbours: vec![neighbour("t2.example", "yueling")],
        origin: "https://t.example".parse().unwrap(),
    }
}

pub async fn ask(ledger: Arc<dyn Ledger>, request: TestRequest) -> Answer {
    ask_at(site(), ledger, request).await
}

pub async fn ask_at(site: Site, ledger: Arc<dyn Ledger>, request: TestRequest) -> Answer {
    let app = App::new()
        .configure(
            hefu_api::configure(Arc::clone(&ledger), std::slice::from_ref(&site.origin), Local::in_memory()).unwrap(),
        )
        .configure(hefu_explorer::configure(ledger, site).unwrap());
    let answer = test::init_service(app).await.call(request.to_request()).await.unwrap();
    let (status, headers) = (answer.status(), answer.headers().clone());
    let body = to_bytes(answer.into_body()).await.unwrap_or_else(|_| panic!("no body")).to_vec();
    Answer { body, headers, status }
}

pub async fn get(demo: &Demo, address: &str) -> Answer {
    ask(demo.chain.clone(), TestRequest::get().uri(address)).await
}

/// The page of an item.
pub fn path(index: u64) -> String {
    format!("/01/{}/21/{}", demo::REFILL, demo::serial(index))
}

impl Answer {
    #[track_caller]
    pub fn header(&self, name: impl AsRef<str>) -> &str {
        self.headers.get(name.as_ref()).map_or("", |value| value.to_str().unwrap())
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// That it is a whole page of this status.
    #[track_caller]
    pub fn is_page(&self, status: u16) -> Page {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        assert_eq!(self.header("content-type"), "text/html; charset=utf-8");
        Page::read(&self.text())
    }

    /// That it leads elsewhere.
    #[track_caller]
    pub fn leads_to(&self, status: u16, location: &str) {
        assert_eq!((self.status.as_u16(), self.header(header::LOCATION)), (status, location), "{}", self.text());
    }
}
