-- +goose Up
ALTER TABLE jobs ADD COLUMN sent INTEGER NOT NULL DEFAULT 0; -- its message is with the broker, no worker has begun
UPDATE jobs SET sent = 1 WHERE state = 'queued';
CREATE INDEX jobs_sent ON jobs (kind) WHERE sent;
CREATE INDEX jobs_pace ON jobs (kind, finished_at) WHERE state = 'succeeded';
ALTER TABLE promises ADD COLUMN kind TEXT NOT NULL DEFAULT '';
ALTER TABLE promises ADD COLUMN turn INTEGER NOT NULL DEFAULT 0; -- place in the fair order of owners; 0 = none
DROP INDEX promises_due;
CREATE INDEX promises_due ON promises (due) WHERE turn = 0;
CREATE INDEX promises_turn ON promises (kind, turn, token) WHERE turn > 0;

-- How far the owners are who have jobs in line.
CREATE TABLE turns (
    kind  TEXT NOT NULL,
    owner TEXT NOT NULL, -- '' = the turn that was released last
    last  INTEGER NOT NULL, -- before which the owner's next job can't start
    PRIMARY KEY (kind, owner)
) STRICT, WITHOUT ROWID;

-- +goose Down
DROP TABLE turns;
DROP INDEX promises_turn;
DROP INDEX promises_due;
ALTER TABLE promises DROP COLUMN turn;
ALTER TABLE promises DROP COLUMN kind;
CREATE INDEX promises_due ON promises (due);
DROP INDEX jobs_pace;
DROP INDEX jobs_sent;
ALTER TABLE jobs DROP COLUMN sent;
