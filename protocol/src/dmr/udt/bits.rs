//! Fields that do not care for octet boundaries.

/// Reads fields one after another.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reader<'a> {
    octets: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(super) const fn new(octets: &'a [u8]) -> Self {
        Self { octets, at: 0 }
    }

    pub(super) fn bit(&mut self) -> Option<bool> {
        let octet = self.octets.get(self.at / 8)?;
        let bit = octet >> (7 - self.at % 8) & 1 == 1;
        self.at += 1;
        Some(bit)
    }

    /// The next `count` bits, at most 32, as a number.
    pub(super) fn number(&mut self, count: u32) -> Option<u32> {
        (0..count).try_fold(0, |number, _| Some(number << 1 | u32::from(self.bit()?)))
    }
}

/// Writes fields one after another.
#[derive(Debug, Clone, Default)]
pub(super) struct Writer {
    bits: Vec<bool>,
}

impl Writer {
    pub(super) fn number(&mut self, count: u32, value: impl Into<u32>) {
        let value = value.into();
        self.bits
            .extend((0..count).rev().map(|at| value >> at & 1 == 1));
    }

    pub(super) const fn len(&self) -> usize {
        self.bits.len()
    }

    /// The bits, with zeros up to the next octet.
    pub(super) fn octets(&self) -> Vec<u8> {
        self.bits
            .chunks(8)
            .map(|bits| {
                bits.iter()
                    .zip((0..8_u32).rev())
                    .fold(0, |octet, (&bit, at)| octet | u8::from(bit) << at)
            })
            .collect()
    }
}
