//! Asking the API in the same process: the real routes, without a socket.

use std::sync::Arc;

use actix_web::{
    App,
    body::{BoxBody, to_bytes},
    dev::{Payload, Service, ServiceResponse},
    http::{
        Method, StatusCode,
        header::{self, HeaderMap},
    },
    test::{self, TestRequest},
    web::ServiceConfig,
};
use hefu_api::{Ledger, Local, Origin};
use serde_json::Value;

use crate::snapshot;

/// Where the node of these tests is reached.
pub const ORIGIN: &str = "https://t.example";

pub fn origins() -> Vec<Origin> {
    vec![ORIGIN.parse().unwrap()]
}

/// The API over a ledger, of a node that keeps nothing.
pub fn api(ledger: Arc<dyn Ledger>) -> impl Fn(&mut ServiceConfig) + Clone + Send {
    hefu_api::configure(ledger, &origins(), Local::in_memory()).unwrap()
}

/// What was answered.
pub struct Answer {
    pub body: Vec<u8>,
    pub headers: HeaderMap,
    pub status: StatusCode,
}

/// The app over a ledger, asked once.
pub async fn ask(ledger: Arc<dyn Ledger>, request: TestRequest) -> Answer {
    whole(open(ledger, request).await).await
}

/// GET from a node that is only starting.
pub async fn get_early(address: &str) -> Answer {
    let app = test::init_service(App::new().configure(hefu_api::starting("it reads its store"))).await;
    whole(app.call(TestRequest::get().uri(address).to_request()).await.unwrap().map_into_boxed_body()).await
}

/// As [`ask`], with a body that arrives in its own time.
pub async fn ask_slowly(ledger: Arc<dyn Ledger>, request: TestRequest, body: Payload) -> Answer {
    let app = test::init_service(App::new().configure(api(ledger))).await;
    let (request, _) = request.to_request().replace_payload(body);
    whole(app.call(request).await.unwrap().map_into_boxed_body()).await
}

/// As [`ask`], with the answer's body left to be read.
pub async fn open(ledger: Arc<dyn Ledger>, request: TestRequest) -> ServiceResponse<BoxBody> {
    let app = test::init_service(App::new().configure(api(ledger))).await;
    app.call(request.to_request()).await.unwrap().map_into_boxed_body()
}

/// All of an answer.
pub async fn whole(answer: ServiceResponse<BoxBody>) -> Answer {
    let (status, headers) = (answer.status(), answer.headers().clone());
    let body = to_bytes(answer.into_body()).await.unwrap_or_else(|error| panic!("{error}")).to_vec();
    Answer { body, headers, status }
}

pub async fn get(ledger: Arc<dyn Ledger>, address: &str) -> Answer {
    ask(ledger, TestRequest::get().uri(address)).await
}

/// Hands in a body of a media type.
pub async fn post(ledger: Arc<dyn Ledger>, address: &str, media_type: &str, body: impl Into<Vec<u8>>) -> Answer {
    let body = body.into();
    let request = TestRequest::post().uri(address).insert_header((header::CONTENT_TYPE, media_type));
    ask(ledger, request.set_payload(body)).await
}

pub async fn method(ledger: Arc<dyn Ledger>, method: Method, address: &str) -> Answer {
    ask(ledger, TestRequest::with_uri(address).method(method)).await
}

impl Answer {
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    #[track_caller]
    pub fn header(&self, name: impl AsRef<str>) -> &str {
        self.headers.get(name.as_ref()).map_or("", |value| value.to_str().unwrap())
    }

    /// That it is a problem of this status and code, in the form of RFC 9457.
    #[track_caller]
    pub fn is_problem(&self, status: u16, code: &str) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        assert_eq!(self.header("content-type"), "application/problem+json");
        let problem = self.json();
        assert_eq!((problem["status"].as_u64(), problem["code"].as_str()), (Some(status.into()), Some(code)));
        assert_eq!(problem["type"], format!("urn:hefu:problem:{code}"));
        assert!(problem["title"].is_string());
        problem
    }

    /// That status, media type and body are what the file of this name holds.
    #[track_caller]
    pub fn is_kept_as(&self, name: &str) {
        let body = serde_json::to_string_pretty(&self.json()).unwrap();
        let text = format!("{} {}\n{body}\n", self.status.as_u16(), self.header("content-type"));
        snapshot::check(&format!("tests/http/snapshots/{name}"), &text);
    }
}
