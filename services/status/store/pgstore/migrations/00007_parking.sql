-- +goose Up
ALTER TABLE jobs ADD COLUMN dependency TEXT COLLATE "C" NOT NULL DEFAULT ''; -- what it is parked for
ALTER TABLE jobs ADD COLUMN trial TEXT COLLATE "C" NOT NULL DEFAULT ''; -- the dependency that its run tries out
CREATE INDEX jobs_parked ON jobs (kind, dependency, owner, since, id) WHERE dependency <> '';

-- What is down for the jobs of a kind.
CREATE TABLE parkings (
    kind        TEXT COLLATE "C" NOT NULL,
    dependency  TEXT COLLATE "C" NOT NULL,
    reason      TEXT NOT NULL,
    stage       TEXT NOT NULL,
    since       BIGINT NOT NULL,
    answered_at BIGINT NOT NULL, -- 0 = it is down
    tries       BIGINT NOT NULL,
    due         BIGINT NOT NULL, -- when the next job may go on
    trial       TEXT NOT NULL, -- the run that tries it
    owner       TEXT NOT NULL, -- whose job went on last
    PRIMARY KEY (kind, dependency)
);

-- +goose Down
DROP TABLE parkings;
DROP INDEX jobs_parked;
ALTER TABLE jobs DROP COLUMN trial;
ALTER TABLE jobs DROP COLUMN dependency;
