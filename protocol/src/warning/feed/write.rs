//! Writing a feed: Atom 1.0 (RFC 4287).

use std::fmt::Write as _;

use jiff::Timestamp;

use super::read::{ATOM, CAP, MAX_ENTRIES};
use crate::warning::text::one_line;

/// A feed that lists documents which stand elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Index {
    /// Names the feed for good: an IRI, without white space.
    pub id: String,
    /// What people call it.
    pub title: String,
    /// In whose name it is published.
    pub author: String,
    /// Where the feed itself is, which may be relative; without white space.
    pub link: String,
    /// The documents, the newest first; what is beyond [`MAX_ENTRIES`] is left out.
    pub items: Vec<Item>,
}

/// One document of a feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Names it for good: an IRI, without white space.
    pub id: String,
    /// What people read.
    pub title: String,
    /// When the document became what it is now: readers fetch it again when this changes.
    pub updated: Timestamp,
    /// Where the CAP document is, which may be relative to the feed; without white space.
    pub href: String,
}

impl Index {
    /// The feed as a document in UTF-8. The same feed is the same document. It was updated when the
    /// newest of its items was; with none, in 1970.
    #[must_use]
    pub fn to_xml(&self) -> String {
        let items = || self.items.iter().take(MAX_ENTRIES);
        let updated = items().map(|item| item.updated).max();
        let mut xml = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<feed xmlns=\"{ATOM}\">\n\
             <id>{}</id>\n<title>{}</title>\n<updated>{}</updated>\n\
             <author><name>{}</name></author>\n<link rel=\"self\" \
             type=\"application/atom+xml\" href=\"{}\"/>\n",
            escaped(&self.id),
            escaped(&self.title),
            updated.unwrap_or(Timestamp::UNIX_EPOCH),
            escaped(&self.author),
            escaped(&self.link),
        );
        for Item {
            id,
            title,
            updated,
            href,
        } in items()
        {
            // A text takes everything.
            let _ = write!(
                xml,
                "<entry>\n  <id>{}</id>\n  <title>{}</title>\n  <updated>{updated}</updated>\n  \
                 <link rel=\"alternate\" type=\"{CAP}\" href=\"{}\"/>\n</entry>\n",
                escaped(id),
                escaped(title),
                escaped(href),
            );
        }
        xml.push_str("</feed>\n");
        xml
    }
}

/// One line that XML can carry, in a text or an attribute.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in one_line(text).chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&apos;"),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::warning::feed::{Entry, Place, read};

    fn item() -> impl Strategy<Value = Item> {
        let name = "[!-~\u{4E00}-\u{4EFF}]{1,40}";
        (name, any::<String>(), 0_i64..4_102_444_800_000, name).prop_map(
            |(id, title, millis, href)| Item {
                id,
                title,
                updated: Timestamp::from_millisecond(millis).unwrap(),
                href,
            },
        )
    }

    proptest! {
        #[test]
        fn our_reader_reads_every_entry_that_we_write(
            title in any::<String>(),
            author in any::<String>(),
            items in vec(item(), 0..20),
        ) {
            let index = Index {
                id: "urn:example:feed".into(),
                title,
                author,
                link: "/feed?a=1&b=2".into(),
                items,
            };
            let expected: Vec<Entry> = index
                .items
                .iter()
                .map(|item| Entry {
                    id: item.id.clone(),
                    updated: item.updated.to_string(),
                    document: Place::Link(item.href.clone()),
                })
                .collect();
            prop_assert_eq!(read(index.to_xml().as_bytes()).unwrap(), expected);
        }
    }

    #[test]
    fn a_feed_has_what_the_standard_demands_also_when_it_lists_nothing() {
        let mut index = Index {
            id: "urn:example:feed".into(),
            title: "Warnings <all>".into(),
            author: "a & b".into(),
            link: "/feed".into(),
            items: vec![],
        };
        let empty = index.to_xml();
        let document = roxmltree::Document::parse(&empty).unwrap();
        let text = |name| {
            let mut all = document.descendants();
            all.find(|it| it.has_tag_name((ATOM, name)))
                .and_then(|it| it.text())
        };
        assert_eq!(text("id"), Some("urn:example:feed"));
        assert_eq!(text("title"), Some("Warnings <all>"));
        assert_eq!(text("updated"), Some("1970-01-01T00:00:00Z"));
        assert_eq!(text("name"), Some("a & b"));
        let at = |millis| Timestamp::from_millisecond(millis).unwrap();
        index.items = [5_000, 7_000, 6_000]
            .map(|millis| Item {
                id: format!("urn:example:{millis}"),
                title: String::new(),
                updated: at(millis),
                href: "x".into(),
            })
            .to_vec();
        let newest = index.to_xml();
        let feed = newest.split("<entry>").next().unwrap();
        assert!(
            feed.contains("<updated>1970-01-01T00:00:07Z</updated>"),
            "{feed}"
        );
        index.items = vec![index.items[0].clone(); MAX_ENTRIES + 5];
        assert_eq!(read(index.to_xml().as_bytes()).unwrap().len(), MAX_ENTRIES);
    }
}
