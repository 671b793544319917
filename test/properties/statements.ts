import {
  CompiledQuery,
  createQueryId,
  type KyselyPlugin,
  PostgresQueryCompiler,
  SqliteQueryCompiler,
  sql,
} from 'kysely'
import type { Storage } from '../../src/platform/storage/index.ts'

/** A store that writes down the text of every statement, each once. */
export function watched(storage: Storage): { storage: Storage; statements: Set<string> } {
  const statements = new Set<string>()
  const compiler =
    storage.engine === 'sqlite' ? new SqliteQueryCompiler() : new PostgresQueryCompiler()
  const plugin: KyselyPlugin = {
    transformQuery({ node }) {
      statements.add(compiler.compileQuery(node, createQueryId()).sql)
      return node
    },
    transformResult: async ({ result }) => result,
  }
  const watching: Storage = {
    ...storage,
    read: storage.read.withPlugin(plugin),
    transaction: (work) => storage.transaction((tx) => work(tx.withPlugin(plugin))),
  }
  return { storage: watching, statements }
}

/**
 * Finds what an engine would do for a statement, whatever its parameters, that costs more the more
 * there is: `scan` of a table, `sort`.
 */
export async function flawsOf(storage: Storage, text: string): Promise<readonly string[]> {
  const flaws = storage.engine === 'sqlite' ? sqliteFlaws : postgresFlaws
  // A part of another one, that means nothing without it, cannot be prepared; what was run could be.
  return flaws(storage, text).catch(() => [])
}

/** The steps in which a statement is done, as the engine says them. */
export async function planOf(storage: Storage, text: string): Promise<string[]> {
  if (storage.engine === 'postgres') {
    const explain = CompiledQuery.raw(`EXPLAIN (GENERIC_PLAN) ${text}`)
    const rows = await asIfLarge<{ 'QUERY PLAN': string }>(storage, explain)
    return rows.map((row) => row['QUERY PLAN'])
  }
  const parameters = Array.from(text.matchAll(/\?/g), () => null)
  const explain = CompiledQuery.raw(`EXPLAIN QUERY PLAN ${text}`, parameters)
  const { rows } = await storage.read.executeQuery<{ detail: string }>(explain)
  return rows.map(({ detail }) => detail)
}

/** The decisions that are not in their lists yet: a few hundred, found by the number of their row. */
const BESIDE = /^SEARCH d USING INTEGER PRIMARY KEY \(rowid>\?\)/

async function sqliteFlaws(storage: Storage, text: string): Promise<string[]> {
  let isBeside = false
  return (await planOf(storage, text)).flatMap((detail) => {
    if (/^(?:SCAN|SEARCH) (?!decision_lists_end)/.test(detail)) isBeside = BESIDE.test(detail)
    const scanned = /^SCAN ([a-z]\w*)/.exec(detail)?.[1]
    if (scanned !== undefined) return [`scan ${scanned}`]
    // Sorting the last term is sorting those that are equal before it.
    const isSorted = /TEMP B-TREE(?! FOR LAST TERM)|AUTOMATIC/.test(detail)
    return isSorted && !isBeside ? ['sort'] : []
  })
}

interface Plan {
  readonly 'Node Type': string
  readonly 'Relation Name'?: string
  readonly 'Index Cond'?: string
  readonly Plans?: readonly Plan[]
}

/** Rolls back what was pretended. */
class PlanRollback extends Error {
  readonly rows: readonly unknown[]

  constructor(rows: readonly unknown[]) {
    super('explained')
    this.rows = rows
  }
}

/**
 * A table in which little is yet is read whole, whatever its indexes. So every table is said to be large, and what needs no index
 * is made as dear as can be: what is still done so cannot be done otherwise.
 */
async function asIfLarge<Row>(storage: Storage, explain: CompiledQuery): Promise<readonly Row[]> {
  const pretending = storage.transaction(async (tx) => {
    await sql`UPDATE pg_class SET reltuples = 10000000, relpages = 1
      WHERE relkind IN ('r', 'i') AND relnamespace = 'public'::regnamespace`.execute(tx)
    for (const way of ['seqscan', 'sort', 'hashjoin', 'mergejoin', 'hashagg'])
      await sql`SET LOCAL ${sql.raw(`enable_${way}`)} = off`.execute(tx)
    throw new PlanRollback((await tx.executeQuery(explain)).rows)
  })
  return pretending.catch((error: unknown) => {
    if (error instanceof PlanRollback) return error.rows as readonly Row[] // as: what EXPLAIN answers
    throw error
  })
}

async function postgresFlaws(storage: Storage, text: string): Promise<string[]> {
  const explain = CompiledQuery.raw(`EXPLAIN (GENERIC_PLAN, FORMAT JSON) ${text}`)
  const [row] = await asIfLarge<{ 'QUERY PLAN': { Plan: Plan }[] }>(storage, explain)
  const [planned] = row?.['QUERY PLAN'] ?? []
  if (!planned) throw new Error('no plan')
  return flawsIn(planned.Plan)
}

function flawsIn(plan: Plan, limited = false): string[] {
  const { 'Index Cond': condition, 'Node Type': type, 'Relation Name': table, Plans = [] } = plan
  // A page of an index, in its order, is no more for there being more behind it.
  const inOrder = /^Index(?: Only)? Scan$/.test(type) && (condition !== undefined || limited)
  const fine = inOrder || type === 'Bitmap Heap Scan' || type === 'ModifyTable'
  const own = table === undefined || fine ? [] : [`scan ${table}`]
  if (type === 'Sort') own.push('sort')
  return [...own, ...Plans.flatMap((below) => flawsIn(below, limited || type === 'Limit'))]
}
