//! Public keys of Ed25519 that are refused before they verify anything (RFC 8032 §5.1.3 and §5.1.7).
//!
//! Given the encoding of a point; refuses the points of small order, for which a signature that fits every message can be
//! written down without a private key, and encodings of y that are not reduced, of which one key would have several.
//! aws-lc-rs decodes points only while it verifies. It refuses there every signature of what is no point at all, so that
//! nothing has to be said of those.

use super::key::KeyDefect;

/// Checks the point that these bytes end with: 32 bytes as they are, or a `SubjectPublicKeyInfo`.
pub(super) fn check(encoded: &[u8]) -> Result<(), KeyDefect> {
    let point: &[u8; POINT] = encoded.last_chunk().ok_or(KeyDefect::Point)?;
    // The highest bit is the sign of x; the others are y, the least byte first. With either sign the order is the same.
    let mut y = *point;
    if let Some(last) = y.last_mut() {
        *last &= 0x7f;
    }
    let is_reduced = y.iter().rev().lt(PRIME.iter().rev());
    if is_reduced && !SMALL_ORDER.contains(&y) { Ok(()) } else { Err(KeyDefect::WeakPoint) }
}

const POINT: usize = 32;

/// 2^255 - 19.
const PRIME: [u8; POINT] = ends(0xed, 0x7f);

/// The y of each point whose order divides the cofactor 8; in all of them the least byte comes first.
const SMALL_ORDER: [[u8; POINT]; 5] = [
    // y = 1: the neutral element
    {
        let mut one = [0; POINT];
        one[0] = 1;
        one
    },
    // y = -1: order 2
    ends(0xec, 0x7f),
    // y = 0: order 4
    [0; POINT],
    // order 8, y and -y
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5,
        0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a,
        0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
    ],
];

const fn ends(first: u8, last: u8) -> [u8; POINT] {
    let mut number = [0xff; POINT];
    number[0] = first;
    number[POINT - 1] = last;
    number
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{ED25519, ParsedPublicKey};

    use super::*;

    fn signed([bytes @ .., last]: [u8; POINT]) -> [[u8; POINT]; 2] {
        [last, last | 0x80].map(|last| {
            let mut point = [0; POINT];
            point[..POINT - 1].copy_from_slice(&bytes);
            point[POINT - 1] = last;
            point
        })
    }

    #[test]
    fn no_point_of_small_order_and_no_number_beyond_the_prime_passes() {
        let beyond = (0xed..=0xff).map(|first| ends(first, 0x7f));
        for y in SMALL_ORDER.into_iter().chain(beyond) {
            for point in signed(y) {
                assert_eq!(check(&point), Err(KeyDefect::WeakPoint), "{point:02x?}");
                let info = [INFO, &point].concat();
                assert_eq!(check(&info), Err(KeyDefect::WeakPoint), "{point:02x?}");
            }
        }
    }

    #[test]
    fn neighbours_of_what_is_refused_pass() {
        let mut near = ends(0xeb, 0x7f);
        assert_eq!(check(&near), Ok(()));
        near[31] = 0x7e;
        near[0] = 0xed;
        assert_eq!(check(&near), Ok(()));
        let mut two = [0; POINT];
        two[0] = 2;
        assert_eq!(check(&two), Ok(()));
    }

    /// The list is what the library takes for points of small order: a signature of the neutral element and zero, which
    /// no private key made, is good for one message of eight at least.
    #[test]
    fn what_is_refused_can_be_signed_for_by_anybody() {
        let mut forged = [0; 64];
        forged[0] = 1;
        for y in SMALL_ORDER {
            let key = ParsedPublicKey::new(&ED25519, y).unwrap();
            assert!((0..200_u8).any(|message| key.verify_sig(&[message], &forged).is_ok()), "{y:02x?}");
        }
    }

    #[test]
    fn a_point_that_is_none_verifies_nothing() {
        let mut two = [0; POINT];
        two[0] = 2;
        let mut forged = [0; 64];
        forged[0] = 1;
        let key = ParsedPublicKey::new(&ED25519, two).unwrap();
        assert!((0..200_u8).all(|message| key.verify_sig(&[message], &forged).is_err()));
    }

    /// What stands before the point in a `SubjectPublicKeyInfo` (RFC 8410 §4).
    const INFO: &[u8] = &[0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
}
