//! Signatures of CAP documents: what xmlsec1 signs, with fresh keys of openssl, and what both say
//! of it when it is damaged.

use std::path::Path;
use std::process::{Command, Output};

use jiff::Timestamp;
use narrowcast::config::certificate;
use narrowcast_protocol::warning::cap::NAMESPACE;
use narrowcast_protocol::warning::signature::{SignatureError, Trust};

use crate::cap::Chance;

const MORE: &str = "http://www.w3.org/2001/04/xmldsig-more#";
const C14N: &str = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315";
const EXCLUSIVE: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";

/// Runs a program in a folder; none if it is missing.
fn run(folder: &Path, program: &str, arguments: &[&str]) -> Option<Output> {
    let output = Command::new(program)
        .current_dir(folder)
        .args(arguments)
        .output();
    let Ok(output) = output else {
        assert!(
            std::env::var_os("NARROWCAST_REQUIRE_PEERS").is_none(),
            "{program} is missing: install it"
        );
        eprintln!("{program} is missing: no signature was checked");
        return None;
    };
    Some(output)
}

/// A key `name.key` with a certificate of its own, `name.pem`.
fn make_key(folder: &Path, name: &str, kind: &[&str]) -> Option<()> {
    let (key, pem) = (format!("{name}.key"), format!("{name}.pem"));
    let subject = format!("/C=CN/CN={name}");
    let mut arguments = vec!["req", "-x509", "-nodes", "-days", "30", "-newkey"];
    arguments.extend(kind);
    arguments.extend(["-keyout", &key, "-out", &pem, "-subj", &subject]);
    let output = run(folder, "openssl", &arguments)?;
    assert!(output.status.success(), "{output:?}");
    Some(())
}

/// How a document is signed.
struct Way {
    key: &'static str,
    algorithm: String,
    digest: String,
    canonicalization: String,
    transform: String,
    uri: &'static str,
    prefix: &'static str,
}

/// Every canonicalization, of what is signed and of `SignedInfo`; every algorithm at least twice.
fn ways() -> Vec<Way> {
    let list = "<InclusiveNamespaces xmlns=\"http://www.w3.org/2001/10/xml-exc-c14n#\" \
                PrefixList=\"x #default\"/>";
    let methods = [
        (C14N.to_owned(), ""),
        (format!("{C14N}#WithComments"), ""),
        (EXCLUSIVE.to_owned(), ""),
        (format!("{EXCLUSIVE}WithComments"), ""),
        (EXCLUSIVE.to_owned(), list),
    ];
    let algorithms = [
        (
            "rsa",
            "rsa-sha256",
            "http://www.w3.org/2001/04/xmlenc#sha256".to_owned(),
        ),
        (
            "p256",
            "ecdsa-sha256",
            "http://www.w3.org/2001/04/xmlenc#sha256".to_owned(),
        ),
        ("rsa", "rsa-sha384", format!("{MORE}sha384")),
        (
            "long",
            "rsa-sha512",
            "http://www.w3.org/2001/04/xmlenc#sha512".to_owned(),
        ),
        ("p384", "ecdsa-sha384", format!("{MORE}sha384")),
    ];
    let mut ways = Vec::new();
    for (at, (uri, inside)) in methods.iter().enumerate() {
        for (below, transform) in methods.iter().map(Some).chain([None]).enumerate() {
            let element = |name: &str, uri: &str, inside: &str, prefix: &str| {
                format!("<{prefix}{name} Algorithm=\"{uri}\">{inside}</{prefix}{name}>")
            };
            let (key, algorithm, digest) = &algorithms[(at + below) % algorithms.len()];
            let prefix = ["", "ds:"][(at + below) % 2];
            ways.push(Way {
                key,
                algorithm: format!("{MORE}{algorithm}"),
                digest: digest.clone(),
                canonicalization: element("CanonicalizationMethod", uri, inside, prefix),
                transform: transform.map_or_else(String::new, |(uri, inside)| {
                    element("Transform", uri, inside, prefix)
                }),
                uri: ["", "", "#root-1"][(at + 2 * below) % 3],
                prefix,
            });
        }
    }
    ways
}

impl Way {
    /// The signature, to be filled in.
    fn skeleton(&self) -> String {
        let Self {
            algorithm,
            digest,
            canonicalization,
            transform,
            uri,
            prefix: p,
            ..
        } = self;
        let (space, text) = if p.is_empty() {
            ("xmlns", "\n  ")
        } else {
            ("xmlns:ds", "")
        };
        format!(
            "<{p}Signature {space}=\"http://www.w3.org/2000/09/xmldsig#\" xmlns:x=\"urn:x\">{text}\
             <{p}SignedInfo><!-- signed or not -->{canonicalization}{text}\
             <{p}SignatureMethod Algorithm=\"{algorithm}\"/>{text}<{p}Reference URI=\"{uri}\">\
             <{p}Transforms><{p}Transform Algorithm=\"{ENVELOPED}\"/>{transform}</{p}Transforms>\
             <{p}DigestMethod Algorithm=\"{digest}\"/>{text}<{p}DigestValue></{p}DigestValue>\
             </{p}Reference></{p}SignedInfo>{text}<{p}SignatureValue></{p}SignatureValue>\
             </{p}Signature>"
        )
    }
}

/// Documents with what canonical forms differ in; the signature stands for `SIGNATURE`.
fn documents() -> [String; 3] {
    let start = "<identifier>id-1</identifier>\n<sender>city.example</sender>\
                 <sent>2026-01-31T08:00:00+08:00</sent>\n<status>Actual</status>";
    let rest = "<msgType>Alert</msgType><scope>Public</scope><info><language>zh-CN</language>\
                <category>Met</category><event>大风 &amp; &#x96F9; &lt;III&gt;</event>\
                <urgency>Expected</urgency><severity>Moderate</severity>\
                <certainty>Likely</certainty></info>";
    let prefixed = format!("{start}{rest}")
        .replace("</", "</cap:")
        .replace('<', "<cap:")
        .replace("<cap:/cap:", "</cap:");
    [
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<alert xmlns=\"{NAMESPACE}\" \
             Id='root-1'>{start}{rest}SIGNATURE</alert>\n"
        ),
        format!(
            "<?xml version='1.0'?>\r\n<!-- a -->\r\n<?style a='1'\r\n b?>\n<cap:alert \
             Id=\"root-1\" xmlns:x=\"urn:x\" xmlns:cap='{NAMESPACE}' xml:lang=\"zh\" \
             xmlns:unused=\"urn:u\">\r\n{prefixed}\n\tSIGNATURE\n</cap:alert><?end?>\n<!-- b -->"
        ),
        format!(
            "<alert x:b=\"&quot;&#10;&#x9;\ty'\" c = '&lt;>&amp;' x:a=\"1\" Id=\"root-1\" \
             xmlns:x=\"urn:x\"\nxmlns=\"{NAMESPACE}\"><!-- one --><?two?>{start}\
             <note><![CDATA[<x> & ]]>&#13;]]&gt; \" '</note>{rest}<y xmlns=\"\" x:z=\"\"><z \
             xmlns:x=\"urn:y\" xmlns=\"urn:d\"/></y>SIGNATURE  </alert>"
        ),
    ]
}

/// The verdict of xmlsec1.
fn theirs(folder: &Path, key: &str, document: &str) -> Option<bool> {
    std::fs::write(folder.join("asked.xml"), document).unwrap();
    let id = format!("{NAMESPACE}:alert");
    let pem = format!("{key}.pem");
    let output = run(
        folder,
        "xmlsec1",
        &[
            "--verify",
            "--id-attr:Id",
            &id,
            "--pubkey-cert-pem",
            &pem,
            "asked.xml",
        ],
    )?;
    Some(output.status.success())
}

const STRANGE: &[&str] = &[
    "x",
    " ",
    "\n",
    "\r\n",
    "A",
    "=",
    "<!-- c -->",
    "<?p q?>",
    "<x/>",
    "&#x20;",
    "&amp;",
    "风",
    "<![CDATA[]]>",
    "<![CDATA[x]]>",
    "\t",
];

/// One change of a document behind its declaration, which nobody signs: an octet is gone, or something strange stands there too or instead.
fn damage(document: &str, chance: &mut Chance) -> String {
    let from = document.find("?>").map_or(0, |at| at + 2);
    let mut at = from + chance.below(document.len() - from);
    while !document.is_char_boundary(at) {
        at -= 1;
    }
    let (before, after) = document.split_at(at);
    let mut rest = after.chars();
    let gone = rest.next();
    match chance.below(4) {
        0 => format!("{before}{}", rest.as_str()),
        1 => format!("{before}{}{}", chance.of(STRANGE), rest.as_str()),
        2 => format!("{before}{}{after}", chance.of(STRANGE)),
        // Between two elements.
        _ => match after.split_once("><") {
            Some((first, last)) => {
                format!("{before}{first}>{}<{last}", chance.of(STRANGE))
            }
            None => format!("{before}{}{after}", gone.unwrap_or('x')),
        },
    }
}

/// What we refuse by rule, although the numbers may be right.
fn by_rule(error: &SignatureError) -> bool {
    matches!(
        error,
        SignatureError::Value(_)
            | SignatureError::Shape { .. }
            | SignatureError::Transforms
            | SignatureError::RelativeNamespace(_)
            | SignatureError::Algorithm { .. }
            | SignatureError::Xml(_)
    )
}

#[test]
fn what_xmlsec1_signs_holds_for_us_and_what_is_damaged_for_neither() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    for (name, kind) in [
        ("rsa", &["rsa:2048"][..]),
        ("long", &["rsa:4096"]),
        ("p256", &["ec", "-pkeyopt", "ec_paramgen_curve:P-256"]),
        ("p384", &["ec", "-pkeyopt", "ec_paramgen_curve:P-384"]),
        ("other-rsa", &["rsa:2048"]),
        ("other-p256", &["ec", "-pkeyopt", "ec_paramgen_curve:P-256"]),
    ] {
        if make_key(folder, name, kind).is_none() {
            return;
        }
    }
    let now = Timestamp::now();
    let trust = |names: &[&str]| Trust {
        keys: names
            .iter()
            .map(|name| certificate(&folder.join(format!("{name}.pem"))).unwrap())
            .collect(),
        required: true,
        allow_sha1: false,
    };
    let (all, others) = (
        trust(&["other-rsa", "rsa", "other-p256", "p256", "long", "p384"]),
        trust(&["other-rsa", "other-p256"]),
    );
    let id = format!("{NAMESPACE}:alert");
    let mut chance = Chance(29);
    let (mut damaged, mut same, mut ruled) = (0, 0, 0);
    for document in documents() {
        for way in ways() {
            let template = document.replace("SIGNATURE", &way.skeleton());
            std::fs::write(folder.join("template.xml"), template).unwrap();
            let key = format!("{}.key", way.key);
            let Some(output) = run(
                folder,
                "xmlsec1",
                &[
                    "--sign",
                    "--id-attr:Id",
                    &id,
                    "--privkey-pem",
                    &key,
                    "--output",
                    "signed.xml",
                    "template.xml",
                ],
            ) else {
                return;
            };
            assert!(output.status.success(), "{output:?}");
            let signed = std::fs::read_to_string(folder.join("signed.xml")).unwrap();
            let by = all.check(signed.as_bytes(), now);
            let name = by.unwrap_or_else(|error| panic!("{error}\n{signed}"));
            assert!(name.unwrap().name().ends_with(&format!("/{}.pem", way.key)));
            assert!(others.check(signed.as_bytes(), now).is_err());
            for _ in 0..6 {
                let changed = damage(&signed, &mut chance);
                let ours = all.check(changed.as_bytes(), now);
                let theirs = theirs(folder, way.key, &changed).unwrap();
                match ours {
                    Ok(_) => {
                        assert!(theirs, "xmlsec1 refuses\n{changed}");
                        same += 1;
                    }
                    Err(_) if !theirs => damaged += 1,
                    Err(error) => {
                        assert!(by_rule(&error), "{error}, and xmlsec1 takes\n{changed}");
                        ruled += 1;
                    }
                }
            }
        }
    }
    assert!(damaged > 300 && same > 20, "{damaged} {same} {ruled}");
}
