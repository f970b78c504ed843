//! The harness: a real issuer, a scripted upstream, the gateway between them and a client before it.
//!
//! Tests read as sentences and assert what the *upstream saw*, not only what the client got. Nothing here waits a
//! fixed time: `eventually!` polls a condition up to a deadline and says which one was never met.

#[macro_use]
pub mod eventually;
pub mod accepted;
pub mod binary;
pub mod client;
pub mod fault;
pub mod gateway;
pub mod issuer;
pub mod keypair;
pub mod left_out;
pub mod metrics;
pub mod pki;
pub mod raw;
pub mod reply;
pub mod scratch;
pub mod script;
pub mod token;
pub mod upstream;
pub mod wire;
pub mod world;

pub use binary::Binary;
pub use client::Client;
pub use fault::Fault;
pub use gateway::Gateway;
pub use issuer::Issuer;
pub use keypair::KeyPair;
pub use left_out::{impossible_here, left_out};
pub use pki::Pki;
pub use raw::RawConnection;
pub use reply::Reply;
pub use scratch::Scratch;
pub use script::Script;
pub use token::TokenBuilder;
pub use upstream::Upstream;
pub use world::World;
