//! Unnumbered blocks that a link repeated.

/// Whether two neighbours are equal, so that one may be a repetition.
pub(super) fn is_likely(heard: &[Vec<u8>]) -> bool {
    heard
        .windows(2)
        .any(|pair| matches!(pair, [a, b] if a == b))
}

/// The ways to take `total` blocks out of those heard, at least as many, likeliest first: as
/// they came; each as often as every other; each of a row of equal ones once. Where a packet
/// holds equal neighbours itself and the link repeated only some, none of them is right.
pub(super) fn choices(heard: &[Vec<u8>], total: usize) -> impl Iterator<Item = Vec<&[u8]>> {
    let copies = heard.len().checked_div(total).unwrap_or(0);
    let evenly = heard
        .chunks(copies.max(1))
        .map(|chunk| match chunk {
            [first, rest @ ..] if rest.iter().all(|block| block == first) => Some(&**first),
            _ => None,
        })
        .collect::<Option<Vec<&[u8]>>>();
    let once = heard.chunk_by(|a, b| a == b).filter_map(|row| row.first());
    [evenly, Some(once.map(Vec::as_slice).collect())]
        .into_iter()
        .flatten()
        .filter(move |choice| choice.len() == total)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocks(letters: &str) -> Vec<Vec<u8>> {
        letters.bytes().map(|letter| vec![letter; 12]).collect()
    }

    fn all(heard: &str, total: usize) -> Vec<String> {
        choices(&blocks(heard), total)
            .map(|choice| choice.iter().map(|block| char::from(block[0])).collect())
            .collect()
    }

    #[test]
    fn the_likeliest_comes_first() {
        assert_eq!(all("abc", 3), ["abc", "abc"]);
        assert_eq!(all("aabbcc", 3), ["abc", "abc"]);
        assert_eq!(all("abbc", 3), ["abc"]);
        assert_eq!(all("aaaabb", 3), ["aab"]);
        assert_eq!(all("aab", 3), ["aab"]);
        assert_eq!(all("abcd", 3), Vec::<String>::new());
    }

    #[test]
    fn equal_neighbours_make_it_likely() {
        assert!(is_likely(&blocks("abb")));
        assert!(!is_likely(&blocks("aba")));
    }
}
