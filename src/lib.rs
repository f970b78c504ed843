//! jwtgate: a reverse proxy that lets only verified JSON Web Tokens through to an API.
pub mod telemetry;
pub mod body;
pub mod listener;
pub mod route;
pub mod authn;
pub mod authz;
pub mod upstream;
pub mod proxy;
pub mod config;
pub mod admin;
pub mod app;
pub mod cli;
