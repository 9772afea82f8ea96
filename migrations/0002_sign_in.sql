-- How people sign in on the web, and their second factor at the SSH gate.

-- What a person has enrolled. `password` is an argon2id PHC string; `totp` is sealed by the vault; `totp_step` is the last
-- time step whose code was accepted, so that a code works once; `recovery` lists the hashes of unspent recovery codes.
CREATE TABLE factors (
    person_id UUID PRIMARY KEY,
    password TEXT NOT NULL,
    totp BYTEA NOT NULL,
    totp_step BIGINT NOT NULL,
    recovery TEXT NOT NULL,
    enrolled_us BIGINT NOT NULL,
    last_sign_in_us BIGINT
);

-- Links that enrol a person, one at a time each; `token` is the hash of what the link carries.
CREATE TABLE enrolments (
    person_id UUID PRIMARY KEY,
    token BYTEA NOT NULL UNIQUE,
    totp BYTEA NOT NULL,
    expires_us BIGINT NOT NULL
);

-- Resets that one of the two people has asked for.
CREATE TABLE resets (
    person_id UUID PRIMARY KEY,
    by_id UUID NOT NULL,
    role TEXT NOT NULL,
    reason TEXT NOT NULL,
    at_us BIGINT NOT NULL
);

-- Browsers that are signed in; `id` is the hash of the cookie. `proven_us` is when a second factor was last proven.
CREATE TABLE web_sessions (
    id BYTEA PRIMARY KEY,
    person_id UUID NOT NULL,
    csrf TEXT NOT NULL,
    how TEXT NOT NULL,
    source TEXT NOT NULL,
    began_us BIGINT NOT NULL,
    used_us BIGINT NOT NULL,
    proven_us BIGINT
);
CREATE INDEX web_sessions_by_person ON web_sessions (person_id);

-- Second factors proven at the SSH gate: good for the same key from the same address, for some hours.
CREATE TABLE ssh_proofs (
    person_id UUID NOT NULL,
    fingerprint TEXT NOT NULL,
    source TEXT NOT NULL,
    proven_us BIGINT NOT NULL,
    PRIMARY KEY (person_id, fingerprint, source)
);

-- More time that a technician has asked for and nobody has answered.
CREATE TABLE more_time (
    window_id UUID PRIMARY KEY,
    by_id UUID NOT NULL,
    closes_us BIGINT NOT NULL,
    reason TEXT NOT NULL,
    at_us BIGINT NOT NULL
);
