-- +goose Up
CREATE TABLE webhooks (
    id            TEXT COLLATE "C" PRIMARY KEY,
    owner         TEXT COLLATE "C" NOT NULL,
    url           TEXT NOT NULL,
    host          TEXT COLLATE "C" NOT NULL, -- of the url: so many calls go to one at once
    states        TEXT COLLATE "C" NOT NULL, -- ',failed,succeeded,'
    kinds         TEXT COLLATE "C" NOT NULL, -- ',audio,video,'
    description   TEXT NOT NULL,
    secret        TEXT NOT NULL,
    old_secret    TEXT NOT NULL, -- signs beside it until old_until
    old_until     BIGINT NOT NULL,
    created_at    BIGINT NOT NULL,
    disabled_at   BIGINT NOT NULL,
    disabled_why  TEXT NOT NULL,
    failing_since BIGINT NOT NULL,
    waiting       BIGINT NOT NULL -- pending calls
);
CREATE INDEX webhooks_owner ON webhooks (owner, created_at, id);

CREATE TABLE calls (
    webhook    TEXT COLLATE "C" NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
    id         TEXT COLLATE "C" NOT NULL,
    host       TEXT COLLATE "C" NOT NULL,
    type       TEXT NOT NULL,
    job_id     TEXT NOT NULL,
    payload    BYTEA NOT NULL, -- JSON, as it is sent
    state      TEXT COLLATE "C" NOT NULL,
    tries      BIGINT NOT NULL,
    status     BIGINT NOT NULL,
    error      TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    tried_at   BIGINT NOT NULL,
    ended_at   BIGINT NOT NULL,
    due        BIGINT NOT NULL, -- the next try, or the end of the claim
    token      BIGINT NOT NULL, -- of the claim; 0 = none
    PRIMARY KEY (webhook, id)
);
CREATE INDEX calls_log ON calls (webhook, created_at, id);
CREATE INDEX calls_ended ON calls (webhook, created_at, id) WHERE state <> 'pending';
CREATE INDEX calls_due ON calls (due) WHERE state = 'pending';
CREATE INDEX calls_busy ON calls (host, due) WHERE state = 'pending' AND token <> 0;

-- +goose Down
DROP TABLE calls;
DROP TABLE webhooks;
