//! Objects as controllers write them, judged by the health checks of Argo CD and by Kronika.
//!
//! Argo CD (`resource_customizations/GROUP/KIND/`) tests its checks with objects of more than two hundred kinds,
//! mostly given by the projects themselves. `tests/crds/fetch.sh` fetches them as `tests/crds/objects.txt` pins.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use kronika::{
    model::{Json, Readiness, ReadinessStatus},
    readiness::RuleBook,
};
use serde::Deserialize;
use serde_json::Value;

const OBJECTS: &str = include_str!("../crds/objects.txt");

/// A `health_test.yaml`.
#[derive(Deserialize)]
struct Checks {
    tests: Vec<Check>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Check {
    health_status: Health,
    /// One of the checks names no object.
    input_path: Option<PathBuf>,
}

#[derive(Deserialize)]
struct Health {
    status: String,
    #[serde(default)]
    message: String,
}

/// One object, and both judgements.
struct Case {
    /// `GROUP/KIND/testdata/FILE`.
    file: String,
    theirs: Health,
    ours: Readiness,
}

impl Case {
    fn agrees(&self) -> bool {
        let status = self.ours.status;
        match self.theirs.status.as_str() {
            "Healthy" => status == ReadinessStatus::Current && !self.ours.suspended,
            "Suspended" => status == ReadinessStatus::Current && self.ours.suspended,
            "Progressing" => status == ReadinessStatus::InProgress,
            "Degraded" => status == ReadinessStatus::Failed,
            "Unknown" | "Missing" => {
                matches!(
                    status,
                    ReadinessStatus::Unknown | ReadinessStatus::InProgress
                )
            }
            other => panic!("{}: {other} is no status of Argo CD", self.file),
        }
    }
}

/// Where Kronika says something else on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Deliberate {
    /// kstatus puts the deletion first.
    Deleted,
    /// The status is about an older generation, and kstatus asks for that before anything else.
    Outdated,
    /// There is no status at all: Argo CD takes it that one will come, Kronika that nothing tells.
    NoStatus,
    /// Ready is False, or Reconciling is True, with an error that is tried again: on its way for kstatus,
    /// where no rule knows the reason as a final one.
    TriedAgain,
    /// What runs to an end is Current when it ended well, not while it runs.
    Running,
    /// Nobody suspended what merely waits for its controller.
    Waiting,
}

fn deliberate(case: &Case) -> Option<Deliberate> {
    let reason = &*case.ours.reason;
    let theirs = case.theirs.status.as_str();
    match case.ours.status {
        ReadinessStatus::Terminating => Some(Deliberate::Deleted),
        ReadinessStatus::InProgress if reason.contains("waits to be observed") => {
            Some(Deliberate::Outdated)
        }
        ReadinessStatus::Unknown if reason == "it has no status" && theirs == "Progressing" => {
            Some(Deliberate::NoStatus)
        }
        ReadinessStatus::InProgress
            if theirs == "Healthy" && reason.ends_with("state is RUNNING") =>
        {
            Some(Deliberate::Running)
        }
        ReadinessStatus::InProgress
            if theirs == "Suspended"
                && [" is Pending", " is 0"]
                    .iter()
                    .any(|end| reason.ends_with(end)) =>
        {
            Some(Deliberate::Waiting)
        }
        ReadinessStatus::InProgress
            if theirs == "Degraded"
                && ["Ready is False", "Reconciling is True"]
                    .iter()
                    .any(|start| reason.starts_with(start)) =>
        {
            Some(Deliberate::TriedAgain)
        }
        _ => None,
    }
}

/// Differences of kinds that have no rule of their own yet, or whose rule nobody has held against Argo CD's. The
/// number only goes down: a new rule that is wrong raises it.
const NOT_YET_JUDGED: usize = 200;

#[test]
fn says_what_argo_cd_says_but_for_the_listed_differences() {
    let cases = cases();
    let mut deliberately: BTreeMap<Deliberate, usize> = BTreeMap::new();
    let mut table = String::new();
    let (mut agreed, mut others) = (0, 0);
    for case in &cases {
        if case.agrees() {
            agreed += 1;
        } else if let Some(reason) = deliberate(case) {
            *deliberately.entry(reason).or_default() += 1;
        } else {
            others += 1;
            writeln!(
                table,
                "{}\n  Argo CD: {} ({})\n  Kronika: {:?}{} ({})",
                case.file,
                case.theirs.status,
                case.theirs.message.trim(),
                case.ours.status,
                if case.ours.suspended {
                    ", suspended"
                } else {
                    ""
                },
                case.ours.reason,
            )
            .unwrap();
        }
    }
    let count = cases.len();
    println!("{count} objects: {agreed} agreed, {deliberately:?}, {others} others\n{table}");
    assert!(count > 1000, "{count} objects");
    assert!(deliberately.len() == 6, "{deliberately:?}");
    assert!(
        others <= NOT_YET_JUDGED,
        "{others} differences, of which {NOT_YET_JUDGED} are known:\n{table}"
    );
}

fn cases() -> Vec<Case> {
    let directory = fetched().unwrap_or_else(|message| panic!("{message}"));
    let book = RuleBook::built_in();
    let mut cases = BTreeMap::new();
    for group in children(&directory.join("resource_customizations")) {
        for kind in children(&group) {
            let Ok(text) = fs::read_to_string(kind.join("health_test.yaml")) else {
                continue;
            };
            let checks: Checks = serde_yaml::from_str(&text).unwrap();
            for check in checks.tests {
                let Some(input) = check.input_path else {
                    continue;
                };
                let path = kind.join(input);
                let file = path.strip_prefix(&directory).unwrap();
                let file = file.strip_prefix("resource_customizations").unwrap();
                let text = fs::read_to_string(&path).unwrap();
                // Like Argo CD: of several documents the first.
                let object = serde_yaml::Deserializer::from_str(&text).next();
                let mut object = Value::deserialize(object.unwrap()).unwrap();
                quote_statuses(&mut object);
                let ours = judge(book, &object);
                let case = Case {
                    file: file.display().to_string(),
                    theirs: check.health_status,
                    ours,
                };
                cases.insert(case.file.clone(), case);
            }
        }
    }
    cases.into_values().collect()
}

/// Some are written `True` without quotes, which the API server would refuse.
fn quote_statuses(object: &mut Value) {
    let conditions = object.pointer_mut("/status/conditions");
    for condition in conditions
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
    {
        match condition.get("status") {
            Some(Value::Bool(true)) => condition["status"] = "True".into(),
            Some(Value::Bool(false)) => condition["status"] = "False".into(),
            _ => {}
        }
    }
}

fn judge(book: &RuleBook, object: &Value) -> Readiness {
    let api_version = object["apiVersion"].as_str().unwrap_or_default();
    let group = api_version.rsplit_once('/').map_or("", |(group, _)| group);
    let kind = object["kind"].as_str().unwrap_or_default();
    let text = object.to_string();
    let json = Json::parse(text.as_bytes()).unwrap();
    book.judge(group, kind, &json, jiff::Timestamp::now())
}

fn children(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).unwrap();
    let mut paths: Vec<_> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    paths.sort();
    paths
}

/// Where `fetch.sh` puts them.
fn fetched() -> Result<PathBuf, String> {
    let pin = OBJECTS
        .lines()
        .find(|line| line.starts_with("argo-cd-health "))
        .ok_or("tests/crds/objects.txt names no argo-cd-health")?;
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let directory = target.join("crds/argo-cd-health");
    let found = fs::read_to_string(directory.join(".pin")).unwrap_or_default();
    if found.trim_end() == pin {
        Ok(directory)
    } else {
        Err(format!(
            "Argo CD's checks are not in {} as pinned: run tests/crds/fetch.sh, which fetches them once",
            directory.display()
        ))
    }
}
