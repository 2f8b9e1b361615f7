//! Finds exec credential plugins where the login shell would.
//!
//! A desktop launcher does not have the PATH of a terminal, so the plugins of EKS, GKE and AKS are
//! not found there. The login shell is asked once per process.

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::OnceLock,
    time::{Duration, Instant},
};

use kube::config::ExecConfig;

use super::ClusterError;

const SHELL_LIMIT: Duration = Duration::from_secs(5);

/// Points the plugin's command at the file to run, and gives it the login shell's PATH. May run
/// the login shell, so never on a thread that must not block.
pub(super) fn resolve(exec: &mut ExecConfig) -> Result<(), ClusterError> {
    let Some(command) = exec.command.clone() else {
        return Ok(());
    };
    let path = search_path();
    let found = find(&command, path).ok_or_else(|| ClusterError::PluginMissing {
        command: command.clone(),
        searched: env::split_paths(path)
            .map(|dir| dir.display().to_string())
            .collect::<Vec<_>>()
            .join(", "),
        install_hint: exec.install_hint.clone(),
    })?;
    exec.command = Some(found.display().to_string());
    let own_path = |entry: &std::collections::HashMap<String, String>| {
        entry.get("name").is_some_and(|name| name == "PATH")
    };
    let environment = exec.env.get_or_insert_default();
    if !environment.iter().any(own_path) {
        environment.push(
            [
                ("name".to_owned(), "PATH".to_owned()),
                ("value".to_owned(), path.to_string_lossy().into_owned()),
            ]
            .into(),
        );
    }
    Ok(())
}

/// A command with a separator is a path; others are looked up.
fn find(command: &str, path: &OsString) -> Option<PathBuf> {
    if command.contains(std::path::MAIN_SEPARATOR) {
        return Some(PathBuf::from(command)).filter(|file| is_executable(file));
    }
    env::split_paths(path)
        .map(|dir| dir.join(command))
        .find(|file| is_executable(file))
}

#[cfg(unix)]
fn is_executable(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.metadata()
        .is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(file: &Path) -> bool {
    file.is_file() || file.with_extension("exe").is_file()
}

/// Our own PATH, then what the login shell adds.
fn search_path() -> &'static OsString {
    static PATH: OnceLock<OsString> = OnceLock::new();
    PATH.get_or_init(|| {
        let own = env::var_os("PATH").unwrap_or_default();
        let mut dirs: Vec<PathBuf> = env::split_paths(&own).collect();
        if let Some(login) = login_shell_path() {
            for dir in env::split_paths(&login) {
                if !dirs.contains(&dir) {
                    dirs.push(dir);
                }
            }
        }
        env::join_paths(dirs).unwrap_or(own)
    })
}

#[cfg(unix)]
fn login_shell_path() -> Option<OsString> {
    use std::io::Read;
    let shell = env::var_os("SHELL")?;
    let mut child = Command::new(shell)
        .args(["-l", "-c", "printf '\\n%s' \"$PATH\""])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let deadline = Instant::now() + SHELL_LIMIT;
    loop {
        match child.try_wait().ok()? {
            Some(_) => break,
            None if Instant::now() >= deadline => {
                tracing::warn!("the login shell took too long to tell its PATH");
                let _ = child.kill();
                let _ = child.wait();
                return None;
            }
            None => std::thread::sleep(Duration::from_millis(20)),
        }
    }
    let mut text = String::new();
    child.stdout.take()?.read_to_string(&mut text).ok()?;
    // A profile may print a greeting first.
    text.lines()
        .next_back()
        .filter(|line| line.contains('/'))
        .map(OsString::from)
}

#[cfg(not(unix))]
fn login_shell_path() -> Option<OsString> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_plugin_names_the_directories_searched() {
        let mut exec = ExecConfig {
            command: Some("kronika-no-such-plugin".into()),
            ..ExecConfig::default()
        };
        let error = resolve(&mut exec).unwrap_err();
        let first = env::split_paths(&env::var_os("PATH").unwrap())
            .next()
            .unwrap();
        assert!(
            error.to_string().contains(&first.display().to_string()),
            "{error}"
        );
        assert!(error.hint().is_some());
    }

    #[cfg(unix)]
    #[test]
    fn a_plugin_on_the_path_is_found_and_gets_the_path() {
        let mut exec = ExecConfig {
            command: Some("sh".into()),
            ..ExecConfig::default()
        };
        resolve(&mut exec).unwrap();
        assert!(exec.command.unwrap().ends_with("/sh"));
        assert_eq!(exec.env.unwrap()[0]["name"], "PATH");
    }
}
