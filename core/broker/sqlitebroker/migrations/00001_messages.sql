-- +goose Up
-- body is the last column: reading the others never touches its pages.
CREATE TABLE messages (
    seq         INTEGER PRIMARY KEY,
    queue       TEXT    NOT NULL,
    place       INTEGER NOT NULL,           -- Unix time in microseconds; order within the queue
    delayed     INTEGER NOT NULL DEFAULT 0, -- 1: not ready before place
    handed      INTEGER NOT NULL DEFAULT 0, -- how often it was handed out in this stay
    id          TEXT    NOT NULL,
    kind        TEXT    NOT NULL,
    attempt     INTEGER NOT NULL,
    schema      INTEGER NOT NULL,
    traceparent TEXT    NOT NULL,
    owner       TEXT    NOT NULL,
    not_before  INTEGER NOT NULL,           -- Unix time in microseconds; 0: none
    headers     TEXT    NOT NULL,           -- JSON object of strings; '' when there are none
    body        BLOB    NOT NULL
) STRICT;

-- +goose Down
DROP TABLE messages;
