//! What can be wrong with a request before any rule of the ledger is asked.

use actix_web::http::StatusCode;

/// The kinds, each with its name, its status (RFC 9110 §15) and its sentence.
macro_rules! doors {
    ($($(#[$doc:meta])+ $door:ident = $name:literal, $status:ident, $sentence:literal;)+) => {
        /// What can be wrong with a request before any rule of the ledger is asked. Names are never reused, nor are they
        /// those of a [`Code`](hefu_contracts::refusal::Code).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Door {
            $($(#[$doc])+ $door,)+
        }

        impl Door {
            /// Every kind.
            pub const ALL: &'static [Door] = &[$(Door::$door),+];

            pub(super) const fn facts(self) -> (&'static str, StatusCode, &'static str) {
                match self {
                    $(Door::$door => ($name, StatusCode::$status, $sentence),)+
                }
            }
        }
    };
}

doors! {
    /// There is no such account, or it is not for this reader.
    AccountUnknown = "E-ACCOUNT-UNKNOWN", NOT_FOUND, "there is no such account that the reader may read";
    /// There is no such agreement, or it is not for this reader.
    AgreementUnknown = "E-AGREEMENT-UNREADABLE", NOT_FOUND, "there is no such agreement that the reader may read";
    /// The record's lists and private values are not for this reader.
    AnnexPrivate = "E-ANNEX-PRIVATE", FORBIDDEN, "lists and private values are for whom the record names";
    /// The batch has no lines.
    BatchEmpty = "E-BATCH-EMPTY", BAD_REQUEST, "the batch has no lines";
    /// The batch has too many lines.
    BatchLines = "E-BATCH-LINES", PAYLOAD_TOO_LARGE, "the batch has too many lines";
    /// There is no such block.
    BlockUnknown = "E-BLOCK-UNKNOWN", NOT_FOUND, "the node holds no such block";
    /// The body ended before its announced length, or was not transferred as HTTP says.
    BodyBroken = "E-BODY-BROKEN", BAD_REQUEST, "the body did not arrive whole";
    /// The body is too large.
    BodySize = "E-BODY-SIZE", PAYLOAD_TOO_LARGE, "the body is too large";
    /// The body took too long.
    BodySlow = "E-BODY-SLOW", REQUEST_TIMEOUT, "the body took too long to arrive";
    /// There is no such capture job, or it is not for this reader.
    CaptureUnknown = "E-CAPTURE-UNKNOWN", NOT_FOUND, "there is no such capture job that the reader may read";
    /// None of the content codings that the client accepts can be made.
    ContentCoding = "E-CONTENT-CODING", NOT_ACCEPTABLE, "no accepted content coding can be made";
    /// The body is no EPCIS document, or not one with events.
    Document = "E-DOCUMENT", BAD_REQUEST, "the body is no EPCIS document in JSON";
    /// The signed record beside an event is of another one.
    EventBeside = "E-EVENT-BESIDE", BAD_REQUEST, "the signed record beside the event is of another event";
    /// There is no such event, or it is not for this reader.
    EventUnknown = "E-EVENT-UNKNOWN", NOT_FOUND, "there is no such event that the reader may read";
    /// An event was handed in without a signed record.
    EventUnsigned = "E-EVENT-UNSIGNED", BAD_REQUEST, "the event has no signed record beside it";
    /// The document has too many events.
    EventsMany = "E-EVENTS-MANY", PAYLOAD_TOO_LARGE, "the document has too many events";
    /// No media type or version that the client accepts can be made.
    FormatOther = "E-FORMAT-OTHER", NOT_ACCEPTABLE, "the answer cannot be made in an accepted media type or version";
    /// There is no record of this code.
    ItemUnknown = "E-ITEM-UNKNOWN", NOT_FOUND, "there is no record of this code";
    /// The key is not registered.
    KeyUnregistered = "E-KEY-UNREGISTERED", NOT_FOUND, "the key was never registered";
    /// The body is of another media type or coding than accepted.
    MediaType = "E-MEDIA-TYPE", UNSUPPORTED_MEDIA_TYPE, "the body's media type is not accepted here";
    /// The method is not one of this resource.
    Method = "E-METHOD", METHOD_NOT_ALLOWED, "the resource does not have this method";
    /// The node failed.
    NodeFault = "E-NODE-FAULT", INTERNAL_SERVER_ERROR, "the node failed";
    /// The node is stopping.
    NodeStopping = "E-NODE-STOPPING", SERVICE_UNAVAILABLE, "the node is stopping";
    /// The node should not be sent requests now.
    NodeUnready = "E-NODE-UNREADY", SERVICE_UNAVAILABLE, "the node is not ready";
    /// There is nothing at this address.
    NotFound = "E-NOT-FOUND", NOT_FOUND, "there is nothing at this address";
    /// There is no such organisation.
    PartyUnregistered = "E-PARTY-UNREGISTERED", NOT_FOUND, "there is no such organisation";
    /// A segment of the path is malformed.
    Path = "E-PATH", BAD_REQUEST, "a segment of the path is malformed";
    /// The organisation has as many named queries as it may.
    QueriesMany = "E-QUERIES-MANY", FORBIDDEN, "the organisation has as many named queries as it may";
    /// A query parameter is unknown, given twice or malformed.
    Query = "E-QUERY", BAD_REQUEST, "a query parameter is unknown or malformed";
    /// The query asks for too much at once.
    QueryComplex = "E-QUERY-COMPLEX", PAYLOAD_TOO_LARGE, "the query asks for too much at once";
    /// The body is no definition of a query.
    QueryDefinition = "E-QUERY-DEFINITION", BAD_REQUEST, "the body is no definition of a query";
    /// More events match than the query allows.
    QueryLarge = "E-QUERY-LARGE", PAYLOAD_TOO_LARGE, "more events match than the query allows";
    /// The organisation has a query of this name.
    QueryNamed = "E-QUERY-NAMED", CONFLICT, "the organisation has a query of this name";
    /// The organisation has no query of this name.
    QueryUnknown = "E-QUERY-UNKNOWN", NOT_FOUND, "the reader's organisation has no query of this name";
    /// What is asked for is an organisation's own, and nobody said for which one.
    ReaderAnybody = "E-READER-ANYBODY", UNAUTHORIZED, "what is asked for is an organisation's own: show an access document";
    /// The node holds no such record.
    RecordUnknown = "E-RECORD-UNKNOWN", NOT_FOUND, "the node holds no such record";
    /// A page of another origin asks for, or ends, a session.
    SessionForeign = "E-SESSION-FOREIGN", FORBIDDEN, "sessions are for the node's own pages";
    /// There is no such statement.
    StatementUnknown = "E-STATEMENT-UNISSUED", NOT_FOUND, "no such statement was issued";
    /// Too many streams are open.
    StreamsOpen = "E-STREAMS-OPEN", SERVICE_UNAVAILABLE, "too many streams are open";
    /// The subscription asks for nothing that can be done.
    Subscription = "E-SUBSCRIPTION", BAD_REQUEST, "the subscription cannot be made so";
    /// The subscription has ended.
    SubscriptionEnded = "E-SUBSCRIPTION-ENDED", CONFLICT, "nothing more is sent for the subscription";
    /// The query has no such subscription.
    SubscriptionUnknown = "E-SUBSCRIPTION-UNKNOWN", NOT_FOUND, "the query has no such subscription";
    /// The organisation has as many subscriptions as it may.
    SubscriptionsMany = "E-SUBSCRIPTIONS-MANY", FORBIDDEN, "the organisation has as many subscriptions as it may";
    /// The address is too long.
    UriLong = "E-URI-LONG", URI_TOO_LONG, "the address is too long";
    /// The node sends no reports by itself.
    WebhooksOff = "E-WEBHOOKS-OFF", FORBIDDEN, "this node sends nothing by itself: subscribe by WebSocket";
    /// No event that the reader may read has this value.
    ValueUnknown = "E-VALUE-UNKNOWN", NOT_FOUND, "no event that the reader may read has this value";
}

impl Door {
    /// The stable name.
    pub const fn name(self) -> &'static str {
        self.facts().0
    }

    /// The HTTP status.
    pub const fn status(self) -> StatusCode {
        self.facts().1
    }

    /// What it means, in English, lower case, without a full stop.
    pub const fn sentence(self) -> &'static str {
        self.facts().2
    }
}
