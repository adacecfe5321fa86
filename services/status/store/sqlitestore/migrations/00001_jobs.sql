-- Times are microseconds since 1970 UTC; 0 means unset.

-- +goose Up
CREATE TABLE jobs (
    id              TEXT PRIMARY KEY,
    owner           TEXT NOT NULL,
    kind            TEXT NOT NULL,
    request         BLOB NOT NULL, -- JSON
    state           TEXT NOT NULL,
    attempt         INTEGER NOT NULL,
    spent           INTEGER NOT NULL,
    not_before      INTEGER NOT NULL,
    stage           TEXT NOT NULL,
    progress        REAL NOT NULL,
    fault           BLOB, -- JSON
    title           TEXT NOT NULL,
    artifacts       BLOB, -- JSON
    notes           BLOB, -- JSON
    version         INTEGER NOT NULL,
    seq             INTEGER NOT NULL,
    created_at      INTEGER NOT NULL,
    updated_at      INTEGER NOT NULL,
    started_at      INTEGER NOT NULL,
    finished_at     INTEGER NOT NULL,
    session         TEXT NOT NULL,
    worker          TEXT NOT NULL,
    start_id        TEXT NOT NULL,
    since           INTEGER NOT NULL, -- when it came into its state
    lost            INTEGER NOT NULL, -- the latest attempt was rescued
    ended_attempt   INTEGER NOT NULL, -- how the latest attempt ended
    ended_action    TEXT NOT NULL,
    ended_reason    TEXT NOT NULL,
    traceparent     TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX jobs_seq ON jobs (seq);
CREATE INDEX jobs_owner_seq ON jobs (owner, seq);
CREATE INDEX jobs_list ON jobs (owner, created_at, id);
CREATE INDEX jobs_list_all ON jobs (created_at, id);
CREATE INDEX jobs_counts ON jobs (kind, state, since);
CREATE INDEX jobs_kept ON jobs (owner, kind, state, finished_at, id);
CREATE INDEX jobs_session ON jobs (session) WHERE session <> '';
CREATE INDEX jobs_running ON jobs (kind, started_at) WHERE state = 'running';

CREATE TABLE moves (
    job_id     TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    version    INTEGER NOT NULL,
    at         INTEGER NOT NULL,
    from_state TEXT NOT NULL,
    to_state   TEXT NOT NULL,
    attempt    INTEGER NOT NULL,
    worker     TEXT NOT NULL,
    why        TEXT NOT NULL,
    PRIMARY KEY (job_id, version)
) STRICT, WITHOUT ROWID;

CREATE TABLE promises (
    job_id TEXT PRIMARY KEY REFERENCES jobs (id) ON DELETE CASCADE,
    owner  TEXT NOT NULL,
    due    INTEGER NOT NULL,
    token  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX promises_due ON promises (due);

CREATE TABLE sessions (
    id        TEXT PRIMARY KEY,
    worker    TEXT NOT NULL,
    kind      TEXT NOT NULL,
    slots     INTEGER NOT NULL,
    stream    INTEGER NOT NULL,
    opened_at INTEGER NOT NULL,
    ends_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_ends ON sessions (ends_at);

CREATE TABLE keys (
    owner       TEXT NOT NULL,
    key         TEXT NOT NULL,
    fingerprint BLOB NOT NULL,
    job_id      TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    ends_at     INTEGER NOT NULL,
    PRIMARY KEY (owner, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX keys_job ON keys (job_id);
CREATE INDEX keys_ends ON keys (ends_at);

CREATE TABLE tombstones (
    job_id     TEXT PRIMARY KEY,
    owner      TEXT NOT NULL,
    seq        INTEGER NOT NULL,
    deleted_at INTEGER NOT NULL,
    sweep_at   INTEGER NOT NULL,
    sweeps     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX tombstones_seq ON tombstones (seq);
CREATE INDEX tombstones_owner_seq ON tombstones (owner, seq);
CREATE INDEX tombstones_sweep ON tombstones (sweep_at) WHERE sweep_at <> 0;
CREATE INDEX tombstones_deleted ON tombstones (deleted_at) WHERE sweep_at = 0;

CREATE TABLE counter (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    seq INTEGER NOT NULL
) STRICT;
INSERT INTO counter (one, seq) VALUES (1, 0);

-- +goose Down
DROP TABLE counter;
DROP TABLE tombstones;
DROP TABLE keys;
DROP TABLE sessions;
DROP TABLE promises;
DROP TABLE moves;
DROP TABLE jobs;
