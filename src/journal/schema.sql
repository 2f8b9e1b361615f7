-- Kronika session file, version 1. What later versions added is in schema_2.sql and so on.
--
-- `PRAGMA application_id` is 0x4B524F4E ("KRON"), `PRAGMA user_version` is the version of the schema.
-- Times are microseconds since the Unix epoch, in UTC. `monotonic` counts microseconds on a clock
-- that nobody sets; take durations between two of them, within one recording only.
--
-- For reading with sqlite3 there are the views `changes` and `gap_times`.
--
-- Bodies: `bodies.bytes` is one zstd frame (RFC 8878, with checksum) of the object's JSON, byte for
-- byte as the API server sent it. `encoding` 1 is a keyframe, a frame that stands alone. `encoding` 2
-- is a delta: the frame was made with the body of the object's previous revision that has a body (by
-- `revisions.id`, over all incarnations) as raw-content dictionary, and decodes with it. So a body
-- comes back by decoding from the object's last keyframe on. A revision without a row in `bodies` is a
-- deletion that only a new list showed: nothing was sent, and the object was last seen as before.
-- Bodies have a table of their own so that the history can be read without them, and so that they can
-- be dropped before it.

CREATE TABLE meta (
    key   TEXT PRIMARY KEY NOT NULL,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO meta (key, value) VALUES
    ('format', 'Kronika session; times are microseconds since 1970, UTC; see the views changes and gap_times'),
    ('bodies', 'zstd frames of the JSON as sent; encoding 1 stands alone, 2 has the body before it of the same object as raw-content dictionary');

CREATE TABLE contexts (
    id   INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;

-- One run over one context. `ended_at` is null while it runs, and after a crash.
CREATE TABLE recordings (
    id             INTEGER PRIMARY KEY,
    context_id     INTEGER NOT NULL REFERENCES contexts (id),
    started_at     INTEGER NOT NULL,
    ended_at       INTEGER,
    server_version TEXT,
    recorder       TEXT NOT NULL
) STRICT;

CREATE TABLE kinds (
    id         INTEGER PRIMARY KEY,
    context_id INTEGER NOT NULL REFERENCES contexts (id),
    api_group  TEXT NOT NULL,
    version    TEXT NOT NULL,
    kind       TEXT NOT NULL,
    plural     TEXT NOT NULL,
    scope      TEXT NOT NULL CHECK (scope IN ('Namespaced', 'Cluster')),
    columns    TEXT NOT NULL, -- JSON: the CRD's additionalPrinterColumns
    UNIQUE (context_id, api_group, version, kind, plural, scope)
) STRICT;

CREATE TABLE objects (
    id        INTEGER PRIMARY KEY,
    kind_id   INTEGER NOT NULL REFERENCES kinds (id),
    namespace TEXT, -- null for cluster-scoped objects
    name      TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX objects_by_key ON objects (kind_id, name, coalesce(namespace, ''));

-- Deleting and creating a name again makes another incarnation of the same object.
CREATE TABLE incarnations (
    id        INTEGER PRIMARY KEY,
    object_id INTEGER NOT NULL REFERENCES objects (id),
    uid       TEXT NOT NULL,
    UNIQUE (object_id, uid)
) STRICT;

-- Whole lists, because the same ones come again and again. JSON arrays of strings.
CREATE TABLE manager_lists (
    id    INTEGER PRIMARY KEY,
    names TEXT NOT NULL UNIQUE
) STRICT;
CREATE TABLE path_lists (
    id       INTEGER PRIMARY KEY,
    pointers TEXT NOT NULL UNIQUE -- RFC 6901
) STRICT;

-- Every change, in the order of its arrival.
CREATE TABLE revisions (
    id                  INTEGER PRIMARY KEY,
    recording_id        INTEGER NOT NULL REFERENCES recordings (id),
    object_id           INTEGER NOT NULL REFERENCES objects (id),
    incarnation_id      INTEGER NOT NULL REFERENCES incarnations (id),
    observed_at         INTEGER NOT NULL,
    monotonic           INTEGER NOT NULL,
    resource_version    TEXT NOT NULL,
    generation          INTEGER,
    change              INTEGER NOT NULL, -- 0 Added, 1 Modified, 2 Deleted
    provenance          INTEGER NOT NULL, -- 0 InitialList, 1 Watch, 2 Relist, 3 Poll
    touches             INTEGER NOT NULL, -- bits: 1 spec, 2 status, 4 metadata, 8 heartbeat
    manager_list_id     INTEGER NOT NULL REFERENCES manager_lists (id),
    path_list_id        INTEGER NOT NULL REFERENCES path_lists (id),
    observed_generation INTEGER, -- what the controller says to have seen
    latency_method      INTEGER, -- 0 status.observedGeneration, 1 condition's, 2 Ready condition
    ready               INTEGER  -- the Ready condition; null where there is none
) STRICT;
CREATE INDEX revisions_by_object ON revisions (object_id);

CREATE TABLE bodies (
    revision_id INTEGER PRIMARY KEY REFERENCES revisions (id),
    encoding    INTEGER NOT NULL CHECK (encoding IN (1, 2)),
    bytes       BLOB NOT NULL
) STRICT;

-- Stretches in which changes may have happened that were not seen.
CREATE TABLE gaps (
    id             INTEGER PRIMARY KEY,
    recording_id   INTEGER NOT NULL REFERENCES recordings (id),
    kind_id        INTEGER REFERENCES kinds (id), -- null for the whole context
    from_at        INTEGER NOT NULL,
    from_monotonic INTEGER NOT NULL,
    to_at          INTEGER NOT NULL,
    to_monotonic   INTEGER NOT NULL,
    cause          TEXT NOT NULL
) STRICT;

CREATE VIEW changes AS
SELECT
    r.id AS revision_id,
    strftime('%Y-%m-%dT%H:%M:%S', r.observed_at / 1000000, 'unixepoch')
        || printf('.%06dZ', r.observed_at % 1000000) AS observed_at,
    c.name AS context,
    CASE k.api_group WHEN '' THEN k.version ELSE k.api_group || '/' || k.version END AS api_version,
    k.kind,
    o.namespace,
    o.name,
    i.uid,
    r.resource_version,
    r.generation,
    CASE r.change WHEN 0 THEN 'Added' WHEN 1 THEN 'Modified' ELSE 'Deleted' END AS change,
    CASE r.provenance
        WHEN 0 THEN 'InitialList' WHEN 1 THEN 'Watch' WHEN 2 THEN 'Relist' ELSE 'Poll'
    END AS provenance,
    rtrim(
        CASE WHEN r.touches & 1 THEN 'spec,' ELSE '' END
            || CASE WHEN r.touches & 2 THEN 'status,' ELSE '' END
            || CASE WHEN r.touches & 4 THEN 'metadata' ELSE '' END,
        ','
    ) AS touches,
    m.names AS managers,
    p.pointers AS paths,
    r.observed_generation,
    r.ready
FROM revisions r
JOIN incarnations i ON i.id = r.incarnation_id
JOIN objects o ON o.id = r.object_id
JOIN kinds k ON k.id = o.kind_id
JOIN contexts c ON c.id = k.context_id
JOIN manager_lists m ON m.id = r.manager_list_id
JOIN path_lists p ON p.id = r.path_list_id;

CREATE VIEW gap_times AS
SELECT
    strftime('%Y-%m-%dT%H:%M:%S', g.from_at / 1000000, 'unixepoch')
        || printf('.%06dZ', g.from_at % 1000000) AS from_at,
    strftime('%Y-%m-%dT%H:%M:%S', g.to_at / 1000000, 'unixepoch')
        || printf('.%06dZ', g.to_at % 1000000) AS to_at,
    g.cause,
    c.name AS context,
    CASE k.api_group WHEN '' THEN k.plural ELSE k.plural || '.' || k.api_group END AS kind
FROM gaps g
JOIN recordings r ON r.id = g.recording_id
JOIN contexts c ON c.id = r.context_id
LEFT JOIN kinds k ON k.id = g.kind_id;
