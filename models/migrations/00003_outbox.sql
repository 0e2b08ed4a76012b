-- +goose Up
-- The key of what must outlive a rotated secret, sealed under each secret.
CREATE TABLE data_keys (
    secret     TEXT PRIMARY KEY,
    sealed     TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL
);

-- What was decided and is still to be done: mails to send, sessions to end.
CREATE TABLE outbox (
    id            TEXT PRIMARY KEY,
    kind          TEXT NOT NULL,
    line          INTEGER NOT NULL,
    user_id       TEXT, -- outlives the user: a deletion has a mail and endings
    recipient     TEXT NOT NULL DEFAULT '',
    body          TEXT NOT NULL,
    tries         INTEGER NOT NULL,
    created_at    TIMESTAMP NOT NULL,
    due_at        TIMESTAMP NOT NULL,
    claimed_until TIMESTAMP NOT NULL
);
CREATE INDEX outbox_due ON outbox (kind, line, due_at, claimed_until);
CREATE INDEX outbox_recipient ON outbox (recipient, line);
CREATE INDEX outbox_user ON outbox (user_id, kind);

-- +goose Down
DROP TABLE outbox;
DROP TABLE data_keys;
