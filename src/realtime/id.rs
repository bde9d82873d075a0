//! ULIDs: 48 bits of time, 80 bits of randomness, in Crockford's base 32.

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Writes a ULID. Ids minted later sort later, as far as `ms` goes.
pub(crate) fn ulid(ms: u64, random: [u8; 10]) -> String {
    let low = random.iter().fold(0_u128, |bits, byte| bits << 8 | u128::from(*byte));
    let bits = u128::from(ms & 0xffff_ffff_ffff) << 80 | low;
    (0..26).map(|at| char::from(ALPHABET[(bits >> (125 - 5 * at)) as usize & 31])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values() {
        assert_eq!(ulid(0, [0; 10]), "00000000000000000000000000");
        assert_eq!(ulid(u64::MAX, [0xff; 10]), "7ZZZZZZZZZZZZZZZZZZZZZZZZZ");
        // The example of the ULID specification: 1469918176385 ms.
        assert!(ulid(1_469_918_176_385, [7; 10]).starts_with("01ARYZ6S41"));
    }

    #[test]
    fn later_sorts_later() {
        assert!(ulid(1, [0xff; 10]) < ulid(2, [0; 10]));
    }
}
