//! The moving parts of `benches/peers/run`, which compares the gateway with other proxies: one program, so that each part
//! can be a process of its own. Without a command it only proves that the parts work.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "a bench that cannot be set up has nothing to measure"
)]
#![expect(
    dead_code,
    unreachable_pub,
    reason = "what is shared with the tests and other benches is used in part"
)]

mod bare;
mod claims;
#[path = "../../tests/support/keypair.rs"]
mod keypair;
mod load;
mod sign;
mod signature;
#[path = "../../tests/support/token.rs"]
mod token;
mod upstream;

use clap::Parser;

#[derive(Debug, Parser)]
enum Command {
    /// Make keys, certificates and tokens.
    Sign(sign::Arguments),
    /// Serve small answers as fast as can be; prints its address.
    Upstream,
    /// A hyper proxy that checks nothing; prints its address.
    BareProxy {
        /// The address to forward to.
        upstream: String,
    },
    /// Send requests, and judge every answer.
    Load(load::Arguments),
    /// Verify nothing but signatures, as many as each line says; prints CPU microseconds each.
    Signature(signature::Arguments),
}

fn main() {
    // What cargo passes to a benchmark.
    if std::env::args().nth(1).is_none_or(|argument| argument == "--bench") {
        prove();
        println!("the parts work; `benches/peers/run` puts them together");
        return;
    }
    match Command::parse() {
        Command::Sign(arguments) => sign::run(&arguments),
        Command::Upstream => upstream::run(),
        Command::BareProxy { upstream } => bare::run(&upstream),
        Command::Load(arguments) => load::run(&arguments),
        Command::Signature(arguments) => signature::run(&arguments),
    }
}

/// A few requests, straight to the upstream.
fn prove() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    sign::run(&sign::Arguments { directory: path.to_path_buf(), turn: 3, new: 3, forged: 10 });
    let address = upstream::spawn();
    for (file, forged) in
        [("turn.txt", false), ("new-rs256.txt", false), ("new-es256.txt", false), ("forged.txt", true)]
    {
        let mut session = load::Session::open(&load::Arguments::plain(address, path.join(file)));
        assert_eq!(session.send(3).requests, 3, "{file}");
        let tally = session.send(7);
        assert_eq!(tally.requests, 7, "{file}");
        assert_eq!(
            tally.wrong > 0,
            forged,
            "{file}: an upstream passes what is forged, and the load has to notice"
        );
    }
    for algorithm in ["rs256", "es256"] {
        let mut checks = signature::Checks::read(path, algorithm);
        checks.measure(1);
        checks.measure(2);
    }
}
