//! The binary: reads the command line and hands over.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use kronika::cli::{self, CliError, Next, WindowRequest};

fn main() -> ExitCode {
    cli::init_logging();
    let result = cli::run().and_then(|next| match next {
        Next::Exit(code) => Ok(code),
        Next::Window(request) => open_window(request),
    });
    result.unwrap_or_else(|error| {
        // Nobody to tell that nobody listens.
        let _ = writeln!(io::stderr(), "{error}");
        ExitCode::FAILURE
    })
}

fn open_window(request: WindowRequest) -> Result<ExitCode, CliError> {
    drop(request);
    Ok(ExitCode::SUCCESS)
}
