import { agents } from './tables/agents.ts'
import { approvals } from './tables/approvals.ts'
import { catalog } from './tables/catalog.ts'
import { clients } from './tables/clients.ts'
import type { Column } from './tables/column.ts'
import { decisions, decisionViews } from './tables/decisions.ts'
import { ground, groundViews } from './tables/ground.ts'
import { issuers } from './tables/issuers.ts'
import { ledger } from './tables/ledger.ts'
import { notifications } from './tables/notifications.ts'
import { people } from './tables/people.ts'
import { policy } from './tables/policy.ts'
import { risk } from './tables/risk.ts'
import { spaces } from './tables/spaces.ts'
import { tasks } from './tables/tasks.ts'
import { tokens } from './tables/tokens.ts'

/**
 * Tables, all of them, with the kind of each column. Portable between both engines: times are epoch
 * milliseconds (BIGINT), flags are 0 or 1, JSON is canonical text, digests and ids are text compared
 * byte by byte (collation C), blobs are bytes. A room reads and writes its own tables
 * only, in its `*-store.ts`. Tables of modules are theirs (`module-tables.ts`).
 */
export const TABLES = {
  ...ground,
  ...ledger,
  ...people,
  ...agents,
  ...issuers,
  ...catalog,
  ...clients,
  ...tokens,
  ...spaces,
  ...policy,
  ...approvals,
  ...notifications,
  ...tasks,
  ...risk,
  ...decisions,
}

export type Tables = typeof TABLES

const VIEWS = { ...groundViews, ...decisionViews }

/** Rows of tables and views, as Kysely types statements by them. */
export type Schema = RowsOf<Tables & typeof VIEWS>

/** Rows of tables, by name. */
export type RowsOf<T> = {
  [N in keyof T]: {
    [C in keyof T[N]]: T[N][C] extends Column<infer Stored, infer _> ? Stored : never
  }
}
