-- +goose Up
ALTER TABLE sessions ADD COLUMN draining INTEGER NOT NULL DEFAULT 0; -- it was told to finish and end

-- Kinds whose jobs no worker may start.
CREATE TABLE pauses (
    kind   TEXT PRIMARY KEY,
    author TEXT NOT NULL,
    reason TEXT NOT NULL,
    at     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What operators did. It only ever grows.
CREATE TABLE audit (
    id        TEXT PRIMARY KEY,
    at        INTEGER NOT NULL,
    author    TEXT NOT NULL,
    action    TEXT NOT NULL,
    reason    TEXT NOT NULL,
    selection TEXT NOT NULL,
    outcome   TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX audit_author ON audit (author, id);
CREATE INDEX audit_action ON audit (action, id);

-- +goose StatementBegin
CREATE TRIGGER audit_update BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER audit_delete BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
-- +goose StatementEnd

-- +goose Down
DROP TABLE audit;
DROP TABLE pauses;
ALTER TABLE sessions DROP COLUMN draining;
