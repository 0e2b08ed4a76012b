-- +goose Up
-- Several flows may wait for one mailed code; each has tries of its own.
CREATE TABLE code_tries (
    flow       TEXT PRIMARY KEY,
    tries_left INTEGER NOT NULL,
    expires_at TIMESTAMP NOT NULL
);
CREATE INDEX code_tries_expiry ON code_tries (expires_at);

-- +goose Down
DROP TABLE code_tries;
