//! What an input is: a capture or text, perhaps compressed.

use std::io::{self, BufRead, BufReader, Cursor, Read};

use anyhow::{Context as _, Result, bail};
use flate2::read::MultiGzDecoder;

/// First bytes of pcapng and of pcap in its byte orders and resolutions.
const MAGICS: [[u8; 4]; 5] = [
    [0x0A, 0x0D, 0x0D, 0x0A],
    [0xA1, 0xB2, 0xC3, 0xD4],
    [0xD4, 0xC3, 0xB2, 0xA1],
    [0xA1, 0xB2, 0x3C, 0x4D],
    [0x4D, 0x3C, 0xB2, 0xA1],
];
const GZIP: [u8; 2] = [0x1F, 0x8B];
/// Other compressed forms, by their first bytes, and what undoes them.
const COMPRESSED: [(&[u8], &str, &str); 6] = [
    (&[0x28, 0xB5, 0x2F, 0xFD], "zstd", "zstd -d"),
    (&[0xFD, b'7', b'z', b'X', b'Z', 0], "xz", "xz -d"),
    (b"BZh", "bzip2", "bzip2 -d"),
    (&[0x04, 0x22, 0x4D, 0x18], "lz4", "lz4 -d"),
    (b"PK\x03\x04", "zip", "unzip"),
    (&[0x1F, 0x9D], "compress", "uncompress"),
];
/// So much of an input is looked at.
const HEAD: usize = 4_096;
/// A compressed file in a compressed file is taken off so often.
const MOST_LAYERS: usize = 3;
/// Text in UTF-16 is read whole, up to this size.
const LONGEST_UTF16: u64 = 64 << 20;

/// What an input is, from its start.
pub(super) enum Form {
    /// pcap or pcapng.
    Capture(Box<dyn BufRead>),
    /// Lines of text.
    Text(Box<dyn BufRead>),
}

/// Looks at the beginning of an input.
///
/// # Errors
/// It cannot be read, or it is neither a capture nor text.
pub(super) fn of(mut from: Box<dyn Read>) -> Result<Form> {
    for _ in 0..MOST_LAYERS {
        let head = head(&mut from).context("it cannot be read")?;
        let whole = Cursor::new(head.clone()).chain(from);
        if MAGICS.iter().any(|magic| head.starts_with(magic)) {
            return Ok(Form::Capture(Box::new(BufReader::new(whole))));
        }
        if head.starts_with(&GZIP) {
            from = Box::new(MultiGzDecoder::new(whole));
            continue;
        }
        let is_head = |(magic, ..): &&(&[u8], &str, &str)| head.starts_with(magic);
        if let Some((_, name, command)) = COMPRESSED.iter().find(is_head) {
            bail!("compressed with {name}, which is not undone here: run {command} on it first");
        }
        if let [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] = *head.as_slice() {
            return Ok(Form::Text(utf16(whole)?));
        }
        if is_binary(&head) {
            bail!("neither pcap, pcapng nor hex: it holds bytes that are no text");
        }
        return Ok(Form::Text(Box::new(BufReader::new(whole))));
    }
    bail!("compressed more than {MOST_LAYERS} times")
}

/// What one read gives, and more until a magic number is there: a pipe may stay open for
/// long.
fn head(from: &mut dyn Read) -> io::Result<Vec<u8>> {
    let mut head = vec![0; HEAD];
    let mut length = 0;
    while length < 8 {
        let Some(rest) = head.get_mut(length..) else {
            break;
        };
        match from.read(rest) {
            Ok(0) => break,
            Ok(count) => length += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    head.truncate(length);
    Ok(head)
}

/// Whether this is no text: a zero octet, or more than one octet in twenty that no text has.
fn is_binary(head: &[u8]) -> bool {
    let odd = |byte: &&u8| matches!(byte, 0x00..=0x08 | 0x0E..=0x1A | 0x1C..=0x1F | 0x7F);
    let mut strange = head.iter().filter(odd).count();
    for chunk in head.utf8_chunks() {
        strange += chunk.invalid().len();
    }
    head.contains(&0) || strange * 20 > head.len()
}

/// Text as some systems redirect it into files.
fn utf16(from: impl Read) -> Result<Box<dyn BufRead>> {
    let mut bytes = Vec::new();
    from.take(LONGEST_UTF16 + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LONGEST_UTF16 {
        bail!("text in UTF-16 of more than 64 MiB: convert it to UTF-8 first");
    }
    let unit = match bytes.as_slice() {
        [0xFE, 0xFF, ..] => u16::from_be_bytes,
        _ => u16::from_le_bytes,
    };
    let units = bytes
        .chunks_exact(2)
        .filter_map(|pair| Some(unit(*pair.first_chunk()?)));
    let text: String = char::decode_utf16(units)
        .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect();
    Ok(Box::new(Cursor::new(text.into_bytes())))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn form(bytes: &[u8]) -> Result<(bool, Vec<u8>)> {
        let (is_capture, mut from) = match of(Box::new(Cursor::new(bytes.to_vec())))? {
            Form::Capture(from) => (true, from),
            Form::Text(from) => (false, from),
        };
        let mut all = Vec::new();
        from.read_to_end(&mut all)?;
        Ok((is_capture, all))
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn compressed_inputs_are_read_as_what_is_in_them() {
        let capture = [&[0xD4, 0xC3, 0xB2, 0xA1][..], &[7; 9_000]].concat();
        assert_eq!(form(&gzip(&capture)).unwrap(), (true, capture));
        let text = b"525054\n".to_vec();
        assert_eq!(form(&gzip(&gzip(&text))).unwrap(), (false, text));
        let error = form(&[0x28, 0xB5, 0x2F, 0xFD, 1, 2, 3]).unwrap_err();
        assert!(error.to_string().contains("zstd -d"), "{error}");
        assert!(form(&gzip(&[7; 9_000])[..20]).is_err());
    }

    #[test]
    fn what_is_neither_capture_nor_text_is_refused_as_that() {
        let random: Vec<u8> = (0..200_u32).map(|n| (n * 167 + 13) as u8 | 1).collect();
        for bytes in [
            &random[..],
            b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
            b"\x7fELF\x02\x01\x01\0",
        ] {
            let error = form(bytes).unwrap_err().to_string();
            assert!(error.contains("neither pcap, pcapng nor hex"), "{error}");
        }
        for text in [
            "",
            "525054",
            "\u{FEFF}52 50 # \u{8B66}\u{62A5}\r\n",
            "\x1b[1m52",
        ] {
            assert_eq!(
                form(text.as_bytes()).unwrap(),
                (false, text.as_bytes().to_vec())
            );
        }
        let wide: Vec<u8> = "\u{FEFF}525054\r\n"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        assert_eq!(form(&wide).unwrap(), (false, "\u{FEFF}525054\r\n".into()));
    }
}
