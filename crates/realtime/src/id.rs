//! ULIDs: 48 bits of time, 80 bits of randomness, in Crockford's base 32.

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Writes a ULID. Ids minted later sort later, as far as `ms` goes.
pub(crate) fn ulid(ms: u64, random: [u8; 10]) -> String {
    let low = random.iter().fold(0_u128, |bits, byte| bits << 8 | u128::from(*byte));
    let bits = u128::from(ms & 0xffff_ffff_ffff) << 80 | low;
    (0..26).map(|at| char::from(ALPHABET[(bits >> (125 - 5 * at)) as usize & 31])).collect()
}

/// When a ULID was minted, ms. `None`: it is none.
fn minted_at(ulid: &str) -> Option<u64> {
    let time = ulid.as_bytes().get(..10)?;
    time.iter().try_fold(0, |ms: u64, digit| {
        let value = ALPHABET.iter().position(|known| known == digit)?;
        ms.checked_mul(32)?.checked_add(value as u64)
    })
}

/// Names minted within this time belong to pages that were opened at once, ms.
const AT_ONCE_MS: u64 = 5_000;

/// Whether the session called `name` lasts, where `stored` is what is stored of it. Another name stands for
/// a new session, unless both are of one moment: two pages that open at once do not see each other's yet.
pub(crate) fn is_same_session(stored: Option<&str>, name: &str) -> bool {
    stored.is_some_and(|stored| {
        let moments = minted_at(stored).zip(minted_at(name));
        stored == name || moments.is_some_and(|(one, other)| one.abs_diff(other) < AT_ONCE_MS)
    })
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

    #[test]
    fn pages_that_open_at_once_are_of_one_session() {
        let at = |ms: u64| ulid(1_780_000_000_000 + ms, [ms as u8; 10]);
        assert!(is_same_session(Some(&at(0)), &at(0)));
        assert!(is_same_session(Some(&at(40)), &at(0)) && is_same_session(Some(&at(0)), &at(40)));
        assert!(!is_same_session(Some(&at(60_000)), &at(0)), "signed out and in again");
        assert!(!is_same_session(None, &at(0)), "signed out");
        assert!(!is_same_session(Some("something else"), &at(0)));
    }
}
