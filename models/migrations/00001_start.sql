-- +goose Up
CREATE TABLE users (
    id            TEXT PRIMARY KEY,
    email         TEXT UNIQUE,
    name          TEXT NOT NULL,
    phone         TEXT NOT NULL DEFAULT '',
    picture       TEXT NOT NULL DEFAULT '',
    password_hash TEXT,
    created_at    TIMESTAMP NOT NULL,
    updated_at    TIMESTAMP NOT NULL,
    disabled_at   TIMESTAMP
);

CREATE TABLE identities (
    provider     TEXT NOT NULL,
    subject      TEXT NOT NULL,
    user_id      TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    email        TEXT NOT NULL DEFAULT '',
    tokens       TEXT NOT NULL DEFAULT '',
    created_at   TIMESTAMP NOT NULL,
    last_used_at TIMESTAMP NOT NULL,
    PRIMARY KEY (provider, subject)
);
CREATE INDEX identities_user ON identities (user_id);

CREATE TABLE codes (
    id         TEXT PRIMARY KEY,
    purpose    TEXT NOT NULL,
    hash       TEXT NOT NULL,
    tries_left INTEGER NOT NULL,
    expires_at TIMESTAMP NOT NULL
);
CREATE INDEX codes_expiry ON codes (expires_at);
CREATE INDEX codes_purpose ON codes (purpose);

CREATE TABLE events (
    id         TEXT PRIMARY KEY,
    user_id    TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    session_id TEXT NOT NULL DEFAULT '',
    kind       TEXT NOT NULL,
    ip         TEXT NOT NULL DEFAULT '',
    client     TEXT NOT NULL DEFAULT '',
    at         TIMESTAMP NOT NULL,
    detail     TEXT NOT NULL DEFAULT ''
);
CREATE INDEX events_user ON events (user_id, at);
CREATE INDEX events_at ON events (at);

CREATE TABLE sessions (
    id         TEXT PRIMARY KEY,
    user_id    TEXT NOT NULL, -- outlives the user: tokens of ended sessions are refused until they expire
    count      BIGINT NOT NULL,
    confirmed  BOOLEAN NOT NULL,
    traded_at  TIMESTAMP NOT NULL,
    seen_at    TIMESTAMP NOT NULL,
    started_at TIMESTAMP NOT NULL,
    idle_ms    BIGINT NOT NULL,
    ends_at    TIMESTAMP NOT NULL,
    ended_at   TIMESTAMP,
    remembered BOOLEAN NOT NULL,
    amr        TEXT NOT NULL,
    provider   TEXT NOT NULL DEFAULT '',
    client     TEXT NOT NULL DEFAULT '',
    ip         TEXT NOT NULL DEFAULT ''
);
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_ended ON sessions (ended_at);

CREATE TABLE pictures (
    user_id TEXT PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    hash    TEXT NOT NULL,
    data    BYTEA NOT NULL
);

-- +goose Down
DROP TABLE pictures;
DROP TABLE sessions;
DROP TABLE events;
DROP TABLE codes;
DROP TABLE identities;
DROP TABLE users;
