//! The API's client. A problem document becomes one line: what, where, and the remedy.

use std::time::Duration;

use anyhow::{Context, bail};
use narrowcast::api::body::{RosterLine, RosterList};
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::Value;

use super::access::Access;

/// Longest wait for an answer; the server itself answers within 30 s.
const PATIENCE: Duration = Duration::from_secs(40);

/// Whether what was asked was done is not known.
#[derive(Debug, thiserror::Error)]
#[error("no answer from {base}: {why}; is the server running there? (see `narrowcast doctor`)")]
pub(super) struct NoAnswer {
    base: String,
    why: String,
}

pub(super) struct Client {
    http: reqwest::Client,
    base: String,
    token: Option<String>,
}

impl Client {
    pub(super) fn new(access: &Access) -> anyhow::Result<Self> {
        if !is_address(&access.server) {
            bail!(
                "`{}` is no address of a server: write http://HOST:PORT or https://HOST:PORT",
                access.server
            );
        }
        let token = access.token.as_deref().map(str::trim).map(str::to_owned);
        if token
            .as_ref()
            .is_some_and(|token| !token.chars().all(|c| c.is_ascii_graphic()))
        {
            bail!("the token holds characters that no token has: see NARROWCAST_TOKEN or --token");
        }
        let mut http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(5));
        if let Some(path) = &access.ca {
            let named = || format!("--ca {}", path.display());
            let pem = std::fs::read(path).with_context(named)?;
            let trusted = reqwest::Certificate::from_pem_bundle(&pem).with_context(named)?;
            http = http.tls_certs_only(trusted);
        } else if access.server.starts_with("http:") {
            // The system's certificates are not needed, and may not be there.
            http = http.tls_certs_only([]);
        }
        let http = http
            .build()
            .context("cannot make an HTTP client; name a CA's certificate with --ca")?;
        Ok(Self {
            http,
            base: access.server.trim_end_matches('/').to_owned(),
            token,
        })
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self
            .http
            .request(method, format!("{}/api/v1/{path}", self.base));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    pub(super) async fn get(&self, path: &str) -> anyhow::Result<Value> {
        self.answer(self.request(Method::GET, path)).await
    }

    pub(super) async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.answer(self.request(Method::POST, path).json(body))
            .await
    }

    pub(super) async fn post_with_key(
        &self,
        path: &str,
        body: &Value,
        key: &str,
    ) -> anyhow::Result<Value> {
        self.answer(
            self.request(Method::POST, path)
                .header("Idempotency-Key", key)
                .json(body),
        )
        .await
    }

    pub(super) async fn post_csv(&self, path: &str, csv: Vec<u8>) -> anyhow::Result<Value> {
        self.answer(
            self.request(Method::POST, path)
                .header("Content-Type", "text/csv")
                .body(csv),
        )
        .await
    }

    pub(super) async fn delete(&self, path: &str) -> anyhow::Result<Value> {
        self.answer(self.request(Method::DELETE, path)).await
    }

    /// All lines of the roster.
    pub(super) async fn roster(&self) -> anyhow::Result<Vec<RosterLine>> {
        let mut lines = Vec::new();
        loop {
            let path = format!("roster?offset={}&limit=1000", lines.len());
            let page: RosterList = serde_json::from_value(self.get(&path).await?)?;
            let empty = page.entries.is_empty();
            lines.extend(page.entries);
            if empty || lines.len() >= page.total {
                return Ok(lines);
            }
        }
    }

    /// An answer of any length, as it comes.
    pub(super) async fn stream(&self, path: &str) -> anyhow::Result<reqwest::Response> {
        self.sent(self.request(Method::POST, path)).await
    }

    async fn answer(&self, request: RequestBuilder) -> anyhow::Result<Value> {
        let text = self.send(request).await?.text().await?;
        if text.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_str(&text).map_err(|_| self.stranger(StatusCode::OK))
    }

    async fn send(&self, request: RequestBuilder) -> anyhow::Result<reqwest::Response> {
        self.sent(request.timeout(PATIENCE)).await
    }

    async fn sent(&self, request: RequestBuilder) -> anyhow::Result<reqwest::Response> {
        let response = request.send().await.map_err(|error| NoAnswer {
            base: self.base.clone(),
            why: self.cause(&error),
        })?;
        if response.status().is_success() {
            return Ok(response);
        }
        let status = response.status();
        let said = response.text().await.unwrap_or_default();
        match serde_json::from_str::<Value>(&said) {
            Ok(problem) if problem.get("detail").is_some() => {
                bail!("{}", describe(status, &problem, self.token.is_some()))
            }
            _ => Err(self.stranger(status)),
        }
    }

    fn cause(&self, error: &reqwest::Error) -> String {
        let mut why = root(error);
        if self.base.starts_with("https:") && why.contains("InvalidContentType") {
            why.push_str("; it may speak http, not https");
        }
        why
    }

    /// What answers there is not a Narrowcast server.
    fn stranger(&self, status: StatusCode) -> anyhow::Error {
        anyhow::anyhow!(
            "{} answers ({}), but not as Narrowcast does: is another program, or a proxy, there? \
             check --server",
            self.base,
            status.as_u16()
        )
    }
}

fn is_address(server: &str) -> bool {
    let rest = ["http://", "https://"]
        .iter()
        .find_map(|scheme| server.strip_prefix(scheme));
    rest.is_some_and(|rest| !rest.is_empty()) && reqwest::Url::parse(server).is_ok()
}

/// An id as one segment of a path, whatever somebody typed.
pub(super) fn segment(id: &str) -> String {
    let mut segment = String::new();
    for byte in id.bytes() {
        if byte.is_ascii_alphanumeric() {
            segment.push(char::from(byte));
        } else {
            segment.push_str(&format!("%{byte:02X}"));
        }
    }
    segment
}

fn root(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}

fn describe(status: StatusCode, problem: &Value, has_token: bool) -> String {
    let field = |name: &str| problem.get(name).and_then(Value::as_str);
    let what = field("detail")
        .or_else(|| field("title"))
        .unwrap_or("the server gave no reason");
    let place = field("field")
        .map(|field| format!("{field}: "))
        .unwrap_or_default();
    let remedy = match status {
        StatusCode::UNAUTHORIZED if !has_token => "; set NARROWCAST_TOKEN or give --token",
        _ => "",
    };
    super::output::safe(&format!("{place}{what} ({}){remedy}", status.as_u16()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_address_or_id_that_cannot_be_one_is_noticed() {
        for server in ["127.0.0.1:7373", "ftp://x", "http://", "", "http://a b"] {
            assert!(!is_address(server), "{server}");
        }
        assert!(is_address("http://127.0.0.1:7373") && is_address("https://[::1]:7373/"));
        assert_eq!(segment("../tokens?x"), "%2E%2E%2Ftokens%3Fx");
        assert_eq!(segment("01J9ZK"), "01J9ZK");
    }

    #[test]
    fn a_problem_names_its_field_and_the_remedy() {
        let problem = json!({"title": "Invalid", "detail": "it has 0 characters", "field": "text"});
        let line = describe(StatusCode::UNPROCESSABLE_ENTITY, &problem, true);
        assert_eq!(line, "text: it has 0 characters (422)");
        let line = describe(
            StatusCode::UNAUTHORIZED,
            &json!({"detail": "no token"}),
            false,
        );
        assert!(line.contains("NARROWCAST_TOKEN"), "{line}");
    }
}
