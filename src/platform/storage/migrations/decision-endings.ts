import { columnsOf, LISTS } from './decision-lists.ts'
import type { Statements } from './portable-sql.ts'

/** Columns of an ending. Where there is one, it counts in place of those of the decision. */
const ENDING = ['state', 'status', 'ended_at', 'presumed_at'] as const
const LAST = Object.fromEntries(ENDING.map((name) => [name, `coalesce(e.${name}, d.${name})`]))
const KNOWN = `SELECT ${columnsOf(LAST)} FROM decisions d
  LEFT JOIN decision_endings e ON e.decision_id = d.id`

/**
 * On PostgreSQL the ending of a call is a row of its own, so that a decision is written once and its page is full when it is left. A new
 * version of the row left room in each page, which was filled one row at a time, each with the whole page in the log.
 * On SQLite the decision itself changes, whose page the call writes anyway. `known_decisions` has decisions with their endings.
 */
export const decisionEndings: Statements = ({ engine, integer, table, text }) => [
  table(
    'decision_endings',
    `decision_id ${text} NOT NULL PRIMARY KEY,
     state ${text} NOT NULL CHECK (state IN ('answered', 'not_sent', 'failed', 'indeterminate')),
     status ${integer}, ended_at ${integer} NOT NULL, presumed_at ${integer}`,
    'clustered',
  ),
  ...(engine === 'postgres'
    ? [
        // Those that may still be corrected.
        `INSERT INTO decision_endings (decision_id, state, status, ended_at)
           SELECT id, state, status, coalesce(ended_at, at) FROM decisions
           WHERE state = 'indeterminate' AND presumed_at IS NULL`,
        `CREATE VIEW known_decisions AS ${KNOWN}`,
        ...LISTS.map(([kind]) => `CREATE OR REPLACE VIEW ${kind}_decisions AS ${KNOWN}`),
        'ALTER TABLE decisions RESET (fillfactor)',
      ]
    : [`CREATE VIEW known_decisions AS SELECT ${columnsOf({})} FROM decisions d`]),
]
