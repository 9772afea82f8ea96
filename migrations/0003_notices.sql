-- How a destination is reached beyond its address, as JSON: certificates, mail addresses, a user name. Nothing secret.
ALTER TABLE destinations ADD COLUMN reach TEXT NOT NULL DEFAULT '{}';

-- What people were told because a time had come, each once, whichever node came first; `key` says what, of which window
-- and for which times.
CREATE TABLE told (
    key TEXT PRIMARY KEY,
    told_us BIGINT NOT NULL
);
