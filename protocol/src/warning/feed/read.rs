//! Reading a feed.

use roxmltree::Node;

use crate::warning::xml::{self, Strictness, XmlError};

/// Most entries of a feed.
pub const MAX_ENTRIES: usize = 1_000;
/// The namespace of Atom 1.0.
pub(super) const ATOM: &str = "http://www.w3.org/2005/Atom";
/// The media type of CAP.
pub(super) const CAP: &str = "application/cap+xml";

/// Where the document of an entry is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// At this address, which may be relative to the feed's.
    Link(String),
    /// In the feed: this is it.
    Inside(String),
}

/// An entry that has a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// `id` or `guid`, otherwise the link: names the entry.
    pub id: String,
    /// `updated` or `pubDate`, as it is written: an entry whose time changes is another one. Empty
    /// where there is none.
    pub updated: String,
    /// Where its document is.
    pub document: Place,
}

/// Why a document is no feed that can be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoFeed {
    /// It is no XML.
    #[error(transparent)]
    Xml(#[from] XmlError),
    /// It is another kind of document.
    #[error("the root is `{0}`; a feed is Atom (`feed` of {ATOM}) or RSS (`rss`)")]
    Root(String),
    /// It has too many entries.
    #[error("the feed has more than {MAX_ENTRIES} entries; publish a shorter one")]
    TooMany,
}

/// The entries of a feed that have a document, in the order of the feed: the newest first, as most
/// write them.
///
/// # Errors
/// It is no feed.
pub fn read(octets: &[u8]) -> Result<Vec<Entry>, NoFeed> {
    let decoded = xml::decode(octets, Strictness::Lenient)?;
    let document = xml::parse(&decoded)?;
    let root = document.root_element();
    let items: Vec<Node<'_, '_>> = match (root.tag_name().namespace(), root.tag_name().name()) {
        (Some(ATOM), "feed") => children(root, "entry").collect(),
        (None, "rss") => {
            let channels = children(root, "channel");
            channels.flat_map(|it| children(it, "item")).collect()
        }
        (_, name) => return Err(NoFeed::Root(crate::warning::text::excerpt(name, 60))),
    };
    if items.len() > MAX_ENTRIES {
        return Err(NoFeed::TooMany);
    }
    let entry = match root.tag_name().name() {
        "feed" => atom,
        _ => rss,
    };
    let entries = items.into_iter();
    Ok(entries.filter_map(|it| entry(it, &decoded.text)).collect())
}

fn children<'a, 'i>(of: Node<'a, 'i>, name: &'static str) -> impl Iterator<Item = Node<'a, 'i>> {
    of.children().filter(move |it| it.tag_name().name() == name)
}

fn text(of: Node<'_, '_>, name: &'static str) -> Option<String> {
    let text = children(of, name).next()?.text()?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// The alert inside of an element, with its own namespace: cut out as it stands, as it must have
/// all that it needs to be signed.
fn inside(of: Option<Node<'_, '_>>, source: &str) -> Option<Place> {
    let alert = children(of?, "alert").next()?;
    source
        .get(alert.range())
        .map(|it| Place::Inside(it.to_owned()))
}

fn atom(entry: Node<'_, '_>, source: &str) -> Option<Entry> {
    let links = || children(entry, "link").filter(|link| link.attribute("href").is_some());
    let of_cap = links().find(|link| link.attribute("type") == Some(CAP));
    let itself = || links().find(|it| matches!(it.attribute("rel"), None | Some("alternate")));
    let link = || {
        let href = of_cap.or_else(itself)?.attribute("href")?.trim();
        (!href.is_empty()).then(|| Place::Link(href.to_owned()))
    };
    let document = inside(children(entry, "content").next(), source).or_else(link)?;
    Some(named(text(entry, "id"), text(entry, "updated"), document))
}

fn rss(item: Node<'_, '_>, source: &str) -> Option<Entry> {
    let enclosed = children(item, "enclosure").find(|it| it.attribute("type") == Some(CAP));
    let enclosed = enclosed
        .and_then(|it| it.attribute("url"))
        .map(str::to_owned);
    let link = enclosed.or_else(|| text(item, "link")).map(Place::Link);
    let document = inside(Some(item), source).or(link)?;
    Some(named(text(item, "guid"), text(item, "pubDate"), document))
}

fn named(id: Option<String>, updated: Option<String>, document: Place) -> Entry {
    let own = match &document {
        Place::Link(link) => link.clone(),
        Place::Inside(_) => String::new(),
    };
    Entry {
        id: id.unwrap_or(own),
        updated: updated.unwrap_or_default(),
        document,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(id: &str, updated: &str, href: &str) -> Entry {
        Entry {
            id: id.into(),
            updated: updated.into(),
            document: Place::Link(href.into()),
        }
    }

    #[test]
    fn the_link_to_the_document_is_preferred_and_what_has_none_is_left_out() {
        let feed = r#"<feed xmlns="http://www.w3.org/2005/Atom"><id>f</id>
            <entry><id>a</id><updated>2026-01-01T00:00:00Z</updated>
              <link rel="alternate" href="page.html"/>
              <link type="application/cap+xml" href=" cap/a.xml "/></entry>
            <entry><id>b</id><link href="b.xml"/></entry>
            <entry><id>c</id><link rel="self" href="c.xml"/></entry>
            <entry><id>d</id><link href=""/></entry></feed>"#;
        let expected = [
            link("a", "2026-01-01T00:00:00Z", "cap/a.xml"),
            link("b", "", "b.xml"),
        ];
        assert_eq!(read(feed.as_bytes()).unwrap(), expected);
        let feed = r#"<rss version="2.0"><channel><title>t</title>
            <item><guid>g</guid><pubDate>today</pubDate><link>http://a/x</link></item>
            <item><link>http://a/y</link>
              <enclosure type="application/cap+xml" url="http://a/y.cap" length="1"/></item>
            <item><title>nothing</title></item></channel></rss>"#;
        let expected = [
            link("g", "today", "http://a/x"),
            link("http://a/y.cap", "", "http://a/y.cap"),
        ];
        assert_eq!(read(feed.as_bytes()).unwrap(), expected);
    }

    #[test]
    fn a_document_in_the_feed_is_cut_out_as_it_stands() {
        let alert = r#"<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><sender>市 &amp;</sender></alert>"#;
        let feed = format!(
            r#"<a:feed xmlns:a="http://www.w3.org/2005/Atom"><a:entry><a:id>i</a:id>
            <a:content type="text/xml">  {alert} </a:content></a:entry></a:feed>"#
        );
        let entries = read(feed.as_bytes()).unwrap();
        assert_eq!(entries[0].document, Place::Inside(alert.to_owned()));
    }

    #[test]
    fn what_is_no_feed_is_refused_with_the_reason() {
        let says = |text: &str| read(text.as_bytes()).unwrap_err().to_string();
        assert!(says("<alert/>").contains("`alert`"));
        assert!(says("<feed/>").contains("Atom"));
        assert!(says("<!DOCTYPE a><feed/>").contains("DOCTYPE"));
        assert!(says("").contains("empty"));
        let many = "<item><link>http://a</link></item>".repeat(MAX_ENTRIES + 1);
        assert_eq!(
            read(format!("<rss><channel>{many}</channel></rss>").as_bytes()),
            Err(NoFeed::TooMany)
        );
    }

    #[test]
    fn feeds_of_the_field_are_read() {
        let Some(dir) = std::env::var_os("NARROWCAST_VECTORS") else {
            return;
        };
        let of = |name: &str| {
            let path = std::path::Path::new(&dir).join("cap").join(name);
            read(&std::fs::read(path).unwrap()).unwrap()
        };
        let weather = of("kel_oregon_nws.atom");
        assert!(!weather.is_empty());
        assert!(
            weather
                .iter()
                .all(|it| matches!(&it.document, Place::Link(to) if to.starts_with("http")))
        );
        let amber = of("goo_amber.atom");
        assert!(matches!(&amber[0].document, Place::Inside(alert) if alert.starts_with("<alert")));
    }
}
