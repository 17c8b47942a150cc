//! The problems of the operations, by status.

use std::collections::BTreeMap;

use utoipa::{
    IntoResponses, ToSchema,
    openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder},
};

use crate::problem::{MEDIA_TYPE, ProblemView};

fn answered(status: &str, description: &str) -> BTreeMap<String, RefOr<Response>> {
    let schema = Ref::from_schema_name(ProblemView::name());
    let content = ContentBuilder::new().schema(Some(schema)).build();
    let response = ResponseBuilder::new().description(description).content(MEDIA_TYPE, content).build();
    BTreeMap::from([(status.to_owned(), RefOr::T(response))])
}

macro_rules! problems {
    ($($name:ident $status:literal $description:literal;)*) => {
        $(
            #[doc = $description]
            #[derive(Clone, Copy, Debug)]
            pub enum $name {}

            impl IntoResponses for $name {
                fn responses() -> BTreeMap<String, RefOr<Response>> {
                    answered($status, $description)
                }
            }
        )*
    };
}

problems! {
    Malformed "400" "the request or the record is malformed";
    Unauthorised "401" "a signature does not match, or the key is not registered";
    Forbidden "403" "the key may not do this, or what is asked for is not for everybody";
    Unknown "404" "there is no such thing";
    Coding "406" "no content coding that the client accepts can be made";
    Slow "408" "the body took too long to arrive";
    Conflict "409" "the organisation has recorded this event before";
    TooLarge "413" "too many bytes, lines or elements";
    MediaType "415" "the body is of another media type than accepted";
    Refused "422" "a rule of the ledger speaks against the record";
    Full "429" "too many records are waiting";
    Fault "500" "the node failed";
    Unavailable "503" "the node cannot answer now";
}

/// Those of everything that is read of a contract.
#[derive(Clone, Copy, Debug)]
pub enum OfContract {}

impl IntoResponses for OfContract {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let all = [
            Malformed::responses(),
            Unauthorised::responses(),
            Forbidden::responses(),
            Unknown::responses(),
            Coding::responses(),
            TooLarge::responses(),
            Fault::responses(),
            Unavailable::responses(),
        ];
        all.into_iter().flatten().collect()
    }
}
