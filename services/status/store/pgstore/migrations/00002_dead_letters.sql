-- +goose Up
ALTER TABLE jobs ADD COLUMN dead_letter TEXT NOT NULL DEFAULT ''; -- its mark, while it has failed
ALTER TABLE jobs ADD COLUMN replayed TEXT NOT NULL DEFAULT ''; -- the dead letter replayed last
ALTER TABLE sessions ADD COLUMN heard_at BIGINT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE sessions DROP COLUMN heard_at;
ALTER TABLE jobs DROP COLUMN replayed;
ALTER TABLE jobs DROP COLUMN dead_letter;
