//! The API's own pages: the OpenAPI document, and Swagger UI to try it.

use std::sync::{Arc, LazyLock};

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{self, ContentEncoding},
    web,
};
use hefu_keys::Hash;
use utoipa_swagger_ui::{Config, serve};

use crate::{
    answer::{self, Keep, Tag},
    openapi,
    problem::{Door, Problem},
    query::{Nothing, Query},
};

/// Where the document is.
pub(crate) const DOCUMENT: &str = "/v1/openapi.json";

static TEXT: LazyLock<Result<String, serde_json::Error>> = LazyLock::new(openapi::text);

static CONFIG: LazyLock<Arc<Config<'static>>> =
    LazyLock::new(|| Arc::new(Config::new([DOCUMENT]).use_base_layout().validator_url("none")));

/// `GET /v1/openapi.json`
pub(crate) async fn document(request: HttpRequest, _: Query<Nothing>) -> Result<HttpResponse, Problem> {
    let text = TEXT.as_ref().map_err(|error| {
        tracing::error!(error = error as &dyn std::error::Error, "the OpenAPI document could not be written");
        Problem::from(Door::NodeFault)
    })?;
    let tag = Tag::new(Hash::of(text.as_bytes()));
    let unchanged = tag.unchanged(&request, Keep::Asking);
    Ok(unchanged.unwrap_or_else(|| answer::text(text.clone(), "application/json", Keep::Asking, Some(&tag))))
}

/// `GET /docs`: relative links need the slash.
pub(crate) async fn index() -> HttpResponse {
    HttpResponse::PermanentRedirect().insert_header((header::LOCATION, "/docs/")).finish()
}

/// `GET /docs/{file}`
pub(crate) async fn file(path: web::Path<String>) -> Result<HttpResponse, Problem> {
    let file = serve(&path, Arc::clone(&CONFIG)).map_err(|error| {
        tracing::error!(%error, "Swagger UI could not be configured");
        Problem::from(Door::NodeFault)
    })?;
    let file = file.ok_or(Problem::from(Door::NotFound))?;
    let mut response = HttpResponse::Ok();
    if file.gzpipped {
        response.insert_header((header::CONTENT_ENCODING, ContentEncoding::Gzip));
    }
    response.insert_header((header::CACHE_CONTROL, "public, no-cache")).content_type(file.content_type);
    Ok(response.body(file.bytes.into_owned()))
}
