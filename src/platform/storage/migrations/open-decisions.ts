import type { Statements } from './portable-sql.ts'

const ENTRY = '(decision_id, replica_id, resource, at)'

/**
 * Decisions whose call is under way, in a small table of their own, in place of an index on `state`: then no index names a column
 * that the outcome changes, and PostgreSQL writes the new version of the row beside the old one, without touching any index.
 * The database fills the table itself, whichever build writes.
 */
export const openDecisions: Statements = ({ engine, integer, table, text }) => [
  // At once, and not by stages: two that wait for each other's stage would be a deadlock.
  ...(engine === 'postgres' ? ['LOCK TABLE decisions IN ACCESS EXCLUSIVE MODE'] : []),
  table(
    'decisions_open',
    `decision_id ${text} NOT NULL PRIMARY KEY, replica_id ${text} NOT NULL, resource ${text},
     at ${integer} NOT NULL`,
    'clustered',
  ),
  ...TRIGGERS[engine],
  // By the index that goes afterwards.
  `INSERT INTO decisions_open ${ENTRY}
     SELECT id, replica_id, resource, at FROM decisions WHERE state = 'sending'`,
  'DROP INDEX decisions_by_state',
  // Room for the new version of a row in its page.
  ...(engine === 'postgres' ? ['ALTER TABLE decisions SET (fillfactor = 85)'] : []),
]

const BEGAN = `AFTER INSERT ON decisions`
const ENDED = `AFTER UPDATE OF state ON decisions`
const REMOVED = `AFTER DELETE ON decisions`
const IS_OPEN = `WHEN (NEW.state = 'sending')`
const IS_ENDED = `WHEN (OLD.state = 'sending' AND NEW.state <> 'sending')`
const WAS_OPEN = `WHEN (OLD.state = 'sending')`
const ADD = `INSERT INTO decisions_open ${ENTRY} VALUES (NEW.id, NEW.replica_id, NEW.resource, NEW.at);`
const REMOVE = `DELETE FROM decisions_open WHERE decision_id = OLD.id;`

const TRIGGERS = {
  sqlite: [
    `CREATE TRIGGER decisions_begun ${BEGAN} ${IS_OPEN} BEGIN ${ADD} END`,
    `CREATE TRIGGER decisions_ended ${ENDED} ${IS_ENDED} BEGIN ${REMOVE} END`,
    `CREATE TRIGGER decisions_removed ${REMOVED} ${WAS_OPEN} BEGIN ${REMOVE} END`,
  ],
  postgres: [
    functionOf('decisions_begin', ADD),
    functionOf('decisions_end', REMOVE),
    triggerOf('decisions_begun', BEGAN, IS_OPEN, 'decisions_begin'),
    triggerOf('decisions_ended', ENDED, IS_ENDED, 'decisions_end'),
    triggerOf('decisions_removed', REMOVED, WAS_OPEN, 'decisions_end'),
  ],
} as const

function functionOf(name: string, body: string): string {
  return `CREATE FUNCTION ${name}() RETURNS trigger LANGUAGE plpgsql
    AS $$ BEGIN ${body} RETURN NULL; END $$`
}

function triggerOf(name: string, when: string, holds: string, calls: string): string {
  return `CREATE TRIGGER ${name} ${when} FOR EACH ROW ${holds} EXECUTE FUNCTION ${calls}()`
}
