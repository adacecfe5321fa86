-- +goose Up
ALTER TABLE jobs ADD COLUMN work_key TEXT NOT NULL DEFAULT ''; -- what is asked for; '' = never shared
ALTER TABLE jobs ADD COLUMN leader TEXT NOT NULL DEFAULT ''; -- the job whose run it shares
ALTER TABLE jobs ADD COLUMN followers INTEGER NOT NULL DEFAULT 0; -- jobs that share its run
ALTER TABLE jobs ADD COLUMN files TEXT NOT NULL DEFAULT ''; -- the job under which its artifacts are kept
ALTER TABLE jobs ADD COLUMN alias TEXT NOT NULL DEFAULT ''; -- the cancelled job as which messages and workers know its run
CREATE INDEX jobs_work ON jobs (work_key, leader, state, finished_at) WHERE work_key <> '';
CREATE INDEX jobs_leader ON jobs (leader, owner) WHERE leader <> '';
CREATE INDEX jobs_files ON jobs (files, owner) WHERE files <> '';
CREATE UNIQUE INDEX jobs_alias ON jobs (alias) WHERE alias <> '';
DROP INDEX jobs_running;
CREATE INDEX jobs_running ON jobs (kind, started_at) WHERE state = 'running' AND leader = '';

-- +goose Down
DROP INDEX jobs_running;
CREATE INDEX jobs_running ON jobs (kind, started_at) WHERE state = 'running';
DROP INDEX jobs_alias;
DROP INDEX jobs_files;
DROP INDEX jobs_leader;
DROP INDEX jobs_work;
ALTER TABLE jobs DROP COLUMN alias;
ALTER TABLE jobs DROP COLUMN files;
ALTER TABLE jobs DROP COLUMN followers;
ALTER TABLE jobs DROP COLUMN leader;
ALTER TABLE jobs DROP COLUMN work_key;
