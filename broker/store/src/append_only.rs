//! The triggers that keep the ledger as it was written, in each engine's own words. Against mistakes, and against somebody
//! who reaches the database and does not own it: its owner can drop a trigger, and then verification finds what they changed.
//!
//! A fact stays; retention may empty its body and salt, and nothing else of it changes: it says so in `emptying`, within its
//! own transaction, and only of what is long past by the database's own clock. A checkpoint and a node of the tree
//! stay as they are; a checkpoint of more facts than there are may go, as a fork does. The head never goes back.

/// SQLite's `INSERT OR REPLACE` deletes without asking the triggers on deletion: so those on insertion ask.
pub(crate) const ON_SQLITE: &[&str] = &[
    "CREATE TRIGGER IF NOT EXISTS facts_stay BEFORE DELETE ON facts
     BEGIN SELECT RAISE(ABORT, 'facts are append-only'); END",
    "CREATE TRIGGER IF NOT EXISTS facts_stand BEFORE UPDATE OF number, at_us, kind, node, person_id, vendor_id,
        target_id, window_id, session_id, attempt_id, tags, body_hash, leaf_hash ON facts
     BEGIN SELECT RAISE(ABORT, 'facts are append-only'); END",
    "DROP TRIGGER IF EXISTS facts_only_empty",
    "CREATE TRIGGER facts_only_empty BEFORE UPDATE OF salt, body ON facts
     WHEN NEW.salt IS NOT NULL OR NEW.body IS NOT NULL
       OR NOT EXISTS (SELECT 1 FROM emptying WHERE OLD.at_us < before_us)
     BEGIN SELECT RAISE(ABORT, 'facts are append-only'); END",
    "DROP TRIGGER IF EXISTS emptying_long_past",
    "CREATE TRIGGER emptying_long_past BEFORE INSERT ON emptying
     WHEN NEW.before_us > (CAST(strftime('%s', 'now') AS INTEGER) - 90 * 86400) * 1000000
     BEGIN SELECT RAISE(ABORT, 'facts keep their words for 90 days at least'); END",
    "CREATE TRIGGER IF NOT EXISTS emptying_stands BEFORE UPDATE ON emptying
     BEGIN SELECT RAISE(ABORT, 'retention says it anew'); END",
    "CREATE TRIGGER IF NOT EXISTS facts_once BEFORE INSERT ON facts
     WHEN EXISTS (SELECT 1 FROM facts WHERE number = NEW.number)
     BEGIN SELECT RAISE(ABORT, 'facts are append-only'); END",
    "CREATE TRIGGER IF NOT EXISTS nodes_stay BEFORE DELETE ON ledger_nodes
     BEGIN SELECT RAISE(ABORT, 'ledger nodes are append-only'); END",
    "CREATE TRIGGER IF NOT EXISTS nodes_stand BEFORE UPDATE ON ledger_nodes
     BEGIN SELECT RAISE(ABORT, 'ledger nodes are append-only'); END",
    "CREATE TRIGGER IF NOT EXISTS nodes_once BEFORE INSERT ON ledger_nodes
     WHEN EXISTS (SELECT 1 FROM ledger_nodes WHERE level = NEW.level AND number = NEW.number)
     BEGIN SELECT RAISE(ABORT, 'ledger nodes are append-only'); END",
    "CREATE TRIGGER IF NOT EXISTS checkpoints_stay BEFORE DELETE ON checkpoints
     WHEN OLD.size <= (SELECT size FROM ledger_head)
     BEGIN SELECT RAISE(ABORT, 'checkpoints are append-only'); END",
    "CREATE TRIGGER IF NOT EXISTS checkpoints_stand BEFORE UPDATE ON checkpoints
     BEGIN SELECT RAISE(ABORT, 'checkpoints are append-only'); END",
    "CREATE TRIGGER IF NOT EXISTS checkpoints_once BEFORE INSERT ON checkpoints
     WHEN EXISTS (SELECT 1 FROM checkpoints WHERE size = NEW.size AND at_us = NEW.at_us AND node = NEW.node)
     BEGIN SELECT RAISE(ABORT, 'checkpoints are append-only'); END",
    "CREATE TRIGGER IF NOT EXISTS head_stays BEFORE DELETE ON ledger_head
     BEGIN SELECT RAISE(ABORT, 'the ledger head is append-only'); END",
    "CREATE TRIGGER IF NOT EXISTS head_goes_on BEFORE UPDATE ON ledger_head
     WHEN NEW.size < OLD.size OR NEW.policy_version < OLD.policy_version OR NEW.id <> OLD.id
     BEGIN SELECT RAISE(ABORT, 'the ledger head is append-only'); END",
    "CREATE TRIGGER IF NOT EXISTS head_once BEFORE INSERT ON ledger_head
     WHEN EXISTS (SELECT 1 FROM ledger_head)
     BEGIN SELECT RAISE(ABORT, 'the ledger head is append-only'); END",
];

pub(crate) const ON_POSTGRES: &[&str] = &[
    "CREATE OR REPLACE FUNCTION facts_stand() RETURNS trigger LANGUAGE plpgsql AS $$
     BEGIN
        IF TG_OP = 'UPDATE' AND NEW.salt IS NULL AND NEW.body IS NULL
           AND EXISTS (SELECT 1 FROM emptying WHERE OLD.at_us < before_us) THEN
            OLD.salt := NULL;
            OLD.body := NULL;
            IF NEW IS NOT DISTINCT FROM OLD THEN
                RETURN NEW;
            END IF;
        END IF;
        RAISE EXCEPTION 'facts are append-only';
     END $$",
    "CREATE OR REPLACE TRIGGER facts_stand BEFORE UPDATE OR DELETE ON facts
     FOR EACH ROW EXECUTE FUNCTION facts_stand()",
    "CREATE OR REPLACE FUNCTION emptying_long_past() RETURNS trigger LANGUAGE plpgsql AS $$
     BEGIN
        IF TG_OP = 'INSERT'
           AND NEW.before_us <= (EXTRACT(EPOCH FROM clock_timestamp()) - 90 * 86400) * 1000000 THEN
            RETURN NEW;
        END IF;
        RAISE EXCEPTION 'facts keep their words for 90 days at least';
     END $$",
    "CREATE OR REPLACE TRIGGER emptying_long_past BEFORE INSERT OR UPDATE ON emptying
     FOR EACH ROW EXECUTE FUNCTION emptying_long_past()",
    "CREATE OR REPLACE FUNCTION ledger_stands() RETURNS trigger LANGUAGE plpgsql AS $$
     BEGIN
        RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
     END $$",
    "CREATE OR REPLACE TRIGGER facts_stay BEFORE TRUNCATE ON facts
     FOR EACH STATEMENT EXECUTE FUNCTION ledger_stands()",
    "CREATE OR REPLACE TRIGGER nodes_stand BEFORE UPDATE OR DELETE ON ledger_nodes
     FOR EACH ROW EXECUTE FUNCTION ledger_stands()",
    "CREATE OR REPLACE TRIGGER nodes_stay BEFORE TRUNCATE ON ledger_nodes
     FOR EACH STATEMENT EXECUTE FUNCTION ledger_stands()",
    "CREATE OR REPLACE FUNCTION checkpoints_stand() RETURNS trigger LANGUAGE plpgsql AS $$
     BEGIN
        IF TG_OP = 'DELETE' AND OLD.size > (SELECT size FROM ledger_head) THEN
            RETURN OLD;
        END IF;
        RAISE EXCEPTION 'checkpoints are append-only';
     END $$",
    "CREATE OR REPLACE TRIGGER checkpoints_stand BEFORE UPDATE OR DELETE ON checkpoints
     FOR EACH ROW EXECUTE FUNCTION checkpoints_stand()",
    "CREATE OR REPLACE TRIGGER checkpoints_stay BEFORE TRUNCATE ON checkpoints
     FOR EACH STATEMENT EXECUTE FUNCTION ledger_stands()",
    "CREATE OR REPLACE FUNCTION head_goes_on() RETURNS trigger LANGUAGE plpgsql AS $$
     BEGIN
        IF TG_OP = 'UPDATE' AND NEW.size >= OLD.size AND NEW.policy_version >= OLD.policy_version
           AND NEW.id = OLD.id THEN
            RETURN NEW;
        END IF;
        RAISE EXCEPTION 'the ledger head is append-only';
     END $$",
    "CREATE OR REPLACE TRIGGER head_goes_on BEFORE UPDATE OR DELETE ON ledger_head
     FOR EACH ROW EXECUTE FUNCTION head_goes_on()",
    "CREATE OR REPLACE TRIGGER head_stays BEFORE TRUNCATE ON ledger_head
     FOR EACH STATEMENT EXECUTE FUNCTION ledger_stands()",
];
