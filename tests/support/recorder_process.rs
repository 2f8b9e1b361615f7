//! `kronika record` as a process of its own, and what it wrote compared with what a load wrote.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use super::load::Write;
use super::wait;

const START_LIMIT: Duration = Duration::from_secs(30);
const END_LIMIT: Duration = Duration::from_secs(30);

/// A running `kronika record`.
pub(crate) struct RecorderProcess {
    pub(crate) child: Child,
    output: PathBuf,
}

impl RecorderProcess {
    /// Starts it with further arguments, its stdout going to a file.
    pub(crate) fn start(kubeconfig: &Path, output: &Path, arguments: &[&str]) -> Self {
        let child = Command::new(env!("CARGO_BIN_EXE_kronika"))
            .arg("record")
            .args(["--kubeconfig".as_ref(), kubeconfig.as_os_str()])
            .args(arguments)
            .stdout(File::create(output).unwrap())
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        Self {
            child,
            output: output.to_owned(),
        }
    }

    /// The changes written so far. The last line may still be on its way.
    pub(crate) fn lines(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(&self.output).unwrap();
        let complete = text.rfind('\n').map_or("", |end| &text[..end]);
        complete
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// Waits for this many lines of the initial list.
    pub(crate) fn await_initial_list(&self, objects: usize) {
        wait::until(START_LIMIT, "the initial list is written", || {
            (self.lines().len() >= objects).then_some(())
        });
    }

    /// Ends it as Ctrl-C does, and gives its lines.
    pub(crate) fn interrupt(mut self) -> Vec<Value> {
        let pid = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-INT", &pid])
                .status()
                .unwrap()
                .success()
        );
        let status = wait::until(END_LIMIT, "record ends", || self.child.try_wait().unwrap());
        assert!(status.success(), "{status}");
        self.lines()
    }
}

impl Drop for RecorderProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn text<'a>(line: &'a Value, name: &str) -> &'a str {
    line[name].as_str().unwrap_or_default()
}

fn texts(line: &Value, name: &str) -> Vec<String> {
    let items = line[name].as_array().unwrap();
    items
        .iter()
        .map(|item| item.as_str().unwrap().to_owned())
        .collect()
}

/// Everything in which the lines differ from the writes: each write once, in order per object, with
/// its touches, managers and paths.
pub(crate) fn differences(lines: &[Value], writes: &[Write]) -> Vec<String> {
    let mut found = Vec::new();
    let mut recorded = BTreeMap::<(String, String), Vec<&Value>>::new();
    for line in lines.iter().filter(|line| line["provenance"] == "Watch") {
        let key = (
            text(line, "namespace").to_owned(),
            text(line, "name").to_owned(),
        );
        recorded.entry(key).or_default().push(line);
    }
    let mut written = BTreeMap::<(String, String), Vec<&Write>>::new();
    for write in writes {
        written
            .entry((write.namespace.clone(), write.name.clone()))
            .or_default()
            .push(write);
    }
    for (key, writes) in &written {
        let lines = recorded.remove(key).unwrap_or_default();
        let versions: Vec<_> = lines
            .iter()
            .map(|line| text(line, "resourceVersion"))
            .collect();
        let expected: Vec<_> = writes
            .iter()
            .map(|write| write.resource_version.as_str())
            .collect();
        if versions != expected {
            found.push(format!(
                "{key:?}: written {expected:?}, recorded {versions:?}"
            ));
            continue;
        }
        for (line, write) in lines.iter().zip(writes) {
            let sorted = |mut paths: Vec<String>| {
                paths.sort_unstable();
                paths
            };
            let same = texts(line, "touches") == write.touches()
                && texts(line, "managers") == [write.manager]
                && sorted(texts(line, "paths")) == sorted(write.paths.clone())
                && text(line, "uid") == write.uid;
            if !same {
                found.push(format!("{write:?}: {line}"));
            }
        }
    }
    found.extend(
        recorded
            .keys()
            .map(|key| format!("{key:?} was recorded and not written")),
    );
    found
}
