//! Which network and site a control channel belongs to.

use crate::dmr::fields::{Field, Fields};
use crate::dmr::layout::{BitReader, BitWriter, Bits, bits, codes};

codes! {
    /// How network and site share their 12 bits (TS 102 361-4 clause 7.2.1.1), 2 bits.
    NetworkModel {
        Tiny = 0 "tiny",
        Small = 1 "small",
        Large = 2 "large",
        Huge = 3 "huge",
    }
    else Reserved "no model"
}

impl NetworkModel {
    /// How many of the 12 bits name the network; the others name the site.
    #[must_use]
    pub const fn network_bits(self) -> u32 {
        match self {
            Self::Tiny | Self::Reserved(_) => 9,
            Self::Small => 7,
            Self::Large => 4,
            Self::Huge => 2,
        }
    }
}

/// System code without its category bits: C_SYScode, 14 bits (TS 102 361-4 clause 7.2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SystemCode {
    /// How the rest is shared.
    pub model: NetworkModel,
    /// Network, 2 to 9 bits; operators often show it plus one.
    pub network: u16,
    /// Site, 3 to 10 bits; operators often show it plus one.
    pub site: u16,
}

impl Bits for SystemCode {
    fn from_bits(bits: u64) -> Self {
        let mut bits = BitReader::new(bits, 14);
        let model = NetworkModel::from_bits(bits.take(2));
        Self {
            model,
            network: bits.take(model.network_bits()) as u16,
            site: bits.take(12 - model.network_bits()) as u16,
        }
    }

    fn to_bits(self) -> u64 {
        let mut bits = BitWriter::default();
        bits.put(self.model.to_bits(), 2);
        bits.put(u64::from(self.network), self.model.network_bits());
        bits.put(u64::from(self.site), 12 - self.model.network_bits());
        bits.finish()
    }

    fn field(self, name: &'static str, _width: u8) -> Field {
        Field::nested(name, &self)
    }
}

impl Fields for SystemCode {
    fn name(&self) -> &'static str {
        "C_SYScode"
    }

    fn fields(&self, out: &mut Vec<Field>) {
        let network_bits = self.model.network_bits() as u8;
        out.push(self.model.field("model", 2));
        out.push(self.network.field("network", network_bits));
        out.push(self.site.field("site", 12 - network_bits));
    }
}

codes! {
    /// Which radios may use a control channel (PAR), 2 bits.
    Category {
        A = 1 "radios of category A",
        B = 2 "radios of category B",
        Both = 3 "radios of categories A and B",
    }
    else Reserved "reserved category"
}

bits! {
    /// System identity code, 16 bits (TS 102 361-4 clause 7.2.1).
    SystemIdentity: 16 {
        /// Network and site.
        code: SystemCode = 14,
        /// Which radios may use the control channel.
        par: Category = 2,
    }
}

impl SystemIdentity {
    /// The identity with these 16 bits.
    #[must_use]
    pub fn from_number(number: u16) -> Self {
        Self::from_bits(number.into())
    }

    /// The 16 bits; as an address, what a registration is sent to.
    #[must_use]
    pub fn number(self) -> u16 {
        self.to_bits() as u16
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_comes_back() {
        for number in 0..=u64::from(u16::MAX) {
            assert_eq!(SystemIdentity::from_bits(number).to_bits(), number);
        }
    }

    #[test]
    fn the_recorded_site_is_huge_network_1_site_1() {
        let identity = SystemIdentity::from_bits(0xD007);
        let code = SystemCode {
            model: NetworkModel::Huge,
            network: 1,
            site: 1,
        };
        assert_eq!(identity.code, code);
        assert_eq!(identity.par, Category::Both);
        assert_eq!(identity.number(), 0xD007);
    }
}
