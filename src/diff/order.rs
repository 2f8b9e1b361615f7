//! The order of lists in which order means nothing.

use super::alignment::Alignment;
use crate::model::{Json, Topology, TopologyPlace};

/// The old revision with the items of its `set` and `map` lists in the order of the new one, so that a
/// list that was only reordered compares line by line as unchanged. Items that are gone follow those
/// that they followed.
#[must_use]
pub fn in_order_of<'a>(old: &Json<'a>, new: &Json<'_>, topology: &Topology) -> Json<'a> {
    follow(old, new, topology.root())
}

fn follow<'a>(old: &Json<'a>, new: &Json<'_>, place: TopologyPlace<'_>) -> Json<'a> {
    match (old, new) {
        (Json::Object(members), Json::Object(_)) => {
            let ordered = members.iter().map(|(name, value)| {
                let value = match new.get(name) {
                    Some(after) => follow(value, after, place.field(name)),
                    None => value.clone(),
                };
                (name.clone(), value)
            });
            Json::Object(ordered.collect())
        }
        (Json::Array(before), Json::Array(after)) => {
            let alignment = Alignment::of(before, after, place);
            let mut ordered = before.clone();
            for (item, counterpart) in after.iter().zip(&alignment.counterparts) {
                if let Some(at) = counterpart {
                    ordered[*at] = follow(&before[*at], item, place.item());
                }
            }
            if !alignment.by_schema || !alignment.is_reordered() {
                return Json::Array(ordered);
            }
            let order = order(before.len(), &alignment);
            Json::Array(order.into_iter().map(|at| ordered[at].clone()).collect())
        }
        _ => old.clone(),
    }
}

/// The old positions in the order of the new list.
fn order(len: usize, alignment: &Alignment) -> Vec<usize> {
    let mut order: Vec<usize> = alignment.counterparts.iter().flatten().copied().collect();
    for gone in (0..len).filter(|at| !alignment.counterparts.contains(&Some(*at))) {
        let before = gone.checked_sub(1);
        let follows = order.iter().position(|at| Some(*at) == before);
        order.insert(follows.map_or(0, |place| place + 1), gone);
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ListKey, ListType, TopologyNode};

    #[test]
    fn only_lists_whose_order_means_nothing_are_reordered() {
        let mut root = TopologyNode::default();
        for (name, list) in [
            ("map", ListType::Map([ListKey::new("name")].into())),
            ("set", ListType::Set),
        ] {
            let list = Some(list);
            root.insert(
                name,
                TopologyNode {
                    list,
                    ..TopologyNode::default()
                },
            );
        }
        let topology = Topology::new(root);
        let old = br#"{"atomic":[1,2],"map":[{"name":"a","v":1},{"name":"gone"},{"name":"b"}],"set":[3,1,2]}"#;
        let new = br#"{"atomic":[2,1],"map":[{"name":"b"},{"name":"a","v":2}],"set":[2,1]}"#;
        let (old, new) = (Json::parse(old).unwrap(), Json::parse(new).unwrap());
        assert_eq!(
            in_order_of(&old, &new, &topology).to_compact(),
            r#"{"atomic":[1,2],"map":[{"name":"b"},{"name":"a","v":1},{"name":"gone"}],"set":[3,2,1]}"#
        );
    }
}
