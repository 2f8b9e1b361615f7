//! What every Kubernetes object has, whether its CRD says so or not.

use std::sync::LazyLock;

use crate::model::Json;

static OBJECT: LazyLock<Json<'static>> = LazyLock::new(|| {
    let text = include_bytes!("standard_metadata.json");
    Json::parse(text).unwrap_or_default()
});

/// The schema of `apiVersion`, `kind` and `metadata`. A CRD's schema only narrows it: the API server
/// takes no more of `metadata` from it than limits on `name` and `generateName`.
pub(super) fn object() -> &'static Json<'static> {
    &OBJECT
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_is_known_by_itself() {
        let manager = ["properties", "metadata", "properties", "managedFields"];
        assert!(object().at(&manager).is_some());
    }
}
