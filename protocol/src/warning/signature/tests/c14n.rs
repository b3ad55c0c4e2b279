//! Canonical forms, by the examples of the standards and by what tends to go wrong.

use super::super::c14n::Method;
use super::*;

fn tree_of<T>(document: &str, then: impl FnOnce(&Document<'_>) -> T) -> T {
    let decoded = xml::decode(document.as_bytes(), Strictness::Strict).expect("XML");
    then(&xml::parse(&decoded).expect("XML"))
}

/// The document's canonical form without its element `nothing`.
fn whole(method: &Method, document: &str) -> String {
    tree_of(document, |tree| {
        let out = tree.descendants().find(|node| node.has_tag_name("nothing"));
        method.document(tree, out.expect("nothing"))
    })
}

/// The canonical form of the element of a name.
fn part(method: &Method, document: &str, name: &str) -> String {
    tree_of(document, |tree| {
        let mut found = tree.descendants();
        let node = found.find(|node| node.tag_name().name() == name);
        method.element(node.expect("the element"), None)
    })
}

fn inclusive() -> Method {
    Method::default()
}

fn exclusive(prefixes: &[&str]) -> Method {
    Method {
        exclusive: true,
        prefixes: prefixes.iter().map(|it| (*it).to_owned()).collect(),
        ..Method::default()
    }
}

#[test]
fn what_stands_outside_of_the_root_has_lines_of_its_own() {
    // Canonical XML, example 3.1.
    let document = "<?xml version=\"1.0\"?>\n\n<?xml-stylesheet   href=\"doc.xsl\"\n   \
                    type=\"text/xsl\"   ?>\n<!-- a -->\n<doc>Hello<nothing/></doc>\n\n\
                    <?pi-without-data     ?>\n\n<!-- Comment 2 -->\n";
    let first = "<?xml-stylesheet href=\"doc.xsl\"\n   type=\"text/xsl\"   ?>\n";
    assert_eq!(
        whole(&inclusive(), document),
        format!("{first}<doc>Hello</doc>\n<?pi-without-data?>")
    );
    let comments = Method {
        comments: true,
        ..inclusive()
    };
    assert_eq!(
        whole(&comments, document),
        format!("{first}<!-- a -->\n<doc>Hello</doc>\n<?pi-without-data?>\n<!-- Comment 2 -->")
    );
}

#[test]
fn attributes_and_namespaces_stand_in_their_order() {
    // Canonical XML, example 3.3.
    let document = "<doc><e1   /><e3   name = \"elem3\"   id=\"elem3\"   /><e5 a:attr=\"out\" \
                    b:attr=\"sorted\" attr2=\"all\" attr=\"I'm\" xmlns:b=\"http://www.ietf.org\" \
                    xmlns:a=\"http://www.w3.org\" xmlns=\"http://example.org\"/><e6 xmlns=\"\" \
                    xmlns:a=\"http://www.w3.org\"><e7 xmlns=\"http://www.ietf.org\"><e8 xmlns=\"\" \
                    xmlns:a=\"http://www.w3.org\"><e9 xmlns=\"\" xmlns:a=\"http://www.ietf.org\"/>\
                    </e8></e7></e6><nothing/></doc>";
    assert_eq!(
        whole(&inclusive(), document),
        "<doc><e1></e1><e3 id=\"elem3\" name=\"elem3\"></e3><e5 xmlns=\"http://example.org\" \
         xmlns:a=\"http://www.w3.org\" xmlns:b=\"http://www.ietf.org\" attr=\"I'm\" attr2=\"all\" \
         b:attr=\"sorted\" a:attr=\"out\"></e5><e6 xmlns:a=\"http://www.w3.org\"><e7 \
         xmlns=\"http://www.ietf.org\"><e8 xmlns=\"\"><e9 xmlns:a=\"http://www.ietf.org\"></e9>\
         </e8></e7></e6></doc>"
    );
}

#[test]
fn characters_are_written_in_one_way() {
    // Canonical XML, example 3.4, without what needs a document type.
    let document = "<doc><text>First line&#x0d;&#10;Second line\r\n</text><value>&#x32;</value>\
                    <compute><![CDATA[value>\"0\" && value<\"10\" ?\"valid\":\"error\"]]></compute>\
                    <compute expr='value>\"0\" &amp;&amp; value&lt;\"10\"'>v</compute>\
                    <norm attr=' &apos;   &#x20;&#13;&#xa;&#9;   &apos; '/><tab a='x\ty'/><nothing/>\
                    <?p a\r\nb?></doc>";
    assert_eq!(
        whole(&inclusive(), document),
        "<doc><text>First line&#xD;\nSecond line\n</text><value>2</value><compute>value&gt;\"0\" \
         &amp;&amp; value&lt;\"10\" ?\"valid\":\"error\"</compute><compute \
         expr=\"value>&quot;0&quot; &amp;&amp; value&lt;&quot;10&quot;\">v</compute><norm attr=\" \
         '    &#xD;&#xA;&#x9;   ' \"></norm><tab a=\"x y\"></tab><?p a\nb?></doc>"
    );
}

#[test]
fn a_part_has_the_namespaces_and_xml_attributes_of_what_is_above_it() {
    let document = "<a xmlns=\"urn:d\" xmlns:n=\"urn:n\" xml:lang=\"zh\" xml:space=\"default\" \
                    n:x=\"1\"><b xml:lang=\"en\" xmlns:m=\"urn:m\"><c z='1'><n:d/></c></b></a>";
    assert_eq!(
        part(&inclusive(), document, "c"),
        "<c xmlns=\"urn:d\" xmlns:m=\"urn:m\" xmlns:n=\"urn:n\" z=\"1\" xml:lang=\"en\" \
         xml:space=\"default\"><n:d></n:d></c>"
    );
    assert_eq!(
        part(&exclusive(&[]), document, "c"),
        "<c xmlns=\"urn:d\" z=\"1\"><n:d xmlns:n=\"urn:n\"></n:d></c>"
    );
    assert_eq!(
        part(&exclusive(&["n", "m", "absent"]), document, "c"),
        "<c xmlns=\"urn:d\" xmlns:m=\"urn:m\" xmlns:n=\"urn:n\" z=\"1\"><n:d></n:d></c>"
    );
}

#[test]
fn the_exclusive_form_writes_a_namespace_where_it_is_used_and_again_where_it_changes() {
    // Exclusive XML Canonicalization, clause 2.2.
    let document = "<n0:local xmlns:n0=\"foo:bar\" xmlns:n3=\"ftp://example.org\"><n1:elem2 \
                    xmlns:n1=\"http://example.net\" xml:lang=\"en\"><n3:stuff \
                    xmlns:n3=\"ftp://example.org\"/></n1:elem2></n0:local>";
    assert_eq!(
        part(&exclusive(&[]), document, "elem2"),
        "<n1:elem2 xmlns:n1=\"http://example.net\" xml:lang=\"en\"><n3:stuff \
         xmlns:n3=\"ftp://example.org\"></n3:stuff></n1:elem2>"
    );
    let document = "<a xmlns=\"urn:1\" xmlns:p=\"urn:p\"><b p:q=\"\"><c xmlns=\"\"/><p:d \
                    xmlns:p=\"urn:2\"><e/></p:d></b></a>";
    assert_eq!(
        part(&exclusive(&[]), document, "a"),
        "<a xmlns=\"urn:1\"><b xmlns:p=\"urn:p\" p:q=\"\"><c xmlns=\"\"></c><p:d \
         xmlns:p=\"urn:2\"><e></e></p:d></b></a>"
    );
    let document = "<a xmlns=\"urn:1\"><p:b xmlns:p=\"urn:p\"><c/></p:b></a>";
    assert_eq!(
        part(&exclusive(&[""]), document, "b"),
        "<p:b xmlns=\"urn:1\" xmlns:p=\"urn:p\"><c></c></p:b>"
    );
}
