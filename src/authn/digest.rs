//! The digest under which a verified token is remembered.
//!
//! Given the whole text of a token, signature included; hands on 32 bytes that nobody outside can foresee or make collide:
//! SHA-256 over a key that is drawn when the process starts, then the token. No part of the token is left out, so that
//! no two tokens share an entry (CVE-2026-35039). Never leaves the process.

use std::cell::RefCell;
use std::hash::{Hash, Hasher};
use std::sync::LazyLock;

use aws_lc_rs::digest::{SHA256, SHA256_OUTPUT_LEN, digest};

/// The keyed digest of a token.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Digest([u8; SHA256_OUTPUT_LEN]);

impl Digest {
    /// None where the system gave no randomness: then nothing is remembered.
    pub(super) fn of(token: &str) -> Option<Self> {
        let key = KEY.as_ref()?;
        // hashing in one go, out of a buffer that stays, is faster than a context that is allocated for each token
        let digest = MESSAGE.with_borrow_mut(|message| {
            message.clear();
            message.extend_from_slice(key);
            message.extend_from_slice(token.as_bytes());
            digest(&SHA256, message)
        });
        digest.as_ref().try_into().map(Self).ok()
    }

    /// A few of its bits, for tables.
    pub(super) fn prefix(&self) -> u64 {
        self.0.first_chunk().map_or(0, |first| u64::from_le_bytes(*first))
    }
}

impl Hash for Digest {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.prefix());
    }
}

/// Draws the key now. The first random number of a process takes some 50 ms, which no request should wait for.
pub(super) fn prepare() {
    LazyLock::force(&KEY);
}

/// Fills the first block of the hash.
static KEY: LazyLock<Option<[u8; 64]>> = LazyLock::new(|| {
    let mut key = [0; 64];
    aws_lc_rs::rand::fill(&mut key).is_ok().then_some(key)
});

thread_local! {
    /// The key and the token that is being hashed; as long as the longest token so far, which `limits` bound.
    static MESSAGE: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}
