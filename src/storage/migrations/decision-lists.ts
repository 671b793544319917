import type { Statements } from './portable-sql.ts'

const COLUMNS = `id, task_id, person_id, agent_id, resource, action, outcome, reason, call_hash, policy_version, request_id,
  explanation, state, status, replica_id, at, ended_at, allowance_id, inputs, setting, presumed_at`
/** Lists, and the key of a decision `d` in each; texts are typed as columns are, or the engines would not look into the view. */
const LISTS = [
  ['task', 'd.task_id'],
  ['person', 'd.person_id'],
  ['agent', 'd.agent_id'],
  ['all', "CAST('' AS TEXT)"],
] as const
type List = readonly [kind: string, key: string]
const END = 'coalesce((SELECT row FROM decision_lists_end WHERE id = 1), 0)'

/**
 * On SQLite, where a call waits for every page that it changes, a decision comes into the lists of its task, person and agent
 * some time after the call, together with others, and into that of all. `decisions_by` reads a list and what is not in it yet.
 * On PostgreSQL the indexes stay, and `decisions_by` reads them: there an entry costs its bytes in the log, and no page.
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
    ? [viewOf(LISTS.map(([kind, key]) => selectAll([kind, `${key} COLLATE "C"`])))]
    : onSqlite()),
]

function onSqlite(): readonly string[] {
  return [
    viewOf([
      ...LISTS.map(selectListed),
      // By the number of the row, whatever it is sorted by: they are few.
      ...LISTS.map((list) => `${selectAll(list, 'NOT INDEXED')} AND d.rowid > ${END}`),
    ]),
    // INVARIANT: the end is a row that there is, so no new row gets a number below it. SQLite counts on from the last row.
    `CREATE TRIGGER decisions_unlisted AFTER DELETE ON decisions WHEN OLD.rowid = ${END} BEGIN
       DELETE FROM decision_lists_end;
       INSERT INTO decision_lists_end (id, row, decision_id)
         SELECT 1, rowid, id FROM decisions WHERE rowid < OLD.rowid ORDER BY rowid DESC LIMIT 1;
     END`,
    ...LISTS.map(
      ([kind, key]) => `INSERT INTO decision_lists (kind, key, at, row)
        SELECT '${kind}', ${key}, d.at, d.rowid FROM decisions d WHERE ${key} IS NOT NULL ORDER BY 2, 3`,
    ),
    ...['task', 'person', 'agent', 'time'].map((list) => `DROP INDEX decisions_by_${list}`),
    `INSERT INTO decision_lists_end (id, row, decision_id)
       SELECT 1, rowid, id FROM decisions ORDER BY rowid DESC LIMIT 1`,
  ]
}

function viewOf(selects: readonly string[]): string {
  return `CREATE VIEW decisions_by AS ${selects.join(' UNION ALL ')}`
}

function selectAll([kind, key]: List, how = ''): string {
  return `SELECT CAST('${kind}' AS TEXT) AS kind, ${key} AS key, ${columnsOf()} FROM decisions d ${how}
    WHERE ${key} IS NOT NULL`
}

/** Selects what is in the lists and was not deleted since; the number of a deleted row may be that of another by now. */
function selectListed([kind, key]: List): string {
  return `SELECT l.kind AS kind, l.key AS key, ${columnsOf('l.at')} FROM decision_lists l
    CROSS JOIN decisions d ON d.rowid = l.row AND d.at = l.at AND ${key} = l.key
    WHERE l.kind = '${kind}' AND l.row <= ${END}`
}

/** `at`: where the time comes from; the lists are sorted by their own. */
function columnsOf(at = 'd.at'): string {
  return COLUMNS.split(/,\s*/)
    .map((name) => `${name === 'at' ? at : `d.${name}`} AS ${name}`)
    .join()
}
