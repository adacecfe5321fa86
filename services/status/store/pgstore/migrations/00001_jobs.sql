-- Text that is compared or sorted is compared byte by byte, whatever the language
-- of the database.
-- Times are microseconds since 1970 UTC; 0 means unset.

-- +goose Up
CREATE TABLE jobs (
    id              TEXT COLLATE "C" PRIMARY KEY,
    owner           TEXT COLLATE "C" NOT NULL,
    kind            TEXT COLLATE "C" NOT NULL,
    request         BYTEA NOT NULL, -- JSON
    state           TEXT NOT NULL,
    attempt         BIGINT NOT NULL,
    spent           BIGINT NOT NULL,
    not_before      BIGINT NOT NULL,
    stage           TEXT NOT NULL,
    progress        DOUBLE PRECISION NOT NULL,
    fault           BYTEA, -- JSON
    title           TEXT NOT NULL,
    artifacts       BYTEA, -- JSON
    notes           BYTEA, -- JSON
    version         BIGINT NOT NULL,
    seq             BIGINT NOT NULL,
    created_at      BIGINT NOT NULL,
    updated_at      BIGINT NOT NULL,
    started_at      BIGINT NOT NULL,
    finished_at     BIGINT NOT NULL,
    session         TEXT COLLATE "C" NOT NULL,
    worker          TEXT NOT NULL,
    start_id        TEXT NOT NULL,
    since           BIGINT NOT NULL, -- when it came into its state
    lost            BOOLEAN NOT NULL, -- the latest attempt was rescued
    ended_attempt   BIGINT NOT NULL, -- how the latest attempt ended
    ended_action    TEXT NOT NULL,
    ended_reason    TEXT NOT NULL,
    traceparent     TEXT NOT NULL
);
CREATE UNIQUE INDEX jobs_seq ON jobs (seq);
CREATE INDEX jobs_owner_seq ON jobs (owner, seq);
CREATE INDEX jobs_list ON jobs (owner, created_at, id);
CREATE INDEX jobs_list_all ON jobs (created_at, id);
CREATE INDEX jobs_counts ON jobs (kind, state, since);
CREATE INDEX jobs_kept ON jobs (owner, kind, state, finished_at, id);
CREATE INDEX jobs_session ON jobs (session) WHERE session <> '';
CREATE INDEX jobs_running ON jobs (kind, started_at) WHERE state = 'running';

CREATE TABLE moves (
    job_id     TEXT COLLATE "C" NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    version    BIGINT NOT NULL,
    at         BIGINT NOT NULL,
    from_state TEXT NOT NULL,
    to_state   TEXT NOT NULL,
    attempt    BIGINT NOT NULL,
    worker     TEXT NOT NULL,
    why        TEXT NOT NULL,
    PRIMARY KEY (job_id, version)
);

CREATE TABLE promises (
    job_id TEXT COLLATE "C" PRIMARY KEY REFERENCES jobs (id) ON DELETE CASCADE,
    owner  TEXT COLLATE "C" NOT NULL,
    due    BIGINT NOT NULL,
    token  BIGINT NOT NULL
);
CREATE INDEX promises_due ON promises (due);

CREATE TABLE sessions (
    id        TEXT COLLATE "C" PRIMARY KEY,
    worker    TEXT NOT NULL,
    kind      TEXT COLLATE "C" NOT NULL,
    slots     BIGINT NOT NULL,
    stream    BIGINT NOT NULL,
    opened_at BIGINT NOT NULL,
    ends_at   BIGINT NOT NULL
);
CREATE INDEX sessions_ends ON sessions (ends_at);

CREATE TABLE keys (
    owner       TEXT COLLATE "C" NOT NULL,
    key         TEXT COLLATE "C" NOT NULL,
    fingerprint BYTEA NOT NULL,
    job_id      TEXT COLLATE "C" NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    ends_at     BIGINT NOT NULL,
    PRIMARY KEY (owner, key)
);
CREATE INDEX keys_job ON keys (job_id);
CREATE INDEX keys_ends ON keys (ends_at);

CREATE TABLE tombstones (
    job_id     TEXT COLLATE "C" PRIMARY KEY,
    owner      TEXT COLLATE "C" NOT NULL,
    seq        BIGINT NOT NULL,
    deleted_at BIGINT NOT NULL,
    sweep_at   BIGINT NOT NULL,
    sweeps     BIGINT NOT NULL
);
CREATE UNIQUE INDEX tombstones_seq ON tombstones (seq);
CREATE INDEX tombstones_owner_seq ON tombstones (owner, seq);
CREATE INDEX tombstones_sweep ON tombstones (sweep_at) WHERE sweep_at <> 0;
CREATE INDEX tombstones_deleted ON tombstones (deleted_at) WHERE sweep_at = 0;

-- What the transactions changed, for the other replicas. Rows live for minutes.
CREATE TABLE news (
    batch   BIGINT PRIMARY KEY,
    sender  TEXT NOT NULL,
    notes   BYTEA NOT NULL, -- JSON
    made_at TIMESTAMPTZ NOT NULL DEFAULT now()
);
CREATE INDEX news_made_at ON news (made_at);

-- The lock on its row makes the writing transactions of all replicas serial.
CREATE TABLE counter (
    one   BIGINT PRIMARY KEY CHECK (one = 1),
    seq   BIGINT NOT NULL,
    batch BIGINT NOT NULL -- of the latest row in news
) WITH (fillfactor = 10);
INSERT INTO counter (one, seq, batch) VALUES (1, 0, 0);

-- +goose Down
DROP TABLE counter;
DROP TABLE news;
DROP TABLE tombstones;
DROP TABLE keys;
DROP TABLE sessions;
DROP TABLE promises;
DROP TABLE moves;
DROP TABLE jobs;
