-- +goose Up
CREATE TABLE webhooks (
    id            TEXT PRIMARY KEY,
    owner         TEXT NOT NULL,
    url           TEXT NOT NULL,
    host          TEXT NOT NULL, -- of the url: so many calls go to one at once
    states        TEXT NOT NULL, -- ',failed,succeeded,'
    kinds         TEXT NOT NULL, -- ',audio,video,'
    description   TEXT NOT NULL,
    secret        TEXT NOT NULL,
    old_secret    TEXT NOT NULL, -- signs beside it until old_until
    old_until     INTEGER NOT NULL,
    created_at    INTEGER NOT NULL,
    disabled_at   INTEGER NOT NULL,
    disabled_why  TEXT NOT NULL,
    failing_since INTEGER NOT NULL,
    waiting       INTEGER NOT NULL -- pending calls
) STRICT, WITHOUT ROWID;
CREATE INDEX webhooks_owner ON webhooks (owner, created_at, id);

CREATE TABLE calls (
    webhook    TEXT NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
    id         TEXT NOT NULL,
    host       TEXT NOT NULL,
    type       TEXT NOT NULL,
    job_id     TEXT NOT NULL,
    payload    BLOB NOT NULL, -- JSON, as it is sent
    state      TEXT NOT NULL,
    tries      INTEGER NOT NULL,
    status     INTEGER NOT NULL,
    error      TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    tried_at   INTEGER NOT NULL,
    ended_at   INTEGER NOT NULL,
    due        INTEGER NOT NULL, -- the next try, or the end of the claim
    token      INTEGER NOT NULL, -- of the claim; 0 = none
    PRIMARY KEY (webhook, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX calls_log ON calls (webhook, created_at, id);
CREATE INDEX calls_ended ON calls (webhook, created_at, id) WHERE state <> 'pending';
CREATE INDEX calls_due ON calls (due) WHERE state = 'pending';
CREATE INDEX calls_busy ON calls (host, due) WHERE state = 'pending' AND token <> 0;

-- +goose Down
DROP TABLE calls;
DROP TABLE webhooks;
