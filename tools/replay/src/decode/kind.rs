//! What a family of frames is to this tool.

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use narrowcast_hardware::capture::Direction;

use super::kinds::{ALL, mmdvm};
use super::report::Report;
use super::stream::Split;
use crate::encode::Wrap;
use crate::input::Raw;

/// What this tool knows of a family of frames.
#[derive(Debug)]
pub(crate) struct Kind {
    /// As it stands in the output and behind `--as`.
    pub(crate) name: &'static str,
    /// What it is, for the help.
    pub(crate) about: &'static str,
    /// Whether bytes that nobody named are most likely such a frame.
    pub(crate) is_likely: fn(&[u8]) -> bool,
    /// What a frame says.
    pub(crate) read: fn(&Raw, Context) -> Report,
    /// Finds its frames in a byte stream; `None` for families that are never carried in one.
    pub(crate) splitter: Option<fn(Direction) -> Box<dyn Split>>,
    /// How its frames carry a text; `None` if none can.
    pub(crate) wrap: Option<Wrap>,
    /// Fields that differ between two recordings of the same conversation.
    pub(crate) varying: &'static [&'static str],
    /// Which side sends such a frame, where only one does.
    pub(crate) station: fn(&[u8]) -> Option<Station>,
}

/// What the sender of a frame is on its link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Station {
    /// Whoever logs in.
    Client,
    /// Whoever is logged in to.
    Master,
}

impl Station {
    /// The other side of the link.
    pub(crate) const fn other(self) -> Self {
        match self {
            Self::Client => Self::Master,
            Self::Master => Self::Client,
        }
    }
}

/// How to read frames.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Context {
    /// The CSBKs of base stations are those of a trunked control channel.
    pub(crate) trunked: bool,
    /// Passwords and proofs of log-ins are shown.
    pub(crate) secrets: bool,
}

impl PartialEq for Kind {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Kind {}

impl Kind {
    /// The family of this name.
    pub(crate) fn named(name: &str) -> Option<&'static Self> {
        ALL.iter().copied().find(|kind| kind.name == name)
    }

    /// What `bytes` most likely are.
    pub(crate) fn guess(bytes: &[u8]) -> Option<&'static Self> {
        ALL.iter().copied().find(|kind| (kind.is_likely)(bytes))
    }

    /// What the pieces of a recorded byte stream most likely are, of which this is the first:
    /// a piece is no frame, so its bytes tell little. What the recorder called the link comes
    /// first; a line of which nothing is known is a modem's.
    pub(crate) fn of_stream(piece: &Raw) -> &'static Self {
        let said = piece.description.as_deref().unwrap_or_default();
        let said = said.split([' ', ',', ':']).next().unwrap_or_default();
        let named = ALL
            .iter()
            .find(|kind| kind.splitter.is_some() && kind.name.eq_ignore_ascii_case(said));
        let guessed = || Self::guess(&piece.bytes).filter(|kind| kind.splitter.is_some());
        piece
            .family
            .or(named.copied())
            .or_else(guessed)
            .unwrap_or(&mmdvm::KIND)
    }

    /// Whether its frames are PDUs of SMS links.
    pub(crate) fn is_sms(&self) -> bool {
        ["smpp", "cmpp", "cmpp2", "cmpp3"].contains(&self.name)
    }
}

/// Reads the value of `--as`.
pub(crate) fn parser() -> impl TypedValueParser<Value = &'static Kind> {
    let value = |kind: &&Kind| PossibleValue::new(kind.name).help(kind.about);
    PossibleValuesParser::new(ALL.iter().map(value))
        .try_map(|name| Kind::named(&name).ok_or("no such family of frames"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_found_again() {
        for kind in ALL {
            assert_eq!(Kind::named(kind.name), Some(*kind));
        }
        let mut names: Vec<_> = ALL.iter().map(|kind| kind.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ALL.len());
    }

    #[test]
    fn each_family_is_guessed_from_its_frames() {
        let guess = |bytes: &[u8]| Kind::guess(bytes).map(|kind| kind.name);
        assert_eq!(guess(b"RPTL\0\0\0\x01"), Some("homebrew"));
        assert_eq!(guess(b"DMRD"), Some("homebrew"));
        assert_eq!(guess(b"DMRT\x01"), Some("dmrt"));
        assert_eq!(guess(b"DTCL\0\0\0\x01"), Some("homebrew"));
        assert_eq!(guess(&[0xE0; 33]), Some("dmr-burst"));
        assert_eq!(guess(&[0xE0, 4, 0x70, 2]), Some("mmdvm"));
        assert_eq!(guess(&[0xE0; 12]), Some("dmr-csbk"));
        assert_eq!(guess(&[0xBD; 12]), Some("dmr-csbk"));
        assert_eq!(
            guess(b"\0\0\0\x10\0\0\0\x15\0\0\0\0\0\0\0\x01"),
            Some("smpp")
        );
        assert_eq!(guess(b"\0\0\0\x0C\0\0\0\x08\0\0\0\x01"), Some("cmpp"));
        assert_eq!(guess(&[]), None);
        assert_eq!(guess(&[0x41]), None);
    }
}
