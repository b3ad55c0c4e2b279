//! The simple types of the schema, as XML Schema part 2 defines them.

use super::Time;

/// White space of XML.
pub(super) const fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r')
}

/// `xs:language`: parts of 1 to 8 letters, in later parts digits too, with hyphens between.
pub(super) fn is_language(text: &str) -> bool {
    text.split('-').enumerate().all(|(at, part)| {
        let fits = |c: u8| c.is_ascii_alphabetic() || (at > 0 && c.is_ascii_digit());
        (1..=8).contains(&part.len()) && part.bytes().all(fits)
    })
}

/// Most digits of a number. XML Schema asks for 18 at least (part 2, clause 3.2.3); xmllint
/// has this limit.
const DIGITS: usize = 24;

/// `xs:integer`
pub(super) fn is_integer(text: &str) -> bool {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let all = digits.bytes().all(|c| c.is_ascii_digit());
    all && !digits.is_empty() && digits.trim_start_matches('0').len() <= DIGITS
}

/// `xs:decimal`: no exponent, no infinity.
pub(super) fn is_decimal(text: &str) -> bool {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let all = |digits: &str| digits.bytes().all(|c| c.is_ascii_digit());
    let some = !(whole.is_empty() && part.is_empty());
    let length = whole
        .trim_start_matches('0')
        .len()
        .saturating_add(part.len());
    all(whole) && all(part) && some && length <= DIGITS
}

/// A decimal number as we hold it.
pub(super) fn decimal(text: &str) -> Option<f64> {
    let number = text.parse().ok().filter(|_| is_decimal(text));
    number.filter(|number: &f64| number.is_finite())
}

/// `dateTime` with the pattern of the schema.
pub(super) fn is_time(text: &str) -> bool {
    Time::parse(text).is_some()
}

/// `xs:anyURI`: a reference of RFC 3986, where characters that must be escaped, blanks too,
/// may stand unescaped (XLink 1.0, clause 5.4).
pub(super) fn is_uri(text: &str) -> bool {
    let (rest, fragment) = text.split_once('#').unwrap_or((text, ""));
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let path = match scheme(rest) {
        Some((_, rest)) => rest,
        // A colon in the first segment can only end a scheme.
        None if rest
            .split('/')
            .next()
            .is_some_and(|first| first.contains(':')) =>
        {
            return false;
        }
        None => rest,
    };
    let path = match path.strip_prefix("//") {
        Some(rest) => {
            let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            if !is_authority(authority) {
                return false;
            }
            path
        }
        None => path,
    };
    let brackets = |part: &str| part.contains(['[', ']']);
    escapes_hold(text) && !fragment.contains('#') && !brackets(path) && !brackets(query)
}

/// Whether a reference names its scheme.
pub(super) fn is_absolute(text: &str) -> bool {
    scheme(text).is_some_and(|(_, rest)| !rest.is_empty())
}

/// The scheme and what stands behind its colon.
fn scheme(text: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = text.split_once(':')?;
    let first = scheme.bytes().next()?.is_ascii_alphabetic();
    let fits = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'+' | b'-' | b'.');
    (first && scheme.bytes().all(fits)).then_some((scheme, rest))
}

/// `user@host:port`, where the port is a number and the host may be an address in brackets.
fn is_authority(text: &str) -> bool {
    let host = text.split_once('@').map_or(text, |(_, host)| host);
    let (host, port) = match host.strip_prefix('[') {
        Some(literal) => match literal.split_once(']') {
            Some((host, "")) => (host, None),
            Some((host, rest)) => match rest.strip_prefix(':') {
                Some(port) => (host, Some(port)),
                None => return false,
            },
            None => return false,
        },
        None => match host.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (host, None),
        },
    };
    let number = |port: &str| !port.starts_with('+') && port.parse::<i32>().is_ok_and(|it| it >= 0);
    port.is_none_or(number) && !host.contains(['[', ']', '@'])
}

/// Whether every percent sign has two hexadecimal digits behind it.
fn escapes_hold(text: &str) -> bool {
    text.split('%').skip(1).all(|rest| {
        let digits = rest.get(..2);
        digits.is_some_and(|digits| digits.bytes().all(|c| c.is_ascii_hexdigit()))
    })
}

/// Most octets that a Base64 text holds; none where it is not Base64 (RFC 4648, clause 4).
pub(super) fn base64_octets(text: &str) -> Option<usize> {
    let all = text.bytes().filter(|c| !c.is_ascii_whitespace());
    let (mut characters, mut padding) = (0_usize, 0_usize);
    for c in all {
        match c {
            b'=' => padding += 1,
            _ if padding > 0 => return None,
            b'+' | b'/' => characters += 1,
            c if c.is_ascii_alphanumeric() => characters += 1,
            _ => return None,
        }
    }
    let whole = (characters + padding) % 4 == 0 && padding <= 2;
    whole.then_some(characters * 3 / 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_languages_are_those_of_the_schema() {
        assert!(
            [
                "1",
                "-1",
                "+1.5",
                ".5",
                "1.",
                "0.0",
                "123456789012345678901234"
            ]
            .iter()
            .all(|it| is_decimal(it))
        );
        assert!(
            ![
                "",
                ".",
                "-",
                "1e5",
                "inf",
                "NaN",
                "1,5",
                "1.2.3",
                "1234567890123456789012345"
            ]
            .iter()
            .any(|it| is_decimal(it))
        );
        assert!(["0", "-1", "+22"].iter().all(|it| is_integer(it)));
        assert!(!["", "+", "1.0", "84k"].iter().any(|it| is_integer(it)));
        assert!(
            ["zh-CN", "en", "i-klingon", "zh-Hans-CN", "sl-1994"]
                .iter()
                .all(|it| is_language(it))
        );
        assert!(
            !["", "zh_CN", "zh-", "1-a", "123", "abcdefghi"]
                .iter()
                .any(|it| is_language(it))
        );
    }

    #[test]
    fn references_are_told_from_what_is_none() {
        for good in [
            "",
            "a",
            "http://a.example/x?y=1#z",
            "mailto:a@b.example",
            "../a/b",
            "urn:a:b",
            "http://[::1]:80/x",
            "http://a/山",
            "http://a/b c",
            "x/y:z",
            "http://u:p@h:8080",
            "//h/p",
            "a?b?c#[d]",
        ] {
            assert!(is_uri(good), "{good}");
        }
        for bad in [
            "%zz",
            "1http://x",
            "http://h:port/",
            "http://h:/",
            "http://h:+1/",
            "a#b#c",
            "://x",
            "http://[::1",
            "http://[::1]x/",
            "http://a@b@c/",
            "a[b",
            "a?[b",
        ] {
            assert!(!is_uri(bad), "{bad}");
        }
        assert!(is_absolute("http://a") && !is_absolute("a/b") && !is_absolute("http:"));
    }

    #[test]
    fn base64_is_measured_without_being_opened() {
        assert_eq!(base64_octets("QUJD\nREVG"), Some(6));
        assert_eq!(base64_octets("QQ=="), Some(1));
        assert_eq!(base64_octets(""), Some(0));
        for bad in ["QQ=", "Q=Q=", "!!!!", "QQ===", "Q"] {
            assert_eq!(base64_octets(bad), None, "{bad}");
        }
    }
}
