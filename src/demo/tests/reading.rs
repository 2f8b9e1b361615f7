//! Discovery, lists and tables as a client sees them.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn discovery_finds_every_kind_both_ways() {
    let (_cluster, client) = quiet_cluster(50, Tuning::default()).await;
    let plain = kube::discovery::Discovery::new(client.clone())
        .run()
        .await
        .unwrap();
    let aggregated = kube::discovery::Discovery::new(client.clone())
        .run_aggregated()
        .await
        .unwrap();
    for discovery in [plain, aggregated] {
        let kinds: HashSet<String> = discovery
            .groups()
            .flat_map(|group| group.recommended_resources())
            .map(|(resource, _)| format!("{}.{}", resource.kind, resource.group))
            .collect();
        for kind in [
            "Certificate.cert-manager.io",
            "HTTPRoute.gateway.networking.k8s.io",
            "Namespace.",
            "CustomResourceDefinition.apiextensions.k8s.io",
        ] {
            assert!(kinds.contains(kind), "{kind} is not in {kinds:?}");
        }
    }
    let version = client.apiserver_version().await.unwrap();
    assert_eq!(version.major, "1");
    let crds = raw(
        &client,
        "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
        "application/json",
    )
    .await;
    let crds = crds["items"].as_array().unwrap();
    assert_eq!(crds.len(), 12);
    assert_eq!(crds[0]["status"]["conditions"][1]["type"], "Established");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_token_nothing_is_answered() {
    let (cluster, _) = quiet_cluster(20, Tuning::default()).await;
    let mut kubeconfig = Kubeconfig::from_yaml(&cluster.kubeconfig()).unwrap();
    let user = kubeconfig.auth_infos[0].auth_info.as_mut().unwrap();
    user.token = Some("wrong".to_owned().into());
    let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await;
    let client = Client::try_from(config.unwrap()).unwrap();
    let error = client.apiserver_version().await.unwrap_err();
    let kube::Error::Api(status) = error else {
        panic!("{error}");
    };
    assert_eq!((status.code, status.reason.as_str()), (401, "Unauthorized"));
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_show_one_snapshot_while_objects_change() {
    let (_cluster, client) = quiet_cluster(400, Tuning::default()).await;
    let api = databases(&client);
    let whole = api.list(&ListParams::default()).await.unwrap();
    let version = whole.metadata.resource_version.clone();
    let expected: Vec<_> = whole
        .items
        .iter()
        .map(|o| (o.name_any(), o.resource_version()))
        .collect();
    assert!(expected.len() > 20);

    let mut seen = Vec::new();
    let mut token: Option<String> = None;
    loop {
        let mut params = ListParams::default().limit(7);
        params.continue_token = token;
        let page = api.list(&params).await.unwrap();
        assert_eq!(page.metadata.resource_version, version);
        seen.extend(
            page.items
                .iter()
                .map(|o| (o.name_any(), o.resource_version())),
        );
        let left = page.metadata.remaining_item_count.unwrap_or(0);
        assert_eq!(usize::try_from(left).unwrap(), expected.len() - seen.len());
        let round = seen.len();
        touch(&client, "platform", "users-db", round).await;
        if round == 7 {
            let gone = databases_in(&client, "platform");
            gone.delete("orders-db", &DeleteParams::default())
                .await
                .unwrap();
            let new = json!({
                "apiVersion": "stable.example.com/v1", "kind": "Database",
                "metadata": {"name": "zz-new"}, "spec": {"engine": "redis", "replicas": 1},
            });
            let new = serde_json::from_value(new).unwrap();
            gone.create(&PostParams::default(), &new).await.unwrap();
        }
        token = page.metadata.continue_.filter(|token| !token.is_empty());
        if token.is_none() {
            break;
        }
    }
    assert_eq!(seen, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_are_what_kubectl_prints() {
    const TABLE: &str = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";
    let (_cluster, client) = quiet_cluster(50, Tuning::default()).await;
    let path = "/apis/stable.example.com/v1/namespaces/platform/databases?limit=1";
    let table = raw(&client, path, TABLE).await;
    assert_eq!(table["kind"], "Table");
    let columns = table["columnDefinitions"].as_array().unwrap();
    let names: Vec<&Value> = columns.iter().map(|column| &column["name"]).collect();
    assert_eq!(names[0], "Name");
    assert_eq!(names[names.len() - 1], "Age");
    let row = &table["rows"][0];
    assert_eq!(row["cells"].as_array().unwrap().len(), columns.len());
    assert_eq!(row["object"]["kind"], "PartialObjectMetadata");
    assert_eq!(row["object"]["metadata"]["namespace"], "platform");
    let events = watch_lines(&client, "", TABLE, |events| events.len() == 2).await;
    assert!(events[0]["object"]["columnDefinitions"].is_array());
    assert!(events[1]["object"]["columnDefinitions"].is_null());
}

#[test]
fn nonsense_options_are_refused_with_a_hint() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    for options in [
        DemoOptions {
            rate: -1.0,
            ..quiet(1)
        },
        DemoOptions {
            objects: usize::MAX,
            ..quiet(1)
        },
    ] {
        let error = runtime.block_on(DemoCluster::start(options)).unwrap_err();
        assert!(error.to_string().contains('('), "{error}");
    }
}
