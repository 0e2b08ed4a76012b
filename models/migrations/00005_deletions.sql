-- +goose Up
-- The event of a deletion outlives its person: it has none. SQLite cannot drop NOT NULL, so the table is made anew.
CREATE TABLE events_kept (
    id         TEXT PRIMARY KEY,
    user_id    TEXT REFERENCES users (id) ON DELETE CASCADE,
    session_id TEXT NOT NULL DEFAULT '',
    kind       TEXT NOT NULL,
    ip         TEXT NOT NULL DEFAULT '',
    client     TEXT NOT NULL DEFAULT '',
    at         TIMESTAMP NOT NULL,
    detail     TEXT NOT NULL DEFAULT ''
);
INSERT INTO events_kept (id, user_id, session_id, kind, ip, client, at, detail)
    SELECT id, user_id, session_id, kind, ip, client, at, detail FROM events;
DROP TABLE events;
ALTER TABLE events_kept RENAME TO events;
CREATE INDEX events_user ON events (user_id, at);
CREATE INDEX events_at ON events (at);

-- +goose Down
DELETE FROM events WHERE user_id IS NULL;
