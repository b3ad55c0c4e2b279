//! The server and its command line.
//!
//! Exit codes: 0 done; 1 refused, not found, or a check failed; 2 wrong usage.

mod cli;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    // The one TLS provider of the process; a second call changes nothing.
    let _ = rustls::crypto::ring::default_provider().install_default();
    match cli::run(cli::Arguments::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("{}", cli::complaint(&error));
            ExitCode::FAILURE
        }
    }
}
