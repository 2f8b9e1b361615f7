//! The simulation on its own time: no server, no waiting.

use super::*;
use crate::demo::kinds::BACKUP;
use crate::demo::store::KindId;

/// Every change of the first seconds: kind, object, what happened.
fn history(options: DemoOptions, seconds: u64) -> Vec<(usize, Key, Value)> {
    let mut simulation = build(options, Limits::default()).unwrap();
    let store = std::sync::Arc::clone(&simulation.store);
    let kinds: Vec<_> = store.definitions().map(|(kind, _)| kind).collect();
    let mut cursors: BTreeMap<_, _> = kinds
        .iter()
        .map(|kind| (*kind, store.revision(*kind)))
        .collect();
    let mut changes = Vec::new();
    while simulation.now < Duration::from_secs(seconds) {
        simulation.step();
        for kind in &kinds {
            let cursor = cursors.get_mut(kind).unwrap();
            let (events, reached) = store.changes(*kind, *cursor, usize::MAX).unwrap();
            *cursor = reached;
            for event in events {
                let key = event.current.key.clone();
                changes.push((kind.0, key, decode(&event.current).unwrap()));
            }
        }
    }
    changes
}

#[test]
fn every_story_has_begun_within_twenty_seconds() {
    let changes = history(DemoOptions::default(), 20);
    let of = |namespace: &str, name: &str| -> Vec<&Value> {
        let key = Key::new(namespace, name);
        let found = changes.iter().filter(|(_, candidate, _)| *candidate == key);
        found.map(|(_, _, object)| object).collect()
    };
    let stuck = of("ingress", "wildcard-eu");
    assert_eq!(stuck.len(), 1, "changed once and never observed");
    let generation = &stuck[0]["metadata"]["generation"];
    assert_ne!(
        &stuck[0]["status"]["conditions"][0]["observedGeneration"],
        generation
    );

    let fight = of("platform", "orders-db");
    let replicas: Vec<i64> = fight
        .iter()
        .filter_map(|o| o["spec"]["replicas"].as_i64())
        .collect();
    let flips = replicas
        .windows(2)
        .filter(|pair| pair[0] != pair[1])
        .count();
    assert!(flips >= 3, "{replicas:?}");

    let hot = of("platform", "users-db");
    assert!(hot.len() >= 10, "{} status writes", hot.len());
    assert!(
        hot.windows(2)
            .all(|o| o[0]["metadata"]["generation"] == o[1]["metadata"]["generation"])
    );

    let ready = |object: &&&Value| object["status"]["conditions"][0]["status"] == "False";
    assert!(of("data", "reports-db").iter().any(|o| ready(&o)));
    assert!(of("data", "reports-db").iter().any(|o| !ready(&o)));

    let held = of("shop", "legacy-cart-db");
    assert!(held.last().unwrap()["metadata"]["deletionTimestamp"].is_string());
    assert!(!of("data", "metrics-db").is_empty());
    assert!(
        changes
            .iter()
            .any(|(_, key, _)| key.name.starts_with("checkout-tls-"))
    );
    assert!(of("shop", "checkout").len() > 3);
    assert!(!of("platform", "llm").is_empty());
}

#[test]
fn the_same_seed_tells_the_same_story() {
    let steps = |seed| {
        let options = DemoOptions {
            seed,
            ..DemoOptions::default()
        };
        let changes = history(options, 30);
        changes
            .into_iter()
            .map(|(kind, key, object)| {
                let generation = object["metadata"]["generation"].clone();
                (
                    kind,
                    key.namespace,
                    key.name,
                    generation,
                    object["metadata"]["uid"].clone(),
                )
            })
            // The names of backups hold the date.
            .filter(|(kind, ..)| *kind != BACKUP.0)
            .collect::<Vec<_>>()
    };
    assert_eq!(steps(1), steps(1));
    assert_ne!(steps(1), steps(2));
}

#[test]
fn the_rate_is_about_what_was_asked_for() {
    for rate in [1.0, 4.0, 50.0] {
        let options = DemoOptions {
            rate,
            objects: 1000,
            ..DemoOptions::default()
        };
        let changes = history(options, 120);
        #[expect(clippy::cast_precision_loss, reason = "a count of a few thousands")]
        let actual = changes.len() as f64 / 120.0;
        assert!(
            (0.6 * rate..1.6 * rate).contains(&actual),
            "{actual} instead of {rate}"
        );
    }
}

#[test]
fn objects_look_like_those_of_a_real_server() {
    let simulation = build(quiet(300), Limits::default()).unwrap();
    let total: usize = (0..12)
        .map(|kind| simulation.store.count(KindId(kind), None))
        .sum();
    assert_eq!(total, 300);
    let stored = simulation
        .store
        .get(DATABASE, &Key::new("platform", "users-db"))
        .unwrap();
    let text = String::from_utf8(stored.json().to_vec()).unwrap();
    assert!(
        text.starts_with(r#"{"apiVersion":"stable.example.com/v1","kind":"Database","metadata":{"#)
    );
    let object = decode(&stored).unwrap();
    let metadata = object["metadata"].as_object().unwrap();
    for field in [
        "creationTimestamp",
        "generation",
        "managedFields",
        "resourceVersion",
        "uid",
    ] {
        assert!(metadata.contains_key(field), "{field}");
    }
    let managed = metadata["managedFields"].as_array().unwrap();
    assert_eq!(managed.len(), 2);
    assert!(managed.iter().any(|entry| entry["subresource"] == "status"));
}
