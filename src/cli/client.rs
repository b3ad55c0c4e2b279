//! The API's client. A problem document becomes one line: what, where, and the remedy.

use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::Value;

use super::Access;

/// Longest wait for an answer; the server itself answers within 30 s.
const PATIENCE: Duration = Duration::from_secs(40);

pub(super) struct Client {
    http: reqwest::Client,
    base: String,
    token: Option<String>,
}

impl Client {
    pub(super) fn new(access: &Access) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(5))
            .build()
            .context("cannot make an HTTP client")?;
        Ok(Self {
            http,
            base: access.server.trim_end_matches('/').to_owned(),
            token: access.token.clone(),
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

    /// The body as text, in the form asked for.
    pub(super) async fn text(&self, path: &str, accept: &str) -> anyhow::Result<String> {
        let response = self
            .send(self.request(Method::GET, path).header("Accept", accept))
            .await?;
        Ok(response.text().await?)
    }

    async fn answer(&self, request: RequestBuilder) -> anyhow::Result<Value> {
        let text = self.send(request).await?.text().await?;
        if text.is_empty() {
            Ok(Value::Null)
        } else {
            Ok(serde_json::from_str(&text)?)
        }
    }

    async fn send(&self, request: RequestBuilder) -> anyhow::Result<reqwest::Response> {
        let sent = request.timeout(PATIENCE).send().await;
        let response = sent.map_err(|error| {
            anyhow!(
                "no answer from {}: {}; is the server running there? (see `narrowcast doctor`)",
                self.base,
                root(&error)
            )
        })?;
        if response.status().is_success() {
            return Ok(response);
        }
        let status = response.status();
        let problem: Value =
            serde_json::from_str(&response.text().await.unwrap_or_default()).unwrap_or_default();
        bail!("{}", describe(status, &problem, self.token.is_some()))
    }
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
