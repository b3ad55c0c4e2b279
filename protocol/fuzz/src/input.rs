//! Octets as a source of decisions.

/// What is left of the octets.
#[derive(Debug)]
pub struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    /// All of `octets`.
    #[must_use]
    pub const fn new(octets: &'a [u8]) -> Self {
        Self(octets)
    }

    /// The next octet.
    pub fn octet(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    /// The next octet, 0 behind the end.
    pub fn number(&mut self) -> usize {
        usize::from(self.octet().unwrap_or_default())
    }

    /// Two octets as a number, 0 behind the end.
    pub fn wide(&mut self) -> usize {
        self.number() << 8 | self.number()
    }

    /// The next octets, as many as the one before them says.
    pub fn some(&mut self) -> &'a [u8] {
        let length = self.number().min(self.0.len());
        let (some, rest) = self.0.split_at(length);
        self.0 = rest;
        some
    }

    /// The next octets, zeros behind the end.
    pub fn array<const N: usize>(&mut self) -> [u8; N] {
        core::array::from_fn(|_| self.octet().unwrap_or_default())
    }

    /// One of several; they are at least one.
    pub fn pick<'b, T>(&mut self, of: &'b [T]) -> &'b T {
        &of[self.number() % of.len()]
    }

    /// One of several frames.
    pub fn frame<'b>(&mut self, of: &'b [Vec<u8>]) -> &'b [u8] {
        self.pick(of).as_slice()
    }

    /// One of several frames as it is, or with octets changed, cut off or added.
    pub fn damaged(&mut self, of: &[impl AsRef<[u8]>]) -> Vec<u8> {
        let mut frame = self.pick(of).as_ref().to_vec();
        for _ in 0..self.number() % 4 {
            match self.number() % 8 {
                0 => frame.truncate(self.number()),
                1 => frame.extend(self.some()),
                2 if !frame.is_empty() => {
                    frame.remove(self.number() % frame.len());
                }
                _ => {
                    let at = self.number();
                    let length = frame.len().max(1);
                    if let Some(octet) = frame.get_mut(at % length) {
                        *octet ^= self.octet().unwrap_or(1);
                    }
                }
            }
        }
        frame
    }
}

/// Whether something is longer than `most` characters in its debug form: what it holds
/// grows without bound.
pub fn assert_bounded(what: &impl core::fmt::Debug, most: usize) {
    let length = format!("{what:?}").len();
    assert!(
        length <= most,
        "{length} characters of state, {most} expected"
    );
}
