-- Version 2: definitions, and all that a revision says about its controller's progress.
--
-- `definitions`: what the CustomResourceDefinition of a kind said over time, oldest first.
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

-- What latency is measured by. `revisions.observed_generation` is `status.observedGeneration` where
-- `latency_method` is 0, and that of the conditions where it is 1. Signs of readiness, one bit each:
-- 1 set by the user, 2 the readiness rule of the kind, 4 Ready, 8 rolled out, 16 Healthy, 32 Succeeded,
-- 64 Complete, 128 Completed, 256 Finished, 512 Programmed, 1024 status.health, 2048 Available,
-- 4096 status.ready, 8192 a phase that has ended, 16384 a phase that is up, 32768 Synced,
-- 65536 Reconciled, 131072 Established, 262144 Installed, 524288 Accepted.
ALTER TABLE revisions ADD COLUMN condition_generation INTEGER; -- observedGeneration of the conditions
ALTER TABLE revisions ADD COLUMN signs_shown INTEGER NOT NULL DEFAULT 0;
ALTER TABLE revisions ADD COLUMN signs_hold INTEGER NOT NULL DEFAULT 0;
ALTER TABLE revisions ADD COLUMN progress INTEGER NOT NULL DEFAULT 0; -- bits: 1 deleting, 2 suspended, 4 failed
UPDATE revisions SET condition_generation = observed_generation WHERE latency_method = 1;
UPDATE revisions SET signs_shown = 4, signs_hold = iif(ready, 4, 0) WHERE ready IS NOT NULL;
