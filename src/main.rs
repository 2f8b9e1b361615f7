//! The binary: reads the command line and hands over.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use kronika::{
    app::{self, AppOptions},
    cli::{self, CliError, Next, WindowRequest},
};

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
    let options = match request {
        WindowRequest::Live {
            context,
            kubeconfig,
        } => AppOptions {
            context,
            kubeconfig,
            ..AppOptions::default()
        },
        WindowRequest::Demo {
            options,
            write_kubeconfig,
        } => AppOptions {
            demo: Some(options),
            demo_kubeconfig: write_kubeconfig,
            ..AppOptions::default()
        },
        WindowRequest::Session(file) => AppOptions {
            session: Some(file),
            ..AppOptions::default()
        },
    };
    app::run(options).map_err(|error| {
        let failed = CliError::new(error.to_string());
        match error.hint() {
            Some(hint) => failed.hint(hint),
            None => failed,
        }
    })?;
    Ok(ExitCode::SUCCESS)
}
