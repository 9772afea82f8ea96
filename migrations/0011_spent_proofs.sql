-- What a visit was entered with, where that is shown again for the next one: a client certificate or the cookie of a web
-- console, by an id that is no secret. Whoever's visit somebody stopped comes in by it no more, on no node. Visits by SSH,
-- and older ones, have none.
ALTER TABLE sessions ADD COLUMN proof TEXT;
CREATE INDEX sessions_by_proof ON sessions (proof) WHERE proof IS NOT NULL;

-- Web consoles, by what their visits are entered with. Each link opens one once, on whichever node it is followed, and for
-- as long as its holder has not left it, or signed out of the browser session (by its id, the hash of its cookie) that asked
-- for it. A row goes some time after nothing of it can be worth anything.
CREATE TABLE consoles (
    proof TEXT PRIMARY KEY,
    person_id UUID NOT NULL,
    sign_in BYTEA,
    opened_us BIGINT,
    left_us BIGINT,
    until_us BIGINT NOT NULL
);
CREATE INDEX consoles_by_sign_in ON consoles (sign_in) WHERE sign_in IS NOT NULL;
CREATE INDEX consoles_by_end ON consoles (until_us);
