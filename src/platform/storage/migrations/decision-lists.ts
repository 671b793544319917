import type { Statements } from './portable-sql.ts'

const COLUMNS = `id, task_id, person_id, agent_id, resource, action, outcome, reason, call_hash, policy_version, request_id,
  explanation, state, status, replica_id, at, ended_at, allowance_id, inputs, setting, presumed_at`
/** Lists, and the column that has the key of a decision in each; that of all has one key. */
export const LISTS = [
  ['task', 'task_id'],
  ['person', 'person_id'],
  ['agent', 'agent_id'],
  ['all', undefined],
] as const
type List = readonly [kind: string, column: string | undefined]
const END = 'coalesce((SELECT row FROM decision_lists_end WHERE id = 1), 0)'

/**
 * On SQLite, where a call waits for every page that it changes, a decision comes into the lists of its task, person and agent
 * some time after the call, together with others, and into that of all. `task_decisions` and its like read a list and the decisions that are not in it
 * yet. On PostgreSQL the indexes stay, where an entry costs its bytes in the log and no page; the views are the table itself, so that
 * its planner sees the order of the indexes.
 */
export const decisionLists: Statements = ({ engine, integer, table, text }) => [
  table(
    'decision_lists',
    `kind ${text} NOT NULL CHECK (kind IN ('task', 'person', 'agent', 'all')), key ${text} NOT NULL,
     at ${integer} NOT NULL, row ${integer} NOT NULL, PRIMARY KEY (kind, key, at, row)`,
    'clustered',
  ),
  table(
    'decision_lists_end',
    `id ${integer} NOT NULL PRIMARY KEY CHECK (id = 1), row ${integer} NOT NULL,
     decision_id ${text} NOT NULL`,
  ),
  ...(engine === 'postgres'
    ? LISTS.map((list) => viewOf(list, `SELECT ${columnsOf({})} FROM decisions d`))
    : onSqlite()),
]

function onSqlite(): readonly string[] {
  return [
    ...LISTS.map((list) => viewOf(list, `${selectListed(list)} UNION ALL ${selectBeside(list)}`)),
    // INVARIANT: the end is a row that there is, so no new row gets a number below it. SQLite counts on from the last row.
    `CREATE TRIGGER decisions_unlisted AFTER DELETE ON decisions WHEN OLD.rowid = ${END} BEGIN
       DELETE FROM decision_lists_end;
       INSERT INTO decision_lists_end (id, row, decision_id)
         SELECT 1, rowid, id FROM decisions WHERE rowid < OLD.rowid ORDER BY rowid DESC LIMIT 1;
     END`,
    ...LISTS.map(
      ([kind, column]) => `INSERT INTO decision_lists (kind, key, at, row)
        SELECT '${kind}', ${column ?? "''"}, at, rowid FROM decisions ${column ? `WHERE ${column} IS NOT NULL` : ''} ORDER BY 2, 3`,
    ),
    ...['task', 'person', 'agent', 'time'].map((list) => `DROP INDEX decisions_by_${list}`),
    `INSERT INTO decision_lists_end (id, row, decision_id)
       SELECT 1, rowid, id FROM decisions ORDER BY rowid DESC LIMIT 1`,
  ]
}

function viewOf([kind]: List, select: string): string {
  return `CREATE VIEW ${kind}_decisions AS ${select}`
}

/** Selects the decisions that are in the list and were not deleted since; the number of a deleted row may be that of another by now. */
function selectListed([kind, column]: List): string {
  const isSame = column ? `AND d.${column} = l.key` : ''
  // Sorted and looked up as the list is.
  const listed = { at: 'l.at', ...(column ? { [column]: 'l.key' } : {}) }
  return `SELECT ${columnsOf(listed)} FROM decision_lists l
    CROSS JOIN decisions d ON d.rowid = l.row AND d.at = l.at ${isSame}
    WHERE l.kind = '${kind}' ${column ? '' : "AND l.key = ''"} AND l.row <= ${END}`
}

/** Selects the decisions that are not in the list yet: by the number of the row, whatever it is sorted by, because there is little of it. */
function selectBeside([, column]: List): string {
  return `SELECT ${columnsOf({})} FROM decisions d NOT INDEXED
    WHERE d.rowid > ${END} ${column ? `AND d.${column} IS NOT NULL` : ''}`
}

/** `from`: columns that come from elsewhere than the decision. */
export function columnsOf(from: Readonly<Record<string, string>>): string {
  return COLUMNS.split(/,\s*/)
    .map((name) => `${from[name] ?? `d.${name}`} AS ${name}`)
    .join()
}
