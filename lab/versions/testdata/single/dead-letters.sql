PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE dead_letters_version (
		id INTEGER PRIMARY KEY AUTOINCREMENT,
		version_id INTEGER NOT NULL,
		is_applied INTEGER NOT NULL,
		tstamp TIMESTAMP DEFAULT (datetime('now'))
	);
INSERT INTO dead_letters_version VALUES(1,0,1,'2026-11-23 10:35:06');
INSERT INTO dead_letters_version VALUES(2,1,1,'2026-11-23 10:35:06');
INSERT INTO dead_letters_version VALUES(3,2,1,'2026-11-23 10:35:06');
INSERT INTO dead_letters_version VALUES(4,3,1,'2026-11-23 10:35:06');
CREATE TABLE dead_letters (
    id             TEXT    NOT NULL PRIMARY KEY,
    digest         BLOB    NOT NULL,
    job_id         TEXT    NOT NULL,
    kind           TEXT    NOT NULL,
    owner          TEXT    NOT NULL,
    queue          TEXT    NOT NULL,
    state          TEXT    NOT NULL,
    fault_kind     TEXT    NOT NULL,
    fault_text     TEXT    NOT NULL,
    fault_cause    TEXT    NOT NULL,
    fault_stage    TEXT    NOT NULL,
    attempt        INTEGER NOT NULL,
    died_at        INTEGER NOT NULL,
    stored_at      INTEGER NOT NULL,
    last_at        INTEGER NOT NULL,
    copies         INTEGER NOT NULL,
    job_state      TEXT    NOT NULL,
    undecodable    TEXT    NOT NULL,
    body_schema    INTEGER NOT NULL,
    replayed_by    TEXT    NOT NULL,
    replayed_at    INTEGER NOT NULL,
    replay_reason  TEXT    NOT NULL,
    fingerprint    TEXT    NOT NULL,
    search         TEXT    NOT NULL,
    replay_id      TEXT    NOT NULL,
    resent_to      TEXT    NOT NULL,
    run_job        TEXT    NOT NULL,
    job_version    INTEGER NOT NULL,
    outcome        TEXT    NOT NULL,
    outcome_at     INTEGER NOT NULL,
    discarded_by   TEXT    NOT NULL,
    discarded_at   INTEGER NOT NULL,
    discard_reason TEXT    NOT NULL,
    edited         BLOB    NOT NULL,
    headers        BLOB    NOT NULL,
    body           BLOB    NOT NULL
, attempts BLOB NOT NULL DEFAULT X'', readable INTEGER NOT NULL DEFAULT 1) STRICT;
INSERT INTO dead_letters VALUES('01a207f9-57b7-77d9-ad1a-76745589b853',X'c551f32d1710e7ee6ece846e89967dcd16ae06ba3888ec14a8ce3afdf1ea144e','01a207f9-5792-7e54-a488-a6912ce399b9','audio','service:school','audio-generation','open','source','The site could not be reached, or broke off. Check the address. It was tried once.','source (fetch): The site could not be reached, or broke off. Check the address.: Get "http://127.0.0.1:9/page/dead": dial tcp 127.0.0.1:9: connect: connection refused','fetch',1,1795430111157952,1795430111159516,1795430111159516,1,'failed','',1,'',0,'','96593b45d5682666',replace('the site could not be reached, or broke off. check the address. it was tried once.\nsource (fetch): the site could not be reached, or broke off. check the address.: get "http://127.0.0.1:9/page/dead": dial tcp 127.0.0.1:9: connect: connection refused','\n',char(10)),'','','',0,'',0,'',0,'',X'',X'7b227374756479636173742d646561642d6174223a22323032362d31312d32335431303a33353a31312e3135373935323634325a222c227374756479636173742d646561642d617474656d7074223a2231222c227374756479636173742d646561642d65786368616e6765223a22222c227374756479636173742d646561642d6661756c74223a22736f75726365222c227374756479636173742d646561642d6b6579223a22617564696f2d67656e65726174696f6e222c227374756479636173742d646561642d7175657565223a22617564696f2d67656e65726174696f6e222c227374756479636173742d646561642d726561736f6e223a22546865207369746520636f756c64206e6f7420626520726561636865642c206f722062726f6b65206f66662e20436865636b2074686520616464726573732e20497420776173207472696564206f6e63652e5c6e736f7572636520286665746368293a20546865207369746520636f756c64206e6f7420626520726561636865642c206f722062726f6b65206f66662e20436865636b2074686520616464726573732e3a20476574205c22687474703a2f2f3132372e302e302e313a392f706167652f646561645c223a206469616c20746370203132372e302e302e313a393a20636f6e6e6563743a20636f6e6e656374696f6e2072656675736564222c227374756479636173742d646561642d7374616765223a226665746368227d',X'0801122430316132303766392d353739322d376535342d613438382d6136393132636533393962391a0e736572766963653a7363686f6f6c22300a05617564696f121e0a1c687474703a2f2f3132372e302e302e313a392f706167652f646561641a070a0573686f7274',X'5b7b22617474656d7074223a312c22776f726b6572223a22766d2f617564696f2d776f726b65722f3231363838222c22737461727465645f6174223a22323032362d31312d32335431303a33353a31312e3134323330335a222c22656e6465645f6174223a22323032362d31312d32335431303a33353a31312e3135343735385a222c226572726f72223a22546865207369746520636f756c64206e6f7420626520726561636865642c206f722062726f6b65206f66662e20436865636b2074686520616464726573732e20497420776173207472696564206f6e63652e227d5d',1);
CREATE TABLE replays (
    id            TEXT    NOT NULL PRIMARY KEY,
    state         TEXT    NOT NULL,
    why           TEXT    NOT NULL,
    author        TEXT    NOT NULL,
    reason        TEXT    NOT NULL,
    rate          REAL    NOT NULL,
    canary        INTEGER NOT NULL,
    canary_passed INTEGER NOT NULL,
    letters       INTEGER NOT NULL,
    skipped       TEXT    NOT NULL,
    selection     TEXT    NOT NULL,
    created_at    INTEGER NOT NULL,
    ended_at      INTEGER NOT NULL,
    idem_key      TEXT    NOT NULL,
    idem_digest   TEXT    NOT NULL,
    holder        TEXT    NOT NULL,
    held_until    INTEGER NOT NULL
) STRICT;
CREATE TABLE replay_items (
    replay_id   TEXT    NOT NULL,
    position    INTEGER NOT NULL,
    letter_id   TEXT    NOT NULL,
    fingerprint TEXT    NOT NULL,
    state       TEXT    NOT NULL,
    why         TEXT    NOT NULL,
    again       TEXT    NOT NULL,
    PRIMARY KEY (replay_id, position)
) STRICT, WITHOUT ROWID;
CREATE TABLE dead_letters_audit (
    id        TEXT    NOT NULL PRIMARY KEY,
    at        INTEGER NOT NULL,
    author    TEXT    NOT NULL,
    action    TEXT    NOT NULL,
    reason    TEXT    NOT NULL,
    selection TEXT    NOT NULL,
    outcome   TEXT    NOT NULL,
    detail    TEXT    NOT NULL
) STRICT;
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES('dead_letters_version',4);
CREATE INDEX dead_letters_digest ON dead_letters (digest, id);
CREATE INDEX dead_letters_job ON dead_letters (job_id, id);
CREATE INDEX dead_letters_kind ON dead_letters (kind, id);
CREATE INDEX dead_letters_state_kind ON dead_letters (state, kind, id);
CREATE INDEX dead_letters_owner ON dead_letters (owner, id);
CREATE INDEX dead_letters_fault ON dead_letters (fault_kind, id, owner);
CREATE INDEX dead_letters_died ON dead_letters (died_at, id);
CREATE INDEX dead_letters_under_way ON dead_letters (job_id) WHERE state IN ('replaying', 'replayed') AND outcome = '';
CREATE INDEX dead_letters_unsettled ON dead_letters (run_job, id) WHERE state = 'replayed' AND outcome = '';
CREATE INDEX replays_state ON replays (state, id);
CREATE UNIQUE INDEX replays_key ON replays (author, idem_key) WHERE idem_key <> '';
CREATE INDEX replay_items_state ON replay_items (replay_id, state, position);
CREATE UNIQUE INDEX replay_items_live ON replay_items (letter_id) WHERE state IN ('waiting', 'running');
CREATE INDEX dead_letters_audit_author ON dead_letters_audit (author, id);
CREATE INDEX dead_letters_audit_action ON dead_letters_audit (action, id);
CREATE TRIGGER dead_letters_audit_update BEFORE UPDATE ON dead_letters_audit
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER dead_letters_audit_delete BEFORE DELETE ON dead_letters_audit
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE INDEX dead_letters_state ON dead_letters (state, id, kind, fault_kind, owner, fingerprint, job_id, died_at, search);
CREATE INDEX dead_letters_count ON dead_letters (state, fault_kind, readable);
CREATE INDEX dead_letters_group ON dead_letters (state, fingerprint, id, died_at, kind, fault_kind, owner, readable);
CREATE INDEX dead_letters_group_text ON dead_letters (state, fingerprint, id, died_at, kind, fault_kind, owner, readable, search);
COMMIT;
