//! Bursts decoded a second on one core, from 33 octets to a checked CSBK.

use divan::Bencher;
use divan::counter::ItemsCount;
use narrowcast_protocol::dmr::burst::{Burst, DataBurst};
use narrowcast_protocol::dmr::crc::{self, mask};
use narrowcast_protocol::dmr::csbk::{Context, Csbk};
use narrowcast_protocol::dmr::info::Info;
use narrowcast_protocol::dmr::slot_type::{ColorCode, DataType};
use narrowcast_protocol::dmr::sync::Sync;

/// Different bursts, more than a branch predictor learns by heart.
const BURSTS: u32 = 4096;

fn main() {
    divan::main();
}

/// A fixed sequence of numbers without pattern (xorshift).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

fn data_burst(data_type: DataType, info: Info) -> [u8; 33] {
    DataBurst {
        sync: Sync::MsData,
        color_code: ColorCode::default(),
        data_type,
        info,
    }
    .encode()
}

/// Preambles, status requests and random access with changing addresses.
fn csbk_bursts() -> Vec<[u8; 33]> {
    let mut numbers = Numbers(0x9E37_79B9_7F4A_7C15);
    let opcodes = [
        [0xBD, 0x00],
        [0x9F, 0x00],
        [0x99, 0x00],
        [0xB8, 0x00],
        [0xA4, 0x10],
    ];
    opcodes
        .into_iter()
        .cycle()
        .take(BURSTS as usize)
        .map(|[opcode, fid]| {
            let [a, b, c, d, e, f, g, h] = numbers.next().to_be_bytes();
            let pdu = [opcode, fid, a, b, c, d, e, f, g, h];
            let [high, low] = crc::ccitt(&pdu, mask::CSBK).to_be_bytes();
            let block = [opcode, fid, a, b, c, d, e, f, g, h, high, low];
            data_burst(DataType::Csbk, Info::Bptc(block))
        })
        .collect()
}

/// Turns `count` different bits of the info field in each burst.
fn with_wrong_bits(mut bursts: Vec<[u8; 33]>, count: u32) -> Vec<[u8; 33]> {
    let mut numbers = Numbers(0xD1B5_4A32_D192_ED03);
    for burst in &mut bursts {
        let mut noise = [0u8; 33];
        while noise.iter().map(|octet| octet.count_ones()).sum::<u32>() < count {
            let bit = numbers.next() % 196;
            let bit = if bit < 98 { bit } else { bit + 68 };
            if let Some(octet) = noise.get_mut((bit / 8) as usize) {
                *octet |= 0x80 >> (bit % 8);
            }
        }
        for (octet, noise) in burst.iter_mut().zip(noise) {
            *octet ^= noise;
        }
    }
    bursts
}

/// Sync, slot type, BPTC, CRC, CSBK: gives `None` when any of them fails.
fn read(burst: &[u8; 33]) -> Option<Csbk> {
    match Burst::decode(burst).ok()?.value {
        Burst::Data(DataBurst {
            data_type: DataType::Csbk,
            info: Info::Bptc(pdu),
            ..
        }) => Csbk::decode(&pdu, Context::default()).ok(),
        _ => None,
    }
}

fn measure(bencher: Bencher<'_, '_>, bursts: &[[u8; 33]]) {
    assert!(bursts.iter().all(|burst| read(burst).is_some()));
    bencher
        .counter(ItemsCount::new(bursts.len()))
        .bench_local(|| {
            for burst in divan::black_box(bursts) {
                divan::black_box(read(burst));
            }
        });
}

#[divan::bench]
fn csbk_clean(bencher: Bencher<'_, '_>) {
    measure(bencher, &csbk_bursts());
}

#[divan::bench(args = [1, 2, 3])]
fn csbk_with_wrong_bits(bencher: Bencher<'_, '_>, count: u32) {
    measure(bencher, &with_wrong_bits(csbk_bursts(), count));
}

#[divan::bench(args = [0, 1, 3])]
fn rate_34_with_wrong_bits(bencher: Bencher<'_, '_>, count: u32) {
    let mut numbers = Numbers(0xA076_1D64_78BD_642F);
    let clean = (0..BURSTS)
        .map(|_| {
            let mut block = [0; 18];
            block.fill_with(|| numbers.next() as u8);
            data_burst(DataType::Rate34Data, Info::Trellis(block))
        })
        .collect();
    let bursts = with_wrong_bits(clean, count);
    bencher
        .counter(ItemsCount::new(bursts.len()))
        .bench_local(|| {
            for burst in divan::black_box(&bursts) {
                divan::black_box(Burst::decode(burst).is_ok());
            }
        });
}
