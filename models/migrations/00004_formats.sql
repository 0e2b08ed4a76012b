-- +goose Up
-- Roles are words apart by spaces. What began before credentials_at may not end in a session: it moves with
-- every change of a password or another way in. The epoch stands for "before everything".
ALTER TABLE users ADD COLUMN roles TEXT NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN locale TEXT NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN credentials_at TIMESTAMP NOT NULL DEFAULT '1970-01-01 00:00:00';
UPDATE users SET credentials_at = created_at;

-- A session holds what its access tokens say, so that a rotation asks for nothing else.
ALTER TABLE sessions ADD COLUMN auth_time TIMESTAMP NOT NULL DEFAULT '1970-01-01 00:00:00';
ALTER TABLE sessions ADD COLUMN roles TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN name TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN email TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN email_verified BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE sessions ADD COLUMN picture TEXT NOT NULL DEFAULT '';
UPDATE sessions SET auth_time = started_at;
ALTER TABLE sessions RENAME COLUMN traded_at TO rotated_at;
ALTER TABLE sessions RENAME COLUMN confirmed TO acknowledged;

-- +goose Down
ALTER TABLE sessions RENAME COLUMN acknowledged TO confirmed;
ALTER TABLE sessions RENAME COLUMN rotated_at TO traded_at;
ALTER TABLE sessions DROP COLUMN picture;
ALTER TABLE sessions DROP COLUMN email_verified;
ALTER TABLE sessions DROP COLUMN email;
ALTER TABLE sessions DROP COLUMN name;
ALTER TABLE sessions DROP COLUMN roles;
ALTER TABLE sessions DROP COLUMN auth_time;
ALTER TABLE users DROP COLUMN credentials_at;
ALTER TABLE users DROP COLUMN locale;
ALTER TABLE users DROP COLUMN roles;
