-- +goose Up
ALTER TABLE dead_letters
    ADD COLUMN attempts BYTEA  NOT NULL DEFAULT '',
    ADD COLUMN readable BIGINT NOT NULL DEFAULT 1;
UPDATE dead_letters SET readable = 0 WHERE undecodable <> '';

DROP INDEX dead_letters_count;
DROP INDEX dead_letters_group;
CREATE INDEX dead_letters_count ON dead_letters (state, fault_kind, readable);
CREATE INDEX dead_letters_group ON dead_letters (state, fingerprint, id, died_at, kind, fault_kind, owner, readable);
