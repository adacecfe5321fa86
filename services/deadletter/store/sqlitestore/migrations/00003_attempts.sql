-- +goose Up
-- Attempts are read with headers and body only, so they may come after them;
-- whether a letter can be read is read from indexes only.
ALTER TABLE dead_letters ADD COLUMN attempts BLOB NOT NULL DEFAULT X'';
ALTER TABLE dead_letters ADD COLUMN readable INTEGER NOT NULL DEFAULT 1;
UPDATE dead_letters SET readable = 0 WHERE undecodable <> '';

DROP INDEX dead_letters_state;
DROP INDEX dead_letters_count;
DROP INDEX dead_letters_fingerprint;
DROP INDEX dead_letters_group;
-- A text is looked for in two of these indexes alone: letters that don't have it
-- are not read. Each begins with the state, so that one walk a state is in the
-- order of the answer.
CREATE INDEX dead_letters_state ON dead_letters (state, id, kind, fault_kind, owner, fingerprint, job_id, died_at, search);
CREATE INDEX dead_letters_count ON dead_letters (state, fault_kind, readable);
CREATE INDEX dead_letters_group ON dead_letters (state, fingerprint, id, died_at, kind, fault_kind, owner, readable);
CREATE INDEX dead_letters_group_text ON dead_letters (state, fingerprint, id, died_at, kind, fault_kind, owner, readable, search);
