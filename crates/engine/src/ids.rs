//! ULIDs from a given time and a given source of randomness.

use fastrand::Rng;

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// 26 characters: 48 bits of time, 80 bits of randomness.
pub(crate) fn ulid(wall: u64, rng: &mut Rng) -> String {
    let value = (u128::from(wall & 0xFFFF_FFFF_FFFF) << 80) | (rng.u128(..) >> 48);
    (0..26).rev().map(|at| char::from(ALPHABET[(value >> (at * 5)) as usize & 31])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorted_by_time_and_never_the_same() {
        let mut rng = Rng::with_seed(7);
        let (early, again, late) = (ulid(1_000, &mut rng), ulid(1_000, &mut rng), ulid(2_000, &mut rng));
        assert_eq!(early.len(), 26);
        assert_ne!(early, again);
        assert!(early < late && again < late);
        assert_eq!(&ulid(0xFFFF_FFFF_FFFF, &mut rng)[..10], "7ZZZZZZZZZ");
    }
}
