//! Query parameters: the known ones, each at most once, and no others.
//!
//! A parameter that is silently passed over is a client's mistake that it never learns of.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev::Payload, error::QueryPayloadError, web};
use serde::{Deserialize, de::DeserializeOwned};

use crate::problem::{Door, Problem};

/// The query of a request. `T` denies unknown fields.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Query<T>(pub T);

/// No parameters at all.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Nothing {}

impl<T: DeserializeOwned> FromRequest for Query<T> {
    type Error = Problem;
    type Future = Ready<Result<Query<T>, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let query = web::Query::<T>::from_query(request.query_string());
        ready(match query {
            Ok(query) => Ok(Query(query.into_inner())),
            Err(QueryPayloadError::Deserialize(error)) => Err(Problem::from(Door::Query).because(error)),
            Err(other) => Err(Problem::from(Door::Query).because(other)),
        })
    }
}
