//! Everything a developer types: `cargo xtask check`, `cargo xtask test`, `cargo xtask demo`.

mod bench;
mod check;
mod demo;
mod mutants;
mod peers;
mod run;
mod soak;
mod test;

use clap::{Parser, Subcommand};

/// Tasks of the Narrowcast workspace.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", version)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Build and run the main job: a server on a temporary ledger beside a small simulated city.
    Demo {
        /// End by itself and succeed only when what it promises happened.
        #[arg(long)]
        check: bool,
    },
    /// Formatting, lints, unit tests and arrows of what changed since `main`, and of what uses it.
    Check {
        /// Check every package.
        #[arg(long)]
        all: bool,
    },
    /// Install what the tests need, then run everything.
    Test,
    /// Play the full counts of shifts, days and kills: some hours.
    Soak,
    /// Plant bugs one at a time and demand that the server's tests notice.
    Mutants {
        /// Only the bug of this name, a file of `tools/xtask/mutants` without its ending.
        name: Option<String>,
    },
    /// Run the benchmarks whose figures stand in docs/benchmarks.md.
    Bench {
        /// Only benchmarks whose name contains this.
        filter: Option<String>,
    },
}

fn main() -> anyhow::Result<()> {
    match Arguments::parse().task {
        Task::Demo { check } => demo::demo(check),
        Task::Check { all } => check::check(all),
        Task::Test => test::test(),
        Task::Soak => soak::soak(),
        Task::Mutants { name } => {
            mutants::catch(name.as_deref()).map(|caught| println!("{caught} planted bugs caught"))
        }
        Task::Bench { filter } => bench::bench(filter.as_deref()),
    }
}
