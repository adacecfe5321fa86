-- +goose Up
ALTER TABLE jobs ADD COLUMN dependency TEXT NOT NULL DEFAULT ''; -- what it is parked for
ALTER TABLE jobs ADD COLUMN trial TEXT NOT NULL DEFAULT ''; -- the dependency that its run tries out
CREATE INDEX jobs_parked ON jobs (kind, dependency, owner, since, id) WHERE dependency <> '';

-- What is down for the jobs of a kind.
CREATE TABLE parkings (
    kind        TEXT NOT NULL,
    dependency  TEXT NOT NULL,
    reason      TEXT NOT NULL,
    stage       TEXT NOT NULL,
    since       INTEGER NOT NULL,
    answered_at INTEGER NOT NULL, -- 0 = it is down
    tries       INTEGER NOT NULL,
    due         INTEGER NOT NULL, -- when the next job may go on
    trial       TEXT NOT NULL, -- the run that tries it
    owner       TEXT NOT NULL, -- whose job went on last
    PRIMARY KEY (kind, dependency)
) STRICT, WITHOUT ROWID;

-- +goose Down
DROP TABLE parkings;
DROP INDEX jobs_parked;
ALTER TABLE jobs DROP COLUMN trial;
ALTER TABLE jobs DROP COLUMN dependency;
