-- +goose Up
ALTER TABLE sessions ADD COLUMN draining BOOLEAN NOT NULL DEFAULT FALSE; -- it was told to finish and end

-- Kinds whose jobs no worker may start.
CREATE TABLE pauses (
    kind   TEXT COLLATE "C" PRIMARY KEY,
    author TEXT NOT NULL,
    reason TEXT NOT NULL,
    at     BIGINT NOT NULL
);

-- What operators did. It only ever grows.
CREATE TABLE audit (
    id        TEXT COLLATE "C" PRIMARY KEY,
    at        BIGINT NOT NULL,
    author    TEXT COLLATE "C" NOT NULL,
    action    TEXT COLLATE "C" NOT NULL,
    reason    TEXT NOT NULL,
    selection TEXT NOT NULL,
    outcome   TEXT NOT NULL
);
CREATE INDEX audit_author ON audit (author, id);
CREATE INDEX audit_action ON audit (action, id);

-- +goose StatementBegin
CREATE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is append-only';
END
$$;
-- +goose StatementEnd
CREATE TRIGGER audit_rows BEFORE UPDATE OR DELETE ON audit
    FOR EACH ROW EXECUTE FUNCTION audit_append_only();
CREATE TRIGGER audit_table BEFORE TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only();

-- +goose Down
DROP TABLE audit;
DROP FUNCTION audit_append_only();
DROP TABLE pauses;
ALTER TABLE sessions DROP COLUMN draining;
