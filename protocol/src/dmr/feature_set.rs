//! Who defines the meaning of an opcode: the feature set id (TS 102 361-1 clause 9.3.5).

use super::layout::codes;

codes! {
    /// Feature set id (FID), 8 bits. An opcode means something only together with it.
    FeatureSet {
        Standard = 0x00 "TS 102 361",
        Fylde = 0x04 "Fylde",
        ProdEl = 0x05 "Prod-El",
        Trident = 0x06 "Trident (Motorola Connect Plus)",
        Radiodata = 0x07 "Radiodata",
        Hytera = 0x08 "Hytera",
        Aselsan = 0x09 "Aselsan",
        Kirisun = 0x0A "Kirisun",
        DmrAssociation = 0x0B "DMR Association",
        Motorola = 0x10 "Motorola",
        JvcKenwood = 0x20 "JVCKenwood",
        Zte = 0x54 "ZTE",
        Tait = 0x58 "Tait",
        HyteraXpt = 0x68 "Hytera",
        Vertex = 0x77 "Vertex",
        Simoco = 0x78 "Simoco",
    }
    else Other "unknown manufacturer"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_is_a_feature_set_and_comes_back() {
        for number in 0..=u8::MAX {
            assert_eq!(FeatureSet::from_number(number).number(), number);
        }
        assert_eq!(FeatureSet::from_number(0x10), FeatureSet::Motorola);
        assert_eq!(
            FeatureSet::from_number(0x13).meaning(),
            "unknown manufacturer"
        );
    }
}
