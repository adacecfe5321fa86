-- +goose Up
-- Times are microseconds since 1970 in UTC, 0 = none. Headers and body come
-- last, so that a list does not read them.
CREATE TABLE dead_letters (
    id            TEXT    COLLATE "C" NOT NULL PRIMARY KEY,
    digest        BYTEA   NOT NULL,
    job_id        TEXT    NOT NULL,
    kind          TEXT    NOT NULL,
    owner         TEXT    NOT NULL,
    queue         TEXT    NOT NULL,
    state         TEXT    NOT NULL,
    fault_kind    TEXT    NOT NULL,
    fault_text    TEXT    NOT NULL,
    fault_cause   TEXT    NOT NULL,
    fault_stage   TEXT    NOT NULL,
    attempt       BIGINT  NOT NULL,
    died_at       BIGINT  NOT NULL,
    stored_at     BIGINT  NOT NULL,
    last_at       BIGINT  NOT NULL,
    copies        BIGINT  NOT NULL,
    job_state     TEXT    NOT NULL,
    undecodable   TEXT    NOT NULL,
    body_schema   BIGINT  NOT NULL,
    replayed_by   TEXT    NOT NULL,
    replayed_at   BIGINT  NOT NULL,
    replay_reason TEXT    NOT NULL,
    headers       BYTEA   NOT NULL,
    body          BYTEA   NOT NULL
);

CREATE INDEX dead_letters_digest ON dead_letters (digest, id);
CREATE INDEX dead_letters_job ON dead_letters (job_id, id);
CREATE INDEX dead_letters_state ON dead_letters (state, id);
CREATE INDEX dead_letters_kind ON dead_letters (kind, id);
CREATE INDEX dead_letters_state_kind ON dead_letters (state, kind, id);
CREATE INDEX dead_letters_count ON dead_letters (state, fault_kind);
