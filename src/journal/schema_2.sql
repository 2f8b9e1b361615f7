-- Version 2: what the CustomResourceDefinition of a kind said over time, oldest first.
--
-- `spec` is one zstd frame (RFC 8878) of the JSON of the CRD's `spec`: all its versions with their
-- schemas, subresources and printer columns. `kinds.columns` are the newest columns of the version
-- that was watched.

CREATE TABLE definitions (
    id          INTEGER PRIMARY KEY,
    kind_id     INTEGER NOT NULL REFERENCES kinds (id),
    observed_at INTEGER NOT NULL,
    monotonic   INTEGER NOT NULL,
    spec        BLOB NOT NULL
) STRICT;
