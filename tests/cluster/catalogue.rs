//! The CRDs of the catalogue in a real API server, with objects made from their schemas.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use k8s_openapi::api::core::v1::Namespace;
use kube::Api;
use kube::api::PostParams;
use tokio::runtime::Handle;

use crate::support::crds::{self, catalogue};
use crate::support::objects::populate;
use crate::support::recording::Recording;
use crate::support::table;
use crate::support::wait;

const NAMESPACE: &str = "columns";
const LIMIT: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_table_of_every_crd_is_the_servers_cell_by_cell() {
    let begin = Instant::now();
    let plane = crds::installed();
    eprintln!(
        "{} CRDs are served ({:?})",
        catalogue().len(),
        begin.elapsed()
    );
    let client = plane.client().await;
    let namespace: Namespace =
        serde_json::from_value(serde_json::json!({ "metadata": { "name": NAMESPACE } })).unwrap();
    let namespaces = Api::<Namespace>::all(client.clone());
    namespaces
        .create(&PostParams::default(), &namespace)
        .await
        .unwrap();
    let population = populate(&client, catalogue(), NAMESPACE, 1).await;
    eprintln!(
        "{} objects of {} CRDs, {} with a status ({:?})",
        population.objects.values().map(Vec::len).sum::<usize>(),
        population.objects.len(),
        population.with_status.values().sum::<usize>(),
        begin.elapsed()
    );
    for refusal in &population.refused {
        eprintln!("refused: {refusal}");
    }
    let recording = Recording::open(&Handle::current(), plane.admin_kubeconfig(), &[]);
    wait::until(LIMIT, "every kind is watched", || {
        let timeline = recording.timeline.read();
        let unseen = catalogue()
            .iter()
            .find(|crd| table::recorded(&timeline, &crd.name).is_none());
        unseen.is_none().then_some(())
    });
    eprintln!("every kind is watched ({:?})", begin.elapsed());
    let mut cells = 0;
    let mut found: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for crd in catalogue() {
        let from = Timestamp::now();
        let theirs = table::served(&client, &crd.resource(), crd.is_namespaced()).await;
        let ours = table::recorded(&recording.timeline.read(), &crd.name).unwrap();
        let differences = table::differences(&ours, &theirs, (from, Timestamp::now()));
        cells += ours.rows.iter().map(|row| row.cells.len()).sum::<usize>();
        if !differences.is_empty() {
            found.insert(&crd.name, differences);
        }
    }
    eprintln!("{cells} cells are compared ({:?})", begin.elapsed());
    assert!(found.is_empty(), "{found:#?}");

    // kubectl for the widest table of each project.
    let mut widest: BTreeMap<&str, (usize, &str)> = BTreeMap::new();
    for crd in catalogue()
        .iter()
        .filter(|crd| population.objects.contains_key(&crd.name))
    {
        let columns = crd.version()["additionalPrinterColumns"]
            .as_array()
            .map_or(0, Vec::len);
        let best = widest.entry(crd.project).or_insert((columns, &crd.name));
        if columns > best.0 {
            *best = (columns, &crd.name);
        }
    }
    for (_, name) in widest.values() {
        for is_wide in [false, true] {
            let arguments: &[&str] = if is_wide {
                &["get", name, "-A", "-o", "wide"]
            } else {
                &["get", name, "-A"]
            };
            let mut last = (String::new(), String::new());
            // Ages tick between the two.
            let agreed = wait::within(Duration::from_secs(5), || {
                let ours = table::recorded(&recording.timeline.read(), name)?;
                last = (
                    plane.kubectl(arguments),
                    table::kubectl_text(&ours, is_wide, Timestamp::now()),
                );
                (last.0 == last.1).then_some(())
            });
            assert!(
                agreed.is_some(),
                "{name}, wide {is_wide}:\n{}\n{}",
                last.0,
                last.1
            );
        }
    }
    eprintln!(
        "{} projects with kubectl ({:?})",
        widest.len(),
        begin.elapsed()
    );

    let projects: BTreeSet<&str> = catalogue().iter().map(|crd| crd.project).collect();
    assert!(projects.len() >= 15 && catalogue().len() >= 200);
    let empty: Vec<_> = catalogue()
        .iter()
        .filter(|crd| !population.objects.contains_key(&crd.name))
        .map(|crd| &crd.name)
        .collect();
    assert!(
        empty.is_empty(),
        "no object of these CRDs was accepted: {empty:?}"
    );
}
