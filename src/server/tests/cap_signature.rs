//! Signed CAP documents over the interface. `tests/vectors/cap/signed.xml` was signed by xmlsec1.

use super::access::{Counties, Told};
use super::cap::MEDIA_TYPE;
use crate::config::Config;
use crate::model::cap::CapRules;

const SIGNED: &str = include_str!("../../../tests/vectors/cap/signed.xml");
const KEY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/cap/signed.pem");

/// The rules of a configuration file with the key, and with these lines.
fn rules(lines: &str) -> CapRules {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("n.toml");
    let text = format!("[cap]\ndefault_targets = [\"radio:1\"]\ncertificates = [{KEY:?}]\n{lines}");
    std::fs::write(&path, text).unwrap();
    Config::load(&path).unwrap().cap_rules()
}

fn unsigned() -> String {
    let (before, rest) = SIGNED.split_once("<Signature").unwrap();
    let (_, after) = rest.split_once("</Signature>").unwrap();
    format!("{before}{after}")
}

async fn post(counties: &Counties, document: &str) -> Told {
    let body = Some((MEDIA_TYPE, document.as_bytes().to_vec()));
    let token = Some("nc_dispatcher");
    counties
        .call(token, "POST", "/api/v1/cap", None, &body)
        .await
}

async fn refused(counties: &Counties, document: &str, why: &str) {
    let told = post(counties, document).await;
    assert_eq!(told.status, 422, "{}", told.text);
    assert_eq!(told.body["type"], "urn:narrowcast:cap");
    let detail = told.body["detail"].as_str().unwrap();
    assert!(detail.starts_with(why), "{detail}");
}

#[tokio::test]
async fn with_a_certificate_only_what_is_signed_by_it_becomes_an_alert() {
    let mut counties = Counties::new().await;
    counties.under(rules(""));
    let changed = SIGNED.replacen("山洪红色", "山洪蓝色", 1);
    let changed_why = "DigestValue: the document was changed";
    refused(&counties, &changed, changed_why).await;
    refused(
        &counties,
        &unsigned(),
        "Signature: the document is not signed",
    )
    .await;
    let told = post(&counties, SIGNED).await;
    assert_eq!(told.status, 201, "{}", told.text);
    counties.running.shutdown.cancel();
}

#[tokio::test]
async fn where_signatures_are_only_checked_unsigned_documents_are_taken_and_bad_ones_are_not() {
    let mut counties = Counties::new().await;
    counties.under(rules("signatures = \"checked\""));
    let changed = SIGNED.replacen("山洪红色", "山洪蓝色", 1);
    let changed_why = "DigestValue: the document was changed";
    refused(&counties, &changed, changed_why).await;
    let told = post(&counties, &unsigned()).await;
    assert_eq!(told.status, 201, "{}", told.text);
    counties.running.shutdown.cancel();
}

#[tokio::test]
async fn without_certificates_signatures_are_not_looked_at() {
    let counties = Counties::new().await;
    let changed = SIGNED.replacen("山洪红色", "山洪蓝色", 1);
    let told = post(&counties, &changed).await;
    assert_eq!(told.status, 201, "{}", told.text);
    counties.running.shutdown.cancel();
}
