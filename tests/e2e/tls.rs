//! The API over TLS, with a certificate made for the test.

use crate::cli::narrowcast;
use crate::support::peers;
use crate::support::place::{NO_MARKS, Place, http};

fn trusting(pem: &[u8]) -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only(reqwest::Certificate::from_pem_bundle(pem).unwrap())
        .build()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_api_speaks_tls_to_those_who_trust_it_and_nothing_else() {
    let mut place = Place::unconfigured(None);
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let (cert, key) = (place.path("cert.pem"), place.path("key.pem"));
    std::fs::write(&cert, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    place.configure(
        "ballast = 0",
        NO_MARKS,
        &format!("tls_cert = {cert:?}\ntls_key = {key:?}"),
    );
    let plain = place.server();
    place.over_tls();
    let _server = place.start();
    let trusting = trusting(made.cert.pem().as_bytes());
    place.until_up(&trusting).await;
    let token = place.token();
    let ca = cert.to_str().unwrap();

    let listed = narrowcast(&place, &token, &["token", "list", "--ca", ca])
        .await
        .well();
    assert!(listed.contains("first administrator"), "{listed}");
    let strange = narrowcast(&place, &token, &["token", "list"]).await;
    assert_eq!(
        strange.code, 1,
        "a certificate that nobody vouches for: {strange:?}"
    );
    let unencrypted = ["token", "list", "--server", &plain];
    let refused = narrowcast(&place, &token, &unencrypted).await;
    assert_eq!(refused.code, 1, "plain HTTP: {refused:?}");
    let refused = http().get(format!("{plain}/health")).send().await;
    assert!(
        !refused.is_ok_and(|answer| answer.status().is_success()),
        "plain HTTP was answered"
    );
    if peers::has("curl", "--version") {
        curl(&place, &token, ca).await;
    } else {
        peers::missing("curl is not installed: it asks the API over TLS");
    }
}

async fn curl(place: &Place, token: &str, ca: &str) {
    let mut curl = tokio::process::Command::new("curl");
    curl.args(["--silent", "--fail", "--noproxy", "*", "--cacert", ca, "-H"])
        .arg(format!("Authorization: Bearer {token}"))
        .arg(place.url("whoami"));
    let output = curl.output().await.unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && said.contains("admin"),
        "{output:?}"
    );
}

#[tokio::test]
async fn beyond_loopback_tls_is_the_condition_and_a_wrong_key_is_named() {
    let place = Place::unconfigured(None);
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let (cert, key) = (place.path("cert.pem"), place.path("key.pem"));
    std::fs::write(&cert, made.cert.pem()).unwrap();
    std::fs::write(&key, "no key").unwrap();
    let file = place.path("beyond.toml");
    let beyond = format!("[server]\nlisten = \"0.0.0.0:{}\"\n", place.api);
    std::fs::write(
        &file,
        format!("{beyond}tls_cert = {cert:?}\ntls_key = {key:?}\n"),
    )
    .unwrap();
    let check = ["check-config", file.to_str().unwrap()];
    narrowcast(&place, "", &check).await.well();

    place.configure(
        "ballast = 0",
        NO_MARKS,
        &format!("tls_cert = {cert:?}\ntls_key = {key:?}"),
    );
    let config = place.config();
    let ran = narrowcast(&place, "", &["serve", "--config", config.to_str().unwrap()]).await;
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.err.contains("server.tls_key"), "{ran:?}");
}
