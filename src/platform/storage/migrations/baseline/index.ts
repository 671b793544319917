import type { Statements } from '../portable-sql.ts'
import { agents } from './agents.ts'
import { approvals } from './approvals.ts'
import { catalog } from './catalog.ts'
import { clients } from './clients.ts'
import { decisions } from './decisions.ts'
import { ground } from './ground.ts'
import { issuers } from './issuers.ts'
import { ledger } from './ledger.ts'
import { notifications } from './notifications.ts'
import { people } from './people.ts'
import { policy } from './policy.ts'
import { retention } from './retention.ts'
import { risk } from './risk.ts'
import { spaces } from './spaces.ts'
import { tasks } from './tasks.ts'
import { tokens } from './tokens.ts'

/** The whole schema, as one migration. `../../tables/` says what the columns mean. */
export const baseline: Statements = (words) =>
  [
    ground,
    ledger,
    people,
    agents,
    issuers,
    catalog,
    clients,
    tokens,
    spaces,
    policy,
    approvals,
    notifications,
    tasks,
    risk,
    decisions,
    retention,
  ].flatMap((statements) => statements(words))
