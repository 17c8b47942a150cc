//! Questions that are passed on, with whatever is answered.

use super::{Client, ClientError, unreachable};

/// Largest answer that a gateway passes on: a page of events.
const RELAYED_BYTES_MAX: u64 = 16 << 20;

/// An answer as it came.
pub struct Raw {
    /// Its status.
    pub status: u16,
    /// Its headers, names in small letters.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub body: Vec<u8>,
}

impl Client {
    /// Asks an address of the node's, with a body or without, and takes whatever it answers.
    ///
    /// # Errors
    /// [`ClientError::Unreachable`].
    pub fn ask(
        &self,
        method: &str,
        address: &str,
        headers: &[(String, String)],
        body: Option<&[u8]>,
    ) -> Result<Raw, ClientError> {
        let url = format!("{}{address}", self.node);
        let failed = |source| unreachable(&url, source);
        let mut request = ureq::http::Request::builder().method(method).uri(&url);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let bad = |bad| failed(ureq::Error::Http(bad));
        let answer = match body {
            Some(body) => self.agent.run(request.body(body).map_err(bad)?),
            None => self.agent.run(request.body(()).map_err(bad)?),
        };
        let mut response = answer.map_err(failed)?;
        let told = |(name, value): (&ureq::http::HeaderName, &ureq::http::HeaderValue)| {
            Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
        };
        let headers = response.headers().iter().filter_map(told).collect();
        let status = response.status().as_u16();
        let body = response.body_mut().with_config().limit(RELAYED_BYTES_MAX).read_to_vec().map_err(failed)?;
        Ok(Raw { status, headers, body })
    }
}
