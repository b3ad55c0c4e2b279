//! What the trunking messages' parsers share.

use bytes::{BufMut, Bytes, BytesMut};
use nom::Parser;
use nom::error::context;
use nom::multi::length_count;
use nom::number::complete::{be_u8, be_u24, le_i64};

use super::super::wire::{Cut, address, exact, octets, put_u24};
use super::opcode::Way;
use super::{MessageError, Uuid};
use crate::dmr::fields::Field;

/// The bytes that all of them begin with.
pub(super) const NAME: &str = "DMRT";

/// Reads the fields after name and opcode; nothing may be left over.
pub(super) fn read<'a, O>(
    datagram: &'a [u8],
    fields: impl Parser<&'a [u8], Output = O, Error = Cut>,
) -> Result<O, MessageError> {
    let (_, value) = exact(NAME, datagram, (octet("opcode"), fields))?;
    Ok(value)
}

/// Which way a datagram goes that has an opcode.
pub(super) fn way(datagram: &[u8]) -> Way {
    Way::of(datagram.get(4).copied().unwrap_or(0))
}

/// One octet.
pub(super) fn octet<'a>(field: &'static str) -> impl Parser<&'a [u8], Output = u8, Error = Cut> {
    context(field, be_u8)
}

/// Seconds since 1970.
pub(super) fn timestamp<'a>() -> impl Parser<&'a [u8], Output = i64, Error = Cut> {
    context("timestamp", le_i64)
}

/// The name of a call or transfer.
pub(super) fn uuid<'a>() -> impl Parser<&'a [u8], Output = Uuid, Error = Cut> {
    octets("UUID").map(Uuid)
}

/// A count of 8 bits and so many addresses.
pub(super) fn addresses<'a>(
    field: &'static str,
) -> impl Parser<&'a [u8], Output = Vec<u32>, Error = Cut> {
    context(field, length_count(be_u8, be_u24))
}

/// Source and destination.
pub(super) fn parties<'a>() -> impl Parser<&'a [u8], Output = (u32, u32), Error = Cut> {
    (address("source"), address("destination"))
}

/// Name and opcode.
pub(super) fn begin(opcode: u8) -> BytesMut {
    let mut out = BytesMut::with_capacity(64);
    out.put_slice(NAME.as_bytes());
    out.put_u8(opcode);
    out
}

/// A count of 8 bits and at most 255 addresses.
pub(super) fn put_addresses(out: &mut BytesMut, addresses: &[u32]) {
    let count = u8::try_from(addresses.len()).unwrap_or(u8::MAX);
    out.put_u8(count);
    for &address in addresses.iter().take(usize::from(count)) {
        put_u24(out, address);
    }
}

/// Source and destination.
pub(super) fn put_parties(out: &mut BytesMut, (source, destination): (u32, u32)) {
    put_u24(out, source);
    put_u24(out, destination);
}

/// A UUID as its 16 octets.
pub(super) fn put_uuid(out: &mut BytesMut, uuid: Uuid) {
    out.put_slice(&uuid.0);
}

/// The octets of a message that is not understood.
pub(super) fn opaque(opcode: u8, octets: &[u8]) -> Bytes {
    let mut out = begin(opcode);
    out.put_slice(octets);
    out.freeze()
}

/// A count, and the addresses as a field that comes so often.
pub(super) fn list_fields(out: &mut Vec<Field>, name: &'static str, addresses: &[u32]) {
    out.push(Field::number("count", addresses.len() as u64, 8));
    out.extend(addresses.iter().map(|&it| Field::number(name, it, 24)));
}

pub(super) fn party_fields(out: &mut Vec<Field>, source: u32, destination: u32) {
    out.push(Field::number("source", source, 24));
    out.push(Field::number("destination", destination, 24));
}
