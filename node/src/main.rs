//! The `hefu` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    hefu_node::cli::main()
}
