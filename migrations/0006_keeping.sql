-- What two people say together, and how long evidence is kept.

-- The first of two people's words, and what became of it. `expires_us` is until when the first word waits for a second
-- and, once it has one, until when both stand. `doc` is what exactly was asked for, as JSON.
CREATE TABLE second_words (
    id UUID PRIMARY KEY,
    act TEXT NOT NULL,
    subject TEXT NOT NULL,
    session_id UUID,
    target_id UUID,
    doc TEXT NOT NULL,
    reason TEXT NOT NULL,
    state TEXT NOT NULL,
    asked_by UUID NOT NULL,
    asked_us BIGINT NOT NULL,
    answered_by UUID,
    answered_us BIGINT,
    expires_us BIGINT NOT NULL
);
CREATE INDEX second_words_by_subject ON second_words (act, subject, state);
CREATE INDEX second_words_by_time ON second_words (asked_us);

-- Holds: evidence that is kept whatever its class says. A lifted one stays, so that it can be told.
CREATE TABLE holds (
    id UUID PRIMARY KEY,
    on_kind TEXT NOT NULL,
    on_id UUID NOT NULL,
    from_us BIGINT,
    to_us BIGINT,
    reason TEXT NOT NULL,
    by_id UUID NOT NULL,
    at_us BIGINT NOT NULL,
    lifted_us BIGINT
);
CREATE INDEX holds_that_stand ON holds (lifted_us);

-- How long evidence is kept, in days, and by which of these what of a server or a company is kept.
CREATE TABLE retention_classes (
    name TEXT PRIMARY KEY,
    facts_days BIGINT NOT NULL,
    recordings_days BIGINT NOT NULL
);
INSERT INTO retention_classes (name, facts_days, recordings_days) VALUES ('standard', 2192, 365);
CREATE TABLE retention_assigned (
    kind TEXT NOT NULL,
    id UUID NOT NULL,
    class TEXT NOT NULL,
    PRIMARY KEY (kind, id)
);

-- Retention's own word to the guards on facts: the words of what happened before may go. It is there within the
-- transaction that empties them and nowhere else; a guard of its own refuses what is not long past.
CREATE TABLE emptying (before_us BIGINT PRIMARY KEY);

-- What retention asks for: recordings of a node by what became of them.
CREATE INDEX sessions_by_recording ON sessions (node, recording, id);
