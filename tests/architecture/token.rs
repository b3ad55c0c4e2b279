//! Rust text as words and marks, without comments and literals.

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Token {
    /// A name or a keyword.
    Word(String),
    /// `::`.
    Join,
    /// Any other punctuation.
    Mark(char),
}

impl Token {
    pub(crate) fn is(&self, text: &str) -> bool {
        match self {
            Self::Word(word) => word == text,
            Self::Join => text == "::",
            Self::Mark(mark) => text.starts_with(*mark) && text.len() == mark.len_utf8(),
        }
    }
}

/// The tokens of a file, in order.
pub(crate) fn tokens(text: &str) -> Vec<Token> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if let Some(length) = literal(rest) {
            length
        } else if first.is_alphanumeric() || first == '_' {
            let raw = if rest.starts_with("r#") { 2 } else { 0 };
            let word: String = rest[raw..]
                .chars()
                .take_while(|next| next.is_alphanumeric() || *next == '_')
                .collect();
            let length = raw + word.len();
            // A number is a literal.
            if !first.is_numeric() {
                found.push(Token::Word(word));
            }
            length
        } else if rest.starts_with("::") {
            found.push(Token::Join);
            2
        } else {
            if !first.is_whitespace() {
                found.push(Token::Mark(first));
            }
            first.len_utf8()
        };
        rest = &rest[length..];
    }
    found
}

/// Octets of the string, the character or the lifetime that `rest` begins with.
fn literal(rest: &str) -> Option<usize> {
    let prefix = rest.find(|c| !matches!(c, 'b' | 'c' | 'r'))?;
    let (kind, body) = rest.split_at(prefix);
    if kind.contains('r') {
        let hashes = body.len() - body.trim_start_matches('#').len();
        let inside = body[hashes..].strip_prefix('"')?;
        let end = format!("\"{}", "#".repeat(hashes));
        let length = inside.find(&end).unwrap_or(inside.len());
        return Some((rest.len() - inside.len() + length + end.len()).min(rest.len()));
    }
    if kind.len() > 1 {
        return None;
    }
    let quote = body.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    if quote == '\'' && !body[1..].starts_with('\\') {
        // A lifetime has no closing quote after its first character.
        let second = body[1..].chars().next()?.len_utf8();
        if !body[1 + second..].starts_with('\'') {
            let name = body[1..].find(|c: char| !c.is_alphanumeric() && c != '_');
            return Some(prefix + name.map_or(body.len(), |end| end + 1));
        }
    }
    let mut escaped = false;
    let end = body[1..].find(|c| {
        let ends = c == quote && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    });
    Some(end.map_or(rest.len(), |end| prefix + end + 2))
}

#[test]
fn comments_and_literals_are_no_tokens() {
    let text = r##"a::b /* "c */ 'd' '\'' "e\"" r#"f"g"# b"h" b'i' &'j k // l
        m.n(1_u8, r#o)"##;
    let words: Vec<String> = tokens(text)
        .into_iter()
        .map(|token| match token {
            Token::Word(word) => word,
            Token::Join => "::".to_owned(),
            Token::Mark(mark) => mark.to_string(),
        })
        .collect();
    assert_eq!(words.join(" "), "a :: b & k m . n ( , o )");
}
