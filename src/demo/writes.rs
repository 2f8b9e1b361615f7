//! The verbs that change an object: create, update, patch, apply, delete.

use http::header::{CONTENT_TYPE, USER_AGENT};
use jiff::Timestamp;
use serde_json::Value;

use super::definition::Definition;
use super::managed_fields::{Author, Operation};
use super::objects;
use super::patch;
use super::resources::Request;
use super::ring::Key;
use super::server::App;
use super::status_error::ApiError;
use super::store::{Action, Written};

/// Strategic merge patches are not for custom resources: their schemas say nothing about merging.
const PATCH_FORMATS: &str =
    "application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml";

/// POST.
pub(super) fn create(
    app: &App,
    definition: &Definition,
    request: &Request,
) -> Result<(Key, Written), ApiError> {
    let namespace = request.target.namespace.as_deref().unwrap_or_default();
    let draft = body_of(definition, request)?;
    let mut rng = fastrand::Rng::new();
    let name = match (
        draft["metadata"]["name"].as_str().unwrap_or_default(),
        draft["metadata"]["generateName"].as_str(),
    ) {
        ("", Some(prefix)) => {
            let suffix: String = (0..5).map(|_| rng.char('a'..='z')).collect();
            format!("{prefix}{suffix}")
        }
        (name, _) => name.to_owned(),
    };
    check_name(definition, &name)?;
    let key = Key::new(namespace, &name);
    check_namespace(app, &key)?;
    let manager = manager(request);
    let written = app.store.transact(request.target.kind, &key, |present| {
        if present.is_some() {
            return Err(ApiError::already_exists(definition, &key.name));
        }
        let author = Author::update(&manager);
        let now = Timestamp::now();
        let uid = objects::new_uid(&mut rng);
        let object = objects::created(definition, &key, draft, author, now, uid);
        Ok(finish(request, Action::Put(object)))
    })?;
    Ok((key, written))
}

/// PUT.
pub(super) fn replace(
    app: &App,
    definition: &Definition,
    request: &Request,
    key: &Key,
) -> Result<Written, ApiError> {
    let new = body_of(definition, request)?;
    if new["metadata"]["name"] != *key.name {
        return Err(ApiError::bad_request(
            "the name of the object does not match the name on the URL",
        ));
    }
    if version_of(&new).is_empty() {
        return Err(ApiError::invalid(
            definition,
            &key.name,
            "metadata.resourceVersion",
            "Invalid value: 0x0: must be specified for an update",
        ));
    }
    change(app, definition, request, key, |_| Ok(new))
}

/// PATCH, in any of its formats.
pub(super) fn patched(
    app: &App,
    definition: &Definition,
    request: &Request,
    key: &Key,
) -> Result<Written, ApiError> {
    match content_type(request) {
        "application/merge-patch+json" => {
            let patch: Value = serde_json::from_slice(&request.body).map_err(|error| {
                ApiError::bad_request(format!("the patch is not JSON: {error}"))
            })?;
            change(app, definition, request, key, |old| {
                let mut new = old.clone();
                // Only a patch that names a version is a patch of that version.
                new["metadata"]["resourceVersion"] = Value::Null;
                patch::merge(&mut new, &patch);
                Ok(new)
            })
        }
        "application/json-patch+json" => {
            let patch: Vec<patch::Operation> =
                serde_json::from_slice(&request.body).map_err(|error| {
                    ApiError::bad_request(format!("the patch is not a JSON patch: {error}"))
                })?;
            change(app, definition, request, key, |old| {
                let mut new = old.clone();
                patch::apply_operations(&mut new, &patch).map_err(|problem| {
                    ApiError::invalid(definition, &key.name, "patch", problem)
                })?;
                Ok(new)
            })
        }
        "application/apply-patch+yaml" => apply(app, definition, request, key),
        _ => Err(ApiError::unsupported_media_type(PATCH_FORMATS)),
    }
}

fn change(
    app: &App,
    definition: &Definition,
    request: &Request,
    key: &Key,
    make: impl FnOnce(&Value) -> Result<Value, ApiError>,
) -> Result<Written, ApiError> {
    let manager = manager(request);
    let author = Author {
        status: request.target.status,
        ..Author::update(&manager)
    };
    app.store.transact(request.target.kind, key, |present| {
        let old = present.ok_or_else(|| ApiError::not_found(definition, &key.name))?;
        let new = make(old)?;
        let version = version_of(&new);
        if !version.is_empty() && version != version_of(old) {
            return Err(ApiError::conflict(definition, &key.name));
        }
        let new = objects::updated(definition, old, new, author, Timestamp::now(), None);
        Ok(finish(request, objects::put_or_finish(new)))
    })
}

/// Server-side apply with the last write winning: what was sent is merged over what is there.
fn apply(
    app: &App,
    definition: &Definition,
    request: &Request,
    key: &Key,
) -> Result<Written, ApiError> {
    let sent = body_of(definition, request)?;
    let intent = patch::intent(sent.clone());
    let manager = manager(request);
    let author = Author {
        operation: Operation::Apply,
        status: request.target.status,
        manager: &manager,
    };
    check_namespace(app, key)?;
    app.store.transact(request.target.kind, key, |present| {
        let now = Timestamp::now();
        let Some(old) = present else {
            let uid = objects::new_uid(&mut fastrand::Rng::new());
            let object = objects::created(definition, key, sent, author, now, uid);
            return Ok(finish(request, Action::Put(object)));
        };
        let mut new = old.clone();
        patch::merge(&mut new, &intent);
        let mut new = objects::updated(definition, old, new, author, now, Some(&intent));
        keep_times_of_no_change(old, &mut new);
        Ok(finish(request, objects::put_or_finish(new)))
    })
}

/// An apply that says what is there already is no write, although it passed through here now.
fn keep_times_of_no_change(old: &Value, new: &mut Value) {
    let without_times = |object: &Value| {
        let mut object = object.clone();
        if let Some(entries) = object["metadata"]["managedFields"].as_array_mut() {
            for entry in entries {
                entry["time"] = Value::Null;
            }
        }
        object
    };
    if without_times(old) == without_times(new) {
        *new = old.clone();
    }
}

/// DELETE.
pub(super) fn delete(app: &App, request: &Request, key: &Key) -> Result<Written, ApiError> {
    let definition = app.store.definition(request.target.kind);
    let options: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let wanted = &options["preconditions"]["uid"];
    let dry_run = options["dryRun"][0] == "All" || request.options.dry_run();
    if dry_run {
        let unchanged = |present: Option<&Value>| {
            let old = present.ok_or_else(|| ApiError::not_found(definition, &key.name))?;
            Ok(Action::Nothing(old.clone()))
        };
        return app.store.transact(request.target.kind, key, unchanged);
    }
    objects::delete(
        &app.store,
        request.target.kind,
        key,
        Timestamp::now(),
        |old| {
            if wanted.is_null() || *wanted == old["metadata"]["uid"] {
                Ok(())
            } else {
                Err(ApiError::conflict(definition, &key.name))
            }
        },
    )
}

fn finish(request: &Request, action: Action) -> Action {
    match action {
        Action::Put(value) | Action::Remove(value) if request.options.dry_run() => {
            Action::Nothing(value)
        }
        action => action,
    }
}

fn body_of(definition: &Definition, request: &Request) -> Result<Value, ApiError> {
    let format = content_type(request);
    if format.contains("protobuf") {
        return Err(ApiError::unsupported_media_type(
            "application/json, application/yaml",
        ));
    }
    let object: Value = if format.ends_with("yaml") {
        serde_yaml::from_slice(&request.body)
            .map_err(|error| ApiError::bad_request(format!("the body is not YAML: {error}")))?
    } else {
        serde_json::from_slice(&request.body)
            .map_err(|error| ApiError::bad_request(format!("the body is not JSON: {error}")))?
    };
    let expected = (definition.api_version(), definition.kind.as_str());
    let (version, kind) = (&object["apiVersion"], &object["kind"]);
    if *version != expected.0 || *kind != expected.1 {
        return Err(ApiError::bad_request(format!(
            "the object provided is unrecognized: expected {} of {}, got {kind} of {version}",
            expected.1, expected.0
        )));
    }
    let inside = object["metadata"]["namespace"].as_str().unwrap_or_default();
    let asked = request.target.namespace.as_deref().unwrap_or_default();
    if !inside.is_empty() && inside != asked {
        return Err(ApiError::bad_request(
            "the namespace of the provided object does not match the namespace sent on the request",
        ));
    }
    Ok(object)
}

fn check_name(definition: &Definition, name: &str) -> Result<(), ApiError> {
    let allowed = |character: char| {
        character.is_ascii_lowercase() || character.is_ascii_digit() || "-.".contains(character)
    };
    let edge = |character: char| character.is_ascii_alphanumeric();
    if !name.is_empty()
        && name.len() <= 253
        && name.chars().all(allowed)
        && name.starts_with(edge)
        && name.ends_with(edge)
    {
        return Ok(());
    }
    Err(ApiError::invalid(
        definition,
        name,
        "metadata.name",
        format!("Invalid value: {name:?}: a lowercase RFC 1123 subdomain is needed"),
    ))
}

fn check_namespace(app: &App, key: &Key) -> Result<(), ApiError> {
    let exists = key.namespace.is_empty()
        || app
            .store
            .get(app.namespaces, &Key::new("", &key.namespace))
            .is_some();
    if exists {
        return Ok(());
    }
    let definition = app.store.definition(app.namespaces);
    Err(ApiError::not_found(definition, &key.namespace))
}

fn version_of(object: &Value) -> &str {
    object["metadata"]["resourceVersion"]
        .as_str()
        .unwrap_or_default()
}

fn content_type(request: &Request) -> &str {
    let value = request.headers.get(CONTENT_TYPE);
    let text = value.and_then(|value| value.to_str().ok());
    let text = text.unwrap_or_default();
    text.split(';').next().unwrap_or_default().trim()
}

/// The field manager: named by the request, else the program's name from User-Agent.
fn manager(request: &Request) -> String {
    if !request.options.field_manager.is_empty() {
        return request.options.field_manager.clone();
    }
    let agent = request.headers.get(USER_AGENT);
    let agent = agent.and_then(|value| value.to_str().ok());
    let program = agent.and_then(|agent| agent.split('/').next());
    program
        .filter(|program| !program.is_empty())
        .unwrap_or("unknown")
        .to_owned()
}
