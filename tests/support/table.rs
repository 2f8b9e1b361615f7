//! Three tables of the same objects: Kronika's, the API server's, and what `kubectl get` makes of it.

use jiff::Timestamp;
use kronika::columns::Cell;
use kronika::model::{Scope, WatchStatus};
use kronika::timeline::Timeline;
use kube::Client;
use kube::core::ApiResource;
use serde_json::Value;

/// What stands in a table.
#[derive(Debug, Clone)]
pub(crate) struct Table<C> {
    pub(crate) is_namespaced: bool,
    /// Without the namespace and the name.
    pub(crate) headings: Vec<Heading>,
    /// By namespace and name.
    pub(crate) rows: Vec<Row<C>>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Heading {
    pub(crate) name: String,
    pub(crate) type_: String,
    pub(crate) priority: i64,
    /// Nothing for the age that the server adds where a CRD has no columns: its own words are a page.
    pub(crate) description: String,
}

impl Heading {
    pub(crate) fn new(name: &str, type_: &str, priority: i64, description: &str) -> Self {
        let is_added = [
            "When the object was created",
            "CreationTimestamp is a timestamp",
        ]
        .iter()
        .any(|words| description.starts_with(words));
        Self {
            name: name.to_owned(),
            type_: type_.to_owned(),
            priority,
            description: if is_added { "" } else { description }.to_owned(),
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Row<C> {
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) cells: Vec<C>,
}

/// Kronika's table of a kind by `plural.group`; nothing until it is watched.
pub(crate) fn recorded(timeline: &Timeline, crd: &str) -> Option<Table<Cell>> {
    let (_, kind) = timeline
        .kinds()
        .find(|(_, kind)| format!("{}.{}", kind.kind.plural, kind.kind.group) == crd)?;
    if kind.status != WatchStatus::Watching {
        return None;
    }
    let headings = kind.columns.headings().iter().map(|heading| {
        let priority = heading.priority.into();
        Heading::new(
            &heading.name,
            &heading.type_,
            priority,
            &heading.description,
        )
    });
    let live = kind.objects().filter_map(|id| {
        let object = timeline.object(id)?;
        Some((&object.key, object.live.as_ref()?))
    });
    let mut rows: Vec<_> = live
        .map(|(key, live)| Row {
            namespace: key.namespace.as_deref().unwrap_or_default().to_owned(),
            name: key.name.to_string(),
            cells: live.cells.to_vec(),
        })
        .collect();
    rows.sort_by(|a, b| (&a.namespace, &a.name).cmp(&(&b.namespace, &b.name)));
    Some(Table {
        is_namespaced: kind.kind.scope == Scope::Namespaced,
        headings: headings.collect(),
        rows,
    })
}

/// The API server's table of all objects of a kind.
pub(crate) async fn served(
    client: &Client,
    resource: &ApiResource,
    is_namespaced: bool,
) -> Table<Value> {
    let path = format!("/apis/{}/{}", resource.api_version, resource.plural);
    let request = http::Request::get(path)
        .header("Accept", "application/json;as=Table;v=v1;g=meta.k8s.io")
        .body(Vec::new())
        .unwrap();
    let table: Value = client.request(request).await.unwrap();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let headings = list(&table["columnDefinitions"]).into_iter().skip(1);
    let mut rows: Vec<_> = list(&table["rows"])
        .iter()
        .map(|row| Row {
            namespace: text(&row["object"]["metadata"]["namespace"]),
            name: text(&row["object"]["metadata"]["name"]),
            cells: list(&row["cells"]).split_off(1),
        })
        .collect();
    rows.sort_by(|a, b| (&a.namespace, &a.name).cmp(&(&b.namespace, &b.name)));
    Table {
        is_namespaced,
        headings: headings
            .map(|heading| {
                let priority = heading["priority"].as_i64().unwrap_or_default();
                let [name, type_, about] =
                    ["name", "type", "description"].map(|word| text(&heading[word]));
                Heading::new(&name, &type_, priority, &about)
            })
            .collect(),
        rows,
    }
}

/// Where the tables are not the same, cell by cell. Ages may be those of any moment of `during`.
pub(crate) fn differences(
    ours: &Table<Cell>,
    theirs: &Table<Value>,
    during: (Timestamp, Timestamp),
) -> Vec<String> {
    if ours.headings != theirs.headings {
        return vec![format!(
            "headings {:?}, not {:?}",
            ours.headings, theirs.headings
        )];
    }
    let names = |namespace: &str, name: &str| format!("{namespace}/{name}");
    let our_names: Vec<_> = ours
        .rows
        .iter()
        .map(|row| names(&row.namespace, &row.name))
        .collect();
    let their_names: Vec<_> = theirs
        .rows
        .iter()
        .map(|row| names(&row.namespace, &row.name))
        .collect();
    if our_names != their_names {
        return vec![format!("rows {our_names:?}, not {their_names:?}")];
    }
    let mut found = Vec::new();
    for (ours_row, theirs_row) in ours.rows.iter().zip(&theirs.rows) {
        for (i, heading) in ours.headings.iter().enumerate() {
            let (cell, value) = (&ours_row.cells[i], &theirs_row.cells[i]);
            if !is_same(cell, value, during) {
                found.push(format!(
                    "{} of {} ({}): {cell:?}, not {value}",
                    heading.name, ours_row.name, heading.description
                ));
            }
        }
    }
    found
}

fn is_same(cell: &Cell, value: &Value, (from, to): (Timestamp, Timestamp)) -> bool {
    match cell {
        Cell::Empty => value.is_null(),
        Cell::Text(text) => value.as_str() == Some(text),
        Cell::Integer(n) => value.as_i64() == Some(*n),
        Cell::Number(n) => value.as_f64() == Some(*n),
        Cell::Boolean(b) => value.as_bool() == Some(*b),
        Cell::Date(_) | Cell::UnknownDate | Cell::InvalidDate => {
            let seconds = (to.as_second() - from.as_second()).max(0) + 1;
            (0..=seconds)
                .map(|second| from + jiff::SignedDuration::from_secs(second))
                .chain([to])
                .any(|now| value.as_str() == Some(&*cell.display(now)))
        }
    }
}

/// Go maps each character to one: `ß` stays.
fn capitals(text: &str) -> String {
    text.chars()
        .map(|c| {
            let mut upper = c.to_uppercase();
            match (upper.next(), upper.next()) {
                (Some(upper), None) => upper,
                _ => c,
            }
        })
        .collect()
}

/// What `kubectl get -A`, or with `-o wide`, prints of Kronika's table.
pub(crate) fn kubectl_text(table: &Table<Cell>, is_wide: bool, now: Timestamp) -> String {
    if table.rows.is_empty() {
        return String::new();
    }
    let shown: Vec<bool> = table
        .headings
        .iter()
        .map(|heading| is_wide || heading.priority == 0)
        .collect();
    let line = |namespace: &str, name: &str, cells: &mut dyn Iterator<Item = String>| {
        let first = table.is_namespaced.then(|| namespace.to_owned());
        let cells = cells
            .zip(&shown)
            .filter(|(_, shown)| **shown)
            .map(|(cell, _)| cell);
        first
            .into_iter()
            .chain([name.to_owned()])
            .chain(cells)
            .collect()
    };
    let mut headings = table.headings.iter().map(|heading| capitals(&heading.name));
    let mut lines: Vec<Vec<String>> = vec![line("NAMESPACE", "NAME", &mut headings)];
    for row in &table.rows {
        let mut cells = row.cells.iter().map(|cell| cell.display(now).into_owned());
        lines.push(line(&row.namespace, &row.name, &mut cells));
    }
    // Go's tabwriter with kubectl's settings: at least 6 characters, and 3 after the widest cell.
    let count = lines[0].len();
    let widths: Vec<usize> = (0..count)
        .map(|i| {
            lines
                .iter()
                .map(|line| line[i].chars().count() + 3)
                .max()
                .unwrap_or(0)
                .max(6)
        })
        .collect();
    let mut text = String::new();
    for line in lines {
        for (i, cell) in line.iter().enumerate() {
            text.push_str(cell);
            if i + 1 < count {
                text.extend(std::iter::repeat_n(' ', widths[i] - cell.chars().count()));
            }
        }
        text.push('\n');
    }
    text
}
