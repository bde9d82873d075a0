//! Every developer task of SentinelOps. `cargo xtask help` lists them.

mod build;
mod children;
mod dev;
mod dist;
mod root;
mod run;
mod setup;
mod test;
mod versions;

use clap::{Parser, Subcommand};

/// Every developer task of SentinelOps.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Installs what this machine lacks; under 3 s when nothing is missing
    Setup,
    /// Says what is there, what is missing and how to get it
    Doctor,
    /// Builds the app into dist/, ready for any static server or CDN
    Build(build::Options),
    /// Makes the archive of a release: gateway, console, documentation; with checksums and what is in it
    Dist(dist::Options),
    /// Runs gateway and page, reloading on every edit
    Dev(dev::Options),
    /// Prints what the modules of the last build consist of: bytes per crate, the largest functions
    Sizes(build::show_sizes::Options),
    /// Runs the tests: lint, native, sim, wasm and e2e by default
    Test {
        #[arg(value_enum)]
        groups: Vec<test::Group>,
    },
    /// Runs the simulator with these arguments
    Sim {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
    /// Runs a benchmark: engine (the default), protocol, gateway, nats (gateways on NATS; `--quick`), store (in a browser, beside
    /// hand-written queues), page (in a browser, beside pages written by hand and other libraries; `--quick`, `--json FILE`,
    /// `--docs`), saturation (how much a page takes), faults (the same pages, with faults), start (navigation to first row;
    /// builds to compare) or lighthouse (what it says of builds)
    Bench {
        #[arg(default_value = "engine")]
        name: String,
        /// Arguments for the benchmark's own runner
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
    /// Takes the pictures of docs/images again: console and demo, both themes, 360, 1440 and 2560 px wide
    Screenshots,
    /// What trunk calls after bundling
    #[command(hide = true)]
    PostBuild,
}

fn main() -> std::process::ExitCode {
    let outcome = match Cli::parse().task {
        Task::Setup => setup::run(&setup::NEEDS),
        Task::Doctor => setup::doctor(),
        Task::Build(options) => setup::run(&setup::FOR_BUILD).and_then(|()| build::build(&options)),
        Task::Dist(options) => setup::run(&setup::FOR_BUILD).and_then(|()| dist::run(&options)),
        Task::Dev(options) => dev::run(&options),
        Task::Sizes(options) => build::show_sizes::run(&options),
        Task::Test { groups } => test::run(&groups),
        Task::Sim { args } => test::sim(&args),
        Task::Bench { name, args } => test::bench(&name, &args),
        Task::Screenshots => test::screenshots(),
        Task::PostBuild => build::post_build::run(),
    };
    match outcome {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            std::process::ExitCode::FAILURE
        }
    }
}
