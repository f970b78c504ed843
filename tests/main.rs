//! The promises of jwtgate, proved from outside.
