//! The program: what it does stands in `cms_messages::server::cli`.

use std::process::ExitCode;

fn main() -> ExitCode {
    cms_messages::server::cli::main()
}
