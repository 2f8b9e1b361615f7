//! The rules of kstatus for built-in kinds: what custom resources own.
//!
//! Source: `sigs.k8s.io/cli-utils/pkg/kstatus/status/core.go`. They stand after the rules for all
//! kinds, so deletion and the observed generation are already decided.

use jiff::{SignedDuration, Timestamp};

use super::verdict::{Verdict, explain};
use crate::model::{Condition, Json, conditions};

/// How long a Pod may be unschedulable before it counts as failed (`ScheduleWindow` of kstatus).
const SCHEDULE_WINDOW: SignedDuration = SignedDuration::from_secs(15);

/// Judges a built-in kind; `None` for all others. `now` is when the object was seen.
pub(super) fn judge(group: &str, kind: &str, object: &Json<'_>, now: Timestamp) -> Option<Verdict> {
    let fields = Fields(object);
    Some(match (group, kind) {
        ("", "Pod") => pod(fields, now),
        ("", "Service") => service(fields),
        ("", "PersistentVolumeClaim") => claim(fields),
        ("", "ConfigMap" | "Secret") | ("batch", "CronJob") => {
            Verdict::current("nothing to wait for")
        }
        ("apps" | "extensions", "Deployment") => deployment(fields),
        ("apps", "StatefulSet") => stateful_set(fields),
        ("apps" | "extensions", "DaemonSet") => daemon_set(fields),
        ("apps" | "extensions", "ReplicaSet") => replica_set(fields),
        ("batch", "Job") => job(fields),
        ("policy", "PodDisruptionBudget") => {
            Verdict::current("the allowed disruptions are computed")
        }
        ("apiextensions.k8s.io", "CustomResourceDefinition") => definition(fields),
        _ => return None,
    })
}

/// Whether [`judge`] knows a kind that something is done for.
pub(super) fn are_judged(group: &str, kind: &str) -> bool {
    matches!(
        (group, kind),
        ("", "Pod" | "Service" | "PersistentVolumeClaim")
            | (
                "apps" | "extensions",
                "Deployment" | "DaemonSet" | "ReplicaSet"
            )
            | ("apps", "StatefulSet")
            | ("batch", "Job")
            | ("apiextensions.k8s.io", "CustomResourceDefinition")
    )
}

/// An object's fields, with the defaults of the controllers.
#[derive(Clone, Copy)]
struct Fields<'a>(&'a Json<'a>);

impl<'a> Fields<'a> {
    fn number(self, path: &[&str], default: i64) -> i64 {
        self.0.at(path).and_then(Json::as_i64).unwrap_or(default)
    }

    fn status(self, name: &str) -> i64 {
        self.number(&["status", name], 0)
    }

    fn text(self, path: &[&str]) -> Option<&'a str> {
        self.0.at(path).and_then(Json::as_str)
    }

    fn conditions(self) -> impl Iterator<Item = Condition<'a>> {
        conditions(self.0)
    }

    fn has(self, type_: &str, status: &str) -> bool {
        self.conditions()
            .any(|condition| condition.type_ == type_ && condition.status == status)
    }
}

/// `have` of `want` are what the words say; `None` when they all are.
fn short_of(want: i64, have: i64, what: &str) -> Option<Verdict> {
    (want > have).then(|| Verdict::in_progress(format!("{have} of {want} replicas {what}")))
}

/// Pods of an older state that still run.
fn surplus(want: i64, have: i64) -> Option<Verdict> {
    (have > want).then(|| {
        let extra = have - want;
        Verdict::in_progress(format!("{extra} replicas more than wanted wait to end"))
    })
}

fn deployment(fields: Fields<'_>) -> Verdict {
    // Without a deadline the controller writes no Progressing condition.
    let no_deadline = i64::from(i32::MAX);
    let mut progressed =
        fields.number(&["spec", "progressDeadlineSeconds"], no_deadline) == no_deadline;
    let mut available = false;
    for condition in fields.conditions() {
        match condition.type_ {
            "Progressing" if condition.reason == "ProgressDeadlineExceeded" => {
                return Verdict::failed(explain(&condition));
            }
            "Progressing" => {
                progressed |=
                    condition.status == "True" && condition.reason == "NewReplicaSetAvailable";
            }
            "Available" => available |= condition.status == "True",
            _ => {}
        }
    }
    let wanted = fields.number(&["spec", "replicas"], 1);
    let exist = fields.status("replicas");
    let updated = fields.status("updatedReplicas");
    short_of(wanted, exist, "exist")
        .or_else(|| short_of(wanted, updated, "are updated"))
        .or_else(|| surplus(wanted, exist))
        .or_else(|| short_of(updated, fields.status("availableReplicas"), "are available"))
        .or_else(|| short_of(wanted, fields.status("readyReplicas"), "are ready"))
        .or_else(|| {
            (!progressed).then(|| Verdict::in_progress("the new ReplicaSet is not available yet"))
        })
        .or_else(|| (!available).then(|| Verdict::in_progress("Available is not True yet")))
        .unwrap_or_else(|| Verdict::current(format!("{exist} replicas are available")))
}

fn stateful_set(fields: Fields<'_>) -> Verdict {
    if fields.text(&["spec", "updateStrategy", "type"]) == Some("OnDelete") {
        return Verdict::current("updated by hand (OnDelete)");
    }
    let wanted = fields.number(&["spec", "replicas"], 1);
    let exist = fields.status("replicas");
    let updated = fields.status("updatedReplicas");
    let started = short_of(wanted, exist, "exist")
        .or_else(|| short_of(wanted, fields.status("readyReplicas"), "are ready"))
        .or_else(|| surplus(wanted, exist));
    if let Some(verdict) = started {
        return verdict;
    }
    let partition = fields.number(
        &["spec", "updateStrategy", "rollingUpdate", "partition"],
        -1,
    );
    if partition != -1 {
        return short_of(
            wanted - partition,
            updated,
            "above the partition are updated",
        )
        .unwrap_or_else(|| {
            Verdict::current(format!(
                "{updated} replicas above the partition are updated"
            ))
        });
    }
    if let Some(verdict) = short_of(wanted, fields.status("currentReplicas"), "are current") {
        return verdict;
    }
    let revision = |name| fields.text(&["status", name]).unwrap_or_default();
    if revision("currentRevision") != revision("updateRevision") {
        return Verdict::in_progress(format!(
            "the update to {} is not complete",
            revision("updateRevision")
        ));
    }
    Verdict::current(format!("{exist} replicas are ready"))
}

fn daemon_set(fields: Fields<'_>) -> Verdict {
    // Its controller sets both with its first write.
    if fields.0.at(&["metadata", "generation"]).is_none() {
        return Verdict::in_progress("there is no metadata.generation");
    }
    if fields.0.at(&["status", "observedGeneration"]).is_none() {
        return Verdict::in_progress("no generation is observed yet");
    }
    let wanted = fields.number(&["status", "desiredNumberScheduled"], -1);
    if wanted == -1 {
        return Verdict::in_progress("how many nodes want one is not known yet");
    }
    short_of(
        wanted,
        fields.status("currentNumberScheduled"),
        "are scheduled",
    )
    .or_else(|| {
        short_of(
            wanted,
            fields.status("updatedNumberScheduled"),
            "are updated",
        )
    })
    .or_else(|| short_of(wanted, fields.status("numberAvailable"), "are available"))
    .or_else(|| short_of(wanted, fields.status("numberReady"), "are ready"))
    .unwrap_or_else(|| Verdict::current(format!("{wanted} replicas are ready")))
}

fn replica_set(fields: Fields<'_>) -> Verdict {
    let failure = fields
        .conditions()
        .find(|condition| condition.type_ == "ReplicaFailure" && condition.status == "True");
    if let Some(failure) = failure {
        return Verdict::in_progress(explain(&failure));
    }
    let wanted = fields.number(&["spec", "replicas"], 1);
    let exist = fields.status("replicas");
    short_of(
        wanted,
        fields.status("fullyLabeledReplicas"),
        "have all labels",
    )
    .or_else(|| short_of(wanted, fields.status("availableReplicas"), "are available"))
    .or_else(|| short_of(wanted, fields.status("readyReplicas"), "are ready"))
    .or_else(|| surplus(wanted, exist))
    .unwrap_or_else(|| Verdict::current(format!("{exist} replicas are available")))
}

fn job(fields: Fields<'_>) -> Verdict {
    let parallelism = fields.number(&["spec", "parallelism"], 1);
    let completions = fields.number(&["spec", "completions"], parallelism);
    let succeeded = fields.status("succeeded");
    for condition in fields.conditions().filter(|c| c.status == "True") {
        match condition.type_ {
            "Complete" => {
                return Verdict::current(format!("{succeeded} of {completions} pods succeeded"));
            }
            "Failed" => return Verdict::failed(explain(&condition)),
            _ => {}
        }
    }
    if fields
        .text(&["status", "startTime"])
        .is_none_or(str::is_empty)
    {
        return Verdict::in_progress("not started yet");
    }
    Verdict::current(format!(
        "running: {} active, {succeeded} of {completions} succeeded, {} failed",
        fields.status("active"),
        fields.status("failed")
    ))
}

fn pod(fields: Fields<'_>, now: Timestamp) -> Verdict {
    match fields.text(&["status", "phase"]).unwrap_or_default() {
        "Succeeded" => Verdict::current("completed"),
        // kstatus: what a Pod was to do is done; whoever owns it decides what that means.
        "Failed" => Verdict::current("completed, but not successfully"),
        "Running" if fields.has("Ready", "True") => Verdict::current("running and ready"),
        "Running" => match crash_looping(fields.0) {
            Some(names) => Verdict::failed(format!("crash loop: {names}")),
            None => Verdict::in_progress(unready_words(fields)),
        },
        "Pending" => {
            let unschedulable = fields
                .conditions()
                .find(|condition| condition.type_ == "PodScheduled" && condition.status == "False");
            match unschedulable.filter(|condition| condition.reason == "Unschedulable") {
                Some(condition) if is_older(fields, now, SCHEDULE_WINDOW) => {
                    Verdict::failed(explain(&condition))
                }
                Some(condition) => Verdict::in_progress(explain(&condition)),
                None => Verdict::in_progress(pending_words(fields.0)),
            }
        }
        "" => Verdict::in_progress("not observed yet"),
        phase => Verdict::new(
            crate::model::ReadinessStatus::Unknown,
            format!("the phase is {phase}"),
        ),
    }
}

fn is_older(fields: Fields<'_>, now: Timestamp, than: SignedDuration) -> bool {
    let created = fields
        .text(&["metadata", "creationTimestamp"])
        .and_then(|text| text.parse::<Timestamp>().ok());
    created.is_none_or(|created| now.duration_since(created) >= than)
}

/// The containers that wait in `CrashLoopBackOff`.
fn crash_looping(pod: &Json<'_>) -> Option<String> {
    let names: Vec<_> = waiting(pod, "containerStatuses")
        .filter(|(_, reason)| *reason == "CrashLoopBackOff")
        .map(|(name, _)| name)
        .collect();
    (!names.is_empty()).then(|| names.join(", "))
}

/// Containers that wait, and the reason.
fn waiting<'a>(pod: &'a Json<'a>, list: &str) -> impl Iterator<Item = (&'a str, &'a str)> {
    let containers = pod.at(&["status", list]).map_or(&[][..], Json::items);
    containers.iter().filter_map(|container| {
        let reason = container.at(&["state", "waiting", "reason"])?.as_str()?;
        Some((container.get("name")?.as_str()?, reason))
    })
}

fn unready_words(fields: Fields<'_>) -> String {
    let ready = fields.conditions().find(|c| c.type_ == "Ready");
    ready.map_or_else(
        || "running, but not ready".to_owned(),
        |condition| explain(&condition),
    )
}

/// What a pending Pod waits for: `ErrImagePull` in one of its containers tells more than Pending.
fn pending_words(pod: &Json<'_>) -> String {
    let mut waits = waiting(pod, "initContainerStatuses")
        .chain(waiting(pod, "containerStatuses"))
        .filter(|(_, reason)| !matches!(*reason, "PodInitializing" | "ContainerCreating"));
    waits.next().map_or_else(
        || "pending".to_owned(),
        |(name, reason)| format!("{name} waits: {reason}"),
    )
}

fn claim(fields: Fields<'_>) -> Verdict {
    match fields.text(&["status", "phase"]).unwrap_or("unknown") {
        "Bound" => Verdict::current("bound"),
        phase => Verdict::in_progress(format!("not bound, the phase is {phase}")),
    }
}

fn service(fields: Fields<'_>) -> Verdict {
    let balanced = fields.text(&["spec", "type"]) == Some("LoadBalancer");
    let address = fields.text(&["spec", "clusterIP"]).unwrap_or_default();
    if balanced && address.is_empty() {
        return Verdict::in_progress("the load balancer has no cluster IP yet");
    }
    Verdict::current("nothing to wait for")
}

fn definition(fields: Fields<'_>) -> Verdict {
    for condition in fields.conditions() {
        match (condition.type_, condition.status) {
            ("NamesAccepted", "False") => return Verdict::failed(explain(&condition)),
            ("Established", "False") if condition.reason != "Installing" => {
                return Verdict::failed(explain(&condition));
            }
            ("Established", "True") => return Verdict::current("established"),
            _ => {}
        }
    }
    Verdict::in_progress("being installed")
}

#[cfg(test)]
#[path = "workloads_tests.rs"]
mod tests;
