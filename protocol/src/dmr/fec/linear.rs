//! What the short block codes have in common: systematic, cyclic, perhaps with one
//! overall parity bit.

/// A shortened cyclic code in systematic form.
#[derive(Debug, Clone, Copy)]
pub(super) struct Code {
    /// Bits of information.
    pub(super) data_bits: u32,
    /// The generator polynomial, its leading term included.
    pub(super) generator: u32,
    /// Whether a last bit makes the weight of every codeword even.
    pub(super) extended: bool,
}

impl Code {
    const fn degree(self) -> u32 {
        self.generator.ilog2()
    }

    /// Bits added to the information.
    pub(super) const fn check_bits(self) -> u32 {
        self.degree() + self.extended as u32
    }

    /// Bits of a codeword.
    pub(super) const fn length(self) -> u32 {
        self.data_bits + self.check_bits()
    }

    /// The codeword of `data`, of which only the low `data_bits` count.
    pub(super) const fn encode(self, data: u32) -> u32 {
        let data = data & ((1 << self.data_bits) - 1);
        let mut remainder = data << self.degree();
        let mut bit = self.data_bits;
        while bit > 0 {
            bit -= 1;
            if remainder >> (bit + self.degree()) & 1 == 1 {
                remainder ^= self.generator << bit;
            }
        }
        let word = data << self.degree() | remainder;
        if self.extended {
            word << 1 | word.count_ones() & 1
        } else {
            word
        }
    }

    /// Zero for a codeword; else the sum of the syndromes of its wrong bits.
    pub(super) const fn syndrome(self, word: u32) -> u32 {
        let checks = self.check_bits();
        (self.encode(word >> checks) ^ word) & ((1 << checks) - 1)
    }

    /// For every syndrome the error pattern of at most `radius` (1 to 3) bits that
    /// causes it, or [`NO_PATTERN`]. `S` is two to the number of check bits.
    #[expect(
        clippy::indexing_slicing,
        reason = "evaluated at compile time, where a wrong index does not build"
    )]
    pub(super) const fn patterns<const S: usize>(self, radius: u32) -> [u32; S] {
        let mut table = [NO_PATTERN; S];
        table[0] = 0;
        let length = self.length();
        // Equal positions stand for fewer bits, so 1 to `radius` bits are covered.
        let mut first = 0;
        while first < length {
            let mut second = first;
            while second < length && (radius > 1 || second == first) {
                let mut third = second;
                while third < length && (radius > 2 || third == second) {
                    let pattern = 1 << first | 1 << second | 1 << third;
                    table[self.syndrome(pattern) as usize] = pattern;
                    third += 1;
                }
                second += 1;
            }
            first += 1;
        }
        table
    }
}

/// The mark of a syndrome that no correctable error causes.
pub(super) const NO_PATTERN: u32 = u32::MAX;
