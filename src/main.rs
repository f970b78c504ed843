//! argv in, exit status out.

use std::process::ExitCode;

/// Of every thread, see the reason in `Cargo.toml`.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    jwtgate::cli::main()
}
