//! `kronika record` and `kronika demo --serve` against each other.

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use super::{Ran, command, json_lines, succeed, text};
use crate::support::wait::until;

const LIMIT: Duration = Duration::from_secs(30);

/// A child that does not outlive its test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail where it has ended already.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

impl Running {
    fn start(mut command: Command) -> Self {
        Self(
            command
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap(),
        )
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill")
            .args(["-s", name, &self.0.id().to_string()])
            .status();
        assert!(sent.unwrap().success());
    }

    fn end(mut self, what: &str) -> Ran {
        let status = until(LIMIT, what, || self.0.try_wait().unwrap());
        let read = |stream: Option<Box<dyn Read>>| {
            let mut text = String::new();
            if let Some(mut stream) = stream {
                stream.read_to_string(&mut text).unwrap();
            }
            text
        };
        let stdout = read(self.0.stdout.take().map(|stream| Box::new(stream) as _));
        let stderr = read(self.0.stderr.take().map(|stream| Box::new(stream) as _));
        Ran {
            code: status.code(),
            stdout,
            stderr,
        }
    }
}

/// The demo cluster in a process of its own, as people start it.
struct Demo {
    _server: Running,
    dir: tempfile::TempDir,
}

impl Demo {
    fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let config = dir.path().join("demo.yaml");
        let args = ["demo", "--serve", "--objects", "40", "--rate", "40"];
        let mut command = command(&args);
        let server = Running::start(command_with(&mut command, &config));
        until(LIMIT, "the demo cluster's kubeconfig", || {
            config.exists().then_some(())
        });
        Self {
            _server: server,
            dir,
        }
    }

    fn config(&self) -> PathBuf {
        self.dir.path().join("demo.yaml")
    }

    fn record(&self, args: &[&str]) -> Running {
        let mut command = command(&["record", "--kubeconfig", text(&self.config())]);
        command.args(args);
        Running::start(command)
    }
}

fn command_with(command: &mut Command, config: &Path) -> Command {
    command.arg("--write-kubeconfig").arg(config);
    std::mem::replace(command, Command::new("true"))
}

#[test]
fn sigterm_ends_a_recording_with_everything_written() {
    let demo = Demo::start();
    let out = demo.dir.path().join("run.kronika");
    let recording = demo.record(&["--out", text(&out)]);
    // It can be read while it is written.
    until(LIMIT, "changes of the watch in the file", || {
        let log = command(&["log", text(&out), "-o", "json"])
            .output()
            .unwrap();
        let log = String::from_utf8(log.stdout).unwrap();
        (log.matches(r#""provenance":"Watch""#).count() > 5).then_some(())
    });
    recording.signal("TERM");
    let ran = recording.end("the end after SIGTERM");
    assert_eq!(
        (ran.code, ran.stdout.as_str(), ran.stderr.as_str()),
        (Some(0), "", "")
    );
    let names: Vec<_> = fs::read_dir(demo.dir.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(
        names.len(),
        2,
        "the kubeconfig and one closed file: {names:?}"
    );

    let lines = json_lines(&succeed(&["log", text(&out), "-o", "json"]));
    for line in &lines {
        if line["change"] != "Added" {
            continue;
        }
        let object = match line["namespace"].as_str() {
            Some(namespace) => format!("{namespace}/{}", line["name"].as_str().unwrap()),
            None => line["name"].as_str().unwrap().to_owned(),
        };
        let revision = line["resourceVersion"].as_str().unwrap();
        let kind = line["kind"].as_str().unwrap();
        let shown = succeed(&[
            "show",
            text(&out),
            kind,
            &object,
            "--revision",
            revision,
            "-o",
            "json",
        ]);
        let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
        assert_eq!(shown["metadata"]["resourceVersion"], revision);
        assert_eq!(shown["metadata"]["uid"], line["uid"]);
    }
    assert!(!lines.is_empty());
}

#[test]
fn a_recording_on_stdout_is_lines_of_json_until_its_time_is_over() {
    let demo = Demo::start();
    let recording = demo.record(&["--for", "2s", "--kind", "certificates.cert-manager.io"]);
    let ran = recording.end("the end of --for");
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{ran:?}");
    let lines = json_lines(&ran.stdout);
    assert!(!lines.is_empty());
    for line in lines {
        assert_eq!(
            (&line["kind"], &line["context"]),
            (&"Certificate".into(), &"demo".into())
        );
    }
}

#[test]
fn a_reader_that_goes_away_ends_a_recording_quietly() {
    let demo = Demo::start();
    let mut recording = demo.record(&[]);
    let mut line = String::new();
    BufReader::new(recording.0.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    assert!(line.starts_with(r#"{"observedAt""#), "{line}");
    let ran = recording.end("the end after the reader went");
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
}

#[test]
fn a_kind_that_is_not_served_is_noted() {
    let demo = Demo::start();
    let recording = demo.record(&["--for", "6s", "--kind", "gizmos.example.com"]);
    let ran = recording.end("the end of --for");
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.stderr.contains("gizmos.example.com"), "{ran:?}");
}
