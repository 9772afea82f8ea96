-- Roots of the perfect subtrees of 256 facts and more, each written once, with the fact that completes it: with them, a
-- proof for any fact reads some hundreds of rows. `number` counts the subtrees of a level from the left, from 0.
-- Verification recomputes them as it does leaves; `chaperone migrate` fills in those of facts that are older.
CREATE TABLE ledger_nodes (
    level BIGINT NOT NULL,
    number BIGINT NOT NULL,
    hash BYTEA NOT NULL,
    PRIMARY KEY (level, number)
);

-- What somebody searches facts by, beside kind and session.
CREATE INDEX facts_by_person ON facts (person_id, number) WHERE person_id IS NOT NULL;
CREATE INDEX facts_by_target ON facts (target_id, number) WHERE target_id IS NOT NULL;
CREATE INDEX facts_by_window ON facts (window_id, number) WHERE window_id IS NOT NULL;
