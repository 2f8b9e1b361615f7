//! Programs that do not outlive the test, even one that is killed with SIGKILL.
//!
//! Each program runs under a guard, a few lines of `sh` that read a pipe whose other end only the test process
//! holds. When that end closes, because the test dropped it or because the process is gone, the guard kills its
//! program. The keeper waits in the same way for the test process *and* every guard, and removes the directory.

use std::fs::File;
use std::io::{self, PipeWriter};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};

/// Runs `"$@"` with its output in the log `$0` until the standard input ends. Standard output belongs to the
/// keeper's pipe and is held open until the program is gone, but is not handed to it.
const GUARD: &str = r#"
trap '' HUP INT TERM
exec 3<&0
"$@" </dev/null >>"$0" 2>&1 3<&- &
program=$!
{ while read -r _ <&3; do :; done; kill -KILL "$program" 2>/dev/null; } >/dev/null &
watcher=$!
exec 3<&-
wait "$program"
status=$?
kill -KILL "$watcher" 2>/dev/null
exit "$status"
"#;

/// Removes the directory `$0` when the standard input ends.
const KEEPER: &str = r#"trap '' HUP INT TERM; while read -r _; do :; done; rm -rf "$0""#;

/// A directory that is removed when its owner and every [`Guarded`] program started in it are gone.
pub(crate) struct Workspace {
    path: PathBuf,
    keeper: Child,
    /// Closes when dropped; the guards hold copies.
    alive: Option<PipeWriter>,
}

impl Workspace {
    /// Makes a fresh directory that only this user may read.
    pub(crate) fn create() -> io::Result<Self> {
        let path = tempfile::Builder::new()
            .prefix("kronika-control-plane-")
            .tempdir()?
            .keep();
        let (ended, alive) = io::pipe()?;
        let keeper = Command::new("sh")
            .args(["-c", KEEPER])
            .arg(&path)
            .current_dir("/")
            .stdin(ended)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()?;
        Ok(Self {
            path,
            keeper,
            alive: Some(alive),
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Starts a program whose output goes to `NAME.log` in this directory.
    pub(crate) fn spawn(&self, name: &str, program: &Path, args: &[String]) -> io::Result<Guarded> {
        let log = self.path.join(format!("{name}.log"));
        File::options().create(true).append(true).open(&log)?;
        let alive = self.alive.as_ref().expect("open until dropped");
        let mut guard = Command::new("sh")
            .args(["-c", GUARD])
            .arg(&log)
            .arg(program)
            .args(args)
            .current_dir(&self.path)
            .stdin(Stdio::piped())
            .stdout(alive.try_clone()?)
            .stderr(Stdio::null())
            // Ctrl-C reaches the test process only; the rest follows from its end.
            .process_group(0)
            .spawn()?;
        let held = guard.stdin.take();
        Ok(Guarded { guard, held, log })
    }
}

impl Drop for Workspace {
    fn drop(&mut self) {
        drop(self.alive.take());
        // Every program was dropped before, so that this does not wait for one.
        let _ended = self.keeper.wait();
    }
}

/// A running program, killed when dropped.
pub(crate) struct Guarded {
    guard: Child,
    held: Option<ChildStdin>,
    log: PathBuf,
}

impl Guarded {
    /// Whether the program has ended by itself.
    pub(crate) fn has_ended(&mut self) -> bool {
        !matches!(self.guard.try_wait(), Ok(None))
    }

    /// The last lines that the program wrote, for the message of a failure.
    pub(crate) fn last_words(&self) -> String {
        let text = std::fs::read(&self.log).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(15)..].join("\n")
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        drop(self.held.take());
        let _ended = self.guard.wait();
    }
}
