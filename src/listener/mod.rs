//! ACCEPT: sockets, TLS, HTTP/1.1 and HTTP/2 connections.
mod peer;
pub use peer::Peer;
