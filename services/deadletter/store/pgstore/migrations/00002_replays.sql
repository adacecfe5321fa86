-- +goose Up
-- Rows without a fingerprint get theirs when the store is opened.
ALTER TABLE dead_letters
    ADD COLUMN fingerprint    TEXT   NOT NULL DEFAULT '',
    ADD COLUMN search         TEXT   NOT NULL DEFAULT '',
    ADD COLUMN replay_id      TEXT   NOT NULL DEFAULT '',
    ADD COLUMN resent_to      TEXT   NOT NULL DEFAULT '',
    ADD COLUMN run_job        TEXT   NOT NULL DEFAULT '',
    ADD COLUMN job_version    BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN outcome        TEXT   NOT NULL DEFAULT '',
    ADD COLUMN outcome_at     BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN discarded_by   TEXT   NOT NULL DEFAULT '',
    ADD COLUMN discarded_at   BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN discard_reason TEXT   NOT NULL DEFAULT '',
    ADD COLUMN edited         BYTEA  NOT NULL DEFAULT '';

UPDATE dead_letters SET run_job = job_id WHERE state = 'replayed';

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
    id            TEXT    COLLATE "C" NOT NULL PRIMARY KEY,
    state         TEXT    NOT NULL,
    why           TEXT    NOT NULL,
    author        TEXT    NOT NULL,
    reason        TEXT    NOT NULL,
    rate          DOUBLE PRECISION NOT NULL,
    canary        BIGINT  NOT NULL,
    canary_passed BIGINT  NOT NULL,
    letters       BIGINT  NOT NULL,
    skipped       TEXT    NOT NULL,
    selection     TEXT    NOT NULL,
    created_at    BIGINT  NOT NULL,
    ended_at      BIGINT  NOT NULL,
    idem_key      TEXT    NOT NULL,
    idem_digest   TEXT    NOT NULL,
    holder        TEXT    NOT NULL,
    held_until    BIGINT  NOT NULL
);

CREATE INDEX replays_state ON replays (state, id);
CREATE UNIQUE INDEX replays_key ON replays (author, idem_key) WHERE idem_key <> '';

CREATE TABLE replay_items (
    replay_id   TEXT    NOT NULL,
    position    BIGINT  NOT NULL,
    letter_id   TEXT    COLLATE "C" NOT NULL,
    fingerprint TEXT    NOT NULL,
    state       TEXT    NOT NULL,
    why         TEXT    NOT NULL,
    again       TEXT    NOT NULL,
    PRIMARY KEY (replay_id, position)
);

CREATE INDEX replay_items_state ON replay_items (replay_id, state, position);
-- No letter is ever in two replays that are not over with it.
CREATE UNIQUE INDEX replay_items_live ON replay_items (letter_id) WHERE state IN ('waiting', 'running');

CREATE TABLE dead_letters_audit (
    id        TEXT    COLLATE "C" NOT NULL PRIMARY KEY,
    at        BIGINT  NOT NULL,
    author    TEXT    NOT NULL,
    action    TEXT    NOT NULL,
    reason    TEXT    NOT NULL,
    selection TEXT    NOT NULL,
    outcome   TEXT    NOT NULL,
    detail    TEXT    NOT NULL
);

CREATE INDEX dead_letters_audit_author ON dead_letters_audit (author, id);
CREATE INDEX dead_letters_audit_action ON dead_letters_audit (action, id);

-- +goose StatementBegin
CREATE FUNCTION dead_letters_audit_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is append-only';
END
$$;
-- +goose StatementEnd
CREATE TRIGGER dead_letters_audit_rows BEFORE UPDATE OR DELETE ON dead_letters_audit
    FOR EACH ROW EXECUTE FUNCTION dead_letters_audit_append_only();
CREATE TRIGGER dead_letters_audit_table BEFORE TRUNCATE ON dead_letters_audit
    FOR EACH STATEMENT EXECUTE FUNCTION dead_letters_audit_append_only();
