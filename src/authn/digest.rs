//! The digest under which a verified token is remembered.
//!
//! Given the whole text of a token, signature included; hands on 32 bytes that nobody outside can foresee or make collide:
//! SHA-256 over a key that is drawn when the process starts, then the token. No part of the token is left out, so that
//! no two tokens share an entry (CVE-2026-35039). Never leaves the process.

use std::hash::{Hash, Hasher};
use std::sync::LazyLock;

use aws_lc_rs::digest::{Context, SHA256, SHA256_OUTPUT_LEN};

/// The keyed digest of a token.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Digest([u8; SHA256_OUTPUT_LEN]);

impl Digest {
    /// None where the system gave no randomness: then nothing is remembered.
    pub(super) fn of(token: &str) -> Option<Self> {
        let mut context = KEYED.as_ref()?.clone();
        context.update(token.as_bytes());
        let mut digest = [0; SHA256_OUTPUT_LEN];
        digest.copy_from_slice(context.finish().as_ref());
        Some(Self(digest))
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

/// The state of the hash after the key, which fills its first block.
static KEYED: LazyLock<Option<Context>> = LazyLock::new(|| {
    let mut key = zeroize::Zeroizing::new([0; 64]);
    aws_lc_rs::rand::fill(&mut *key).ok()?;
    let mut context = Context::new(&SHA256);
    context.update(&*key);
    Some(context)
});
