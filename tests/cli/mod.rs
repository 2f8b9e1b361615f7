//! The command line by its output: arguments in, stdout, stderr and exit code out.

mod blame;
mod fixture;
mod insights;
mod record;
mod schema;
mod session;
mod tree;
mod usage;

use std::{
    path::Path,
    process::{Command, Output, Stdio},
};

/// The binary with nothing of this machine's settings.
pub(crate) fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kronika"));
    command.args(args).stdin(Stdio::null());
    for variable in ["KUBECONFIG", "KRONIKA_LOG", "RUST_LOG", "XDG_CONFIG_HOME"] {
        command.env_remove(variable);
    }
    command.env("HOME", "/nonexistent");
    command
}

/// What a run left.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// Runs to the end.
pub(crate) fn run(args: &[&str]) -> Ran {
    command(args).output().unwrap().into()
}

/// Runs to the end; it must go well.
#[track_caller]
pub(crate) fn succeed(args: &[&str]) -> String {
    let ran = run(args);
    assert_eq!(ran.code, Some(0), "{args:?}: {ran:?}");
    assert_eq!(ran.stderr, "", "{args:?}");
    ran.stdout
}

/// Runs to the end; it must exit with 1, say what happened and what to try.
#[track_caller]
pub(crate) fn fail(args: &[&str]) -> String {
    let ran = run(args);
    assert_eq!(ran.code, Some(1), "{args:?}: {ran:?}");
    assert_eq!(ran.stdout, "", "{args:?}");
    let lines: Vec<_> = ran.stderr.lines().collect();
    assert!(lines[0].starts_with("error: "), "{args:?}: {ran:?}");
    assert!(lines[1].starts_with("hint: "), "{args:?}: {ran:?}");
    ran.stderr
}

/// A path as an argument.
pub(crate) fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// The lines of JSON that were printed.
pub(crate) fn json_lines(text: &str) -> Vec<serde_json::Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}
