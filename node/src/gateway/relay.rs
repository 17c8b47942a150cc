//! Questions that go on to the node, asked with the gateway's key where it may read.

use std::sync::Arc;

use async_trait::async_trait;
use hefu_api::{
    Door, Problem,
    epcis::gateway::{Question, Relay, Relayed},
};
use hefu_contracts::{access, time::Millis};
use tokio::task;

use super::door::Gateway;
use crate::client::{self, Raw};

/// How long an access document of the gateway's is good.
const READS_FOR: Millis = Millis(5 * 60 * 1_000);

/// Who asks the node for a gateway.
pub struct NodeRelay {
    /// The gateway, whose key reads.
    pub gateway: Arc<Gateway>,
    /// The node's origin, as access documents name it.
    pub aud: String,
}

impl NodeRelay {
    fn authorization(&self) -> Option<(String, String)> {
        let expires = client::now().ok()?.plus(READS_FOR);
        let document = access::sign(&self.aud, &self.gateway.chain, expires, &self.gateway.key).ok()?;
        Some(("authorization".to_owned(), access::header(&document)))
    }
}

/// Whether the node has turned the reader away, not the question.
fn is_turned_away(raw: &Raw) -> bool {
    raw.status == 401 || raw.status == 403
}

#[async_trait]
impl Relay for NodeRelay {
    async fn relay(&self, question: Question) -> Result<Relayed, Problem> {
        let is_shown = question.headers.iter().any(|(name, _)| name == "authorization");
        let own = if is_shown { None } else { self.authorization() };
        let client = self.gateway.client.clone();
        let asked = task::spawn_blocking(move || {
            let Question { method, address, headers, body } = question;
            let ask = |headers: &[(String, String)]| client.ask(&method, &address, headers, body.as_deref());
            if let Some(own) = own {
                let with: Vec<(String, String)> = headers.iter().cloned().chain([own]).collect();
                let answer = ask(&with)?;
                if !is_turned_away(&answer) {
                    return Ok(answer);
                }
                // A key without the role `read` reads what everybody may, and where that is nothing is told why.
                let anybodys = ask(&headers)?;
                return Ok(if is_turned_away(&anybodys) { answer } else { anybodys });
            }
            ask(&headers)
        });
        let asked = asked.await.map_err(|_| Problem::from(Door::NodeStopping))?;
        let Raw { status, headers, body } =
            asked.map_err(|error: client::ClientError| Problem::from(Door::NodeUnready).because(error))?;
        Ok(Relayed { status, headers, body })
    }
}
