-- +goose Up
-- What a list reads has to come before headers and body: a new column would
-- come after them, so the table is made anew. Rows without a fingerprint get
-- theirs when the store is opened.
ALTER TABLE dead_letters RENAME TO dead_letters_1;

CREATE TABLE dead_letters (
    id             TEXT    NOT NULL PRIMARY KEY,
    digest         BLOB    NOT NULL,
    job_id         TEXT    NOT NULL,
    kind           TEXT    NOT NULL,
    owner          TEXT    NOT NULL,
    queue          TEXT    NOT NULL,
    state          TEXT    NOT NULL,
    fault_kind     TEXT    NOT NULL,
    fault_text     TEXT    NOT NULL,
    fault_cause    TEXT    NOT NULL,
    fault_stage    TEXT    NOT NULL,
    attempt        INTEGER NOT NULL,
    died_at        INTEGER NOT NULL,
    stored_at      INTEGER NOT NULL,
    last_at        INTEGER NOT NULL,
    copies         INTEGER NOT NULL,
    job_state      TEXT    NOT NULL,
    undecodable    TEXT    NOT NULL,
    body_schema    INTEGER NOT NULL,
    replayed_by    TEXT    NOT NULL,
    replayed_at    INTEGER NOT NULL,
    replay_reason  TEXT    NOT NULL,
    fingerprint    TEXT    NOT NULL,
    search         TEXT    NOT NULL,
    replay_id      TEXT    NOT NULL,
    resent_to      TEXT    NOT NULL,
    run_job        TEXT    NOT NULL,
    job_version    INTEGER NOT NULL,
    outcome        TEXT    NOT NULL,
    outcome_at     INTEGER NOT NULL,
    discarded_by   TEXT    NOT NULL,
    discarded_at   INTEGER NOT NULL,
    discard_reason TEXT    NOT NULL,
    edited         BLOB    NOT NULL,
    headers        BLOB    NOT NULL,
    body           BLOB    NOT NULL
) STRICT;

INSERT INTO dead_letters
SELECT id, digest, job_id, kind, owner, queue, state, fault_kind, fault_text, fault_cause, fault_stage, attempt, died_at,
    stored_at, last_at, copies, job_state, undecodable, body_schema, replayed_by, replayed_at, replay_reason,
    '', '', '', '', CASE state WHEN 'replayed' THEN job_id ELSE '' END, 0, '', 0, '', 0, '', X'', headers, body
FROM dead_letters_1;

DROP TABLE dead_letters_1;

CREATE INDEX dead_letters_digest ON dead_letters (digest, id);
CREATE INDEX dead_letters_job ON dead_letters (job_id, id);
CREATE INDEX dead_letters_state ON dead_letters (state, id);
CREATE INDEX dead_letters_kind ON dead_letters (kind, id);
CREATE INDEX dead_letters_state_kind ON dead_letters (state, kind, id);
CREATE INDEX dead_letters_count ON dead_letters (state, fault_kind);
CREATE INDEX dead_letters_owner ON dead_letters (owner, id);
CREATE INDEX dead_letters_fault ON dead_letters (fault_kind, id, owner);
CREATE INDEX dead_letters_died ON dead_letters (died_at, id);
-- Groups are counted from one of these indexes alone.
CREATE INDEX dead_letters_fingerprint ON dead_letters (fingerprint, id, state, died_at, kind, fault_kind, owner);
CREATE INDEX dead_letters_group ON dead_letters (state, fingerprint, id, died_at, kind, fault_kind, owner);
-- A new letter of a job is the outcome of these.
CREATE INDEX dead_letters_under_way ON dead_letters (job_id) WHERE state IN ('replaying', 'replayed') AND outcome = '';
CREATE INDEX dead_letters_unsettled ON dead_letters (run_job, id) WHERE state = 'replayed' AND outcome = '';

CREATE TABLE replays (
    id            TEXT    NOT NULL PRIMARY KEY,
    state         TEXT    NOT NULL,
    why           TEXT    NOT NULL,
    author        TEXT    NOT NULL,
    reason        TEXT    NOT NULL,
    rate          REAL    NOT NULL,
    canary        INTEGER NOT NULL,
    canary_passed INTEGER NOT NULL,
    letters       INTEGER NOT NULL,
    skipped       TEXT    NOT NULL,
    selection     TEXT    NOT NULL,
    created_at    INTEGER NOT NULL,
    ended_at      INTEGER NOT NULL,
    idem_key      TEXT    NOT NULL,
    idem_digest   TEXT    NOT NULL,
    holder        TEXT    NOT NULL,
    held_until    INTEGER NOT NULL
) STRICT;

CREATE INDEX replays_state ON replays (state, id);
CREATE UNIQUE INDEX replays_key ON replays (author, idem_key) WHERE idem_key <> '';

CREATE TABLE replay_items (
    replay_id   TEXT    NOT NULL,
    position    INTEGER NOT NULL,
    letter_id   TEXT    NOT NULL,
    fingerprint TEXT    NOT NULL,
    state       TEXT    NOT NULL,
    why         TEXT    NOT NULL,
    again       TEXT    NOT NULL,
    PRIMARY KEY (replay_id, position)
) STRICT, WITHOUT ROWID;

CREATE INDEX replay_items_state ON replay_items (replay_id, state, position);
-- No letter is ever in two replays that are not over with it.
CREATE UNIQUE INDEX replay_items_live ON replay_items (letter_id) WHERE state IN ('waiting', 'running');

CREATE TABLE dead_letters_audit (
    id        TEXT    NOT NULL PRIMARY KEY,
    at        INTEGER NOT NULL,
    author    TEXT    NOT NULL,
    action    TEXT    NOT NULL,
    reason    TEXT    NOT NULL,
    selection TEXT    NOT NULL,
    outcome   TEXT    NOT NULL,
    detail    TEXT    NOT NULL
) STRICT;

CREATE INDEX dead_letters_audit_author ON dead_letters_audit (author, id);
CREATE INDEX dead_letters_audit_action ON dead_letters_audit (action, id);

-- +goose StatementBegin
CREATE TRIGGER dead_letters_audit_update BEFORE UPDATE ON dead_letters_audit
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER dead_letters_audit_delete BEFORE DELETE ON dead_letters_audit
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
-- +goose StatementEnd
