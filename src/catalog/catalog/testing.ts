import { readFileSync } from 'node:fs'
import { type ManualClock, manualClock } from '../../platform/lib/clock.ts'
import { systemRandom } from '../../platform/lib/random.ts'
import { Live } from '../../platform/revocation/index.ts'
import type { Storage } from '../../platform/storage/index.ts'
import { timedBy } from '../../platform/storage/testing.ts'
import { planImport } from '../catalog-changes/import/plan-import.ts'
import type { ImportPlan } from '../catalog-changes/plan-resource.ts'
import type { CatalogParts } from './parts.ts'
import type { Action } from './resource.ts'

export { planImport }

/** The sample API, as text. */
export const ORDERS_DOCUMENT = readFileSync(
  new URL('../../programs/dev/orders/openapi.yaml', import.meta.url),
  'utf8',
)

export const ORDERS_OPTIONS = {
  name: 'orders',
  identifier: 'http://127.0.0.1:7481/orders',
} as const

/** Plans of what tests import most, by text: reading a document takes longer than most tests. */
const plans = new Map<string, ImportPlan>()

export function planOrders(change: (text: string) => string = (text) => text): ImportPlan {
  const text = change(ORDERS_DOCUMENT)
  const plan = plans.get(text) ?? planImport(text, ORDERS_OPTIONS)
  plans.set(text, plan)
  return plan
}

/** A document with one operation: `POST /things/{id}` with these parameters and this body schema. */
export function operationDocument(operation: Record<string, unknown>, rest: object = {}): object {
  return {
    openapi: '3.1.0',
    info: { title: 'Things', version: '1' },
    servers: [{ url: 'http://127.0.0.1:1' }],
    paths: { '/things/{id}': { post: { responses: {}, 'x-remit-action': 'do', ...operation } } },
    ...rest,
  }
}

export function planOperation(operation: Record<string, unknown>, rest: object = {}): ImportPlan {
  return planImport(operationDocument(operation, rest), {
    name: 'things',
    identifier: 'http://127.0.0.1:7481/things',
  })
}

/** Stored actions as they were planned, by name. */
export function asPlanned(actions: readonly Action[]): readonly Action[] {
  return actions
    .map(({ accepted: _, counterparty: __, size: ___, displays: ____, ...planned }) => planned)
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

export function onlyAction({ actions }: Pick<ImportPlan, 'actions'>): Action {
  const [action] = actions
  if (!action || actions.length > 1) throw new Error('not one action')
  return action
}

export function jsonBody(schema: unknown): Record<string, unknown> {
  return { requestBody: { required: true, content: { 'application/json': { schema } } } }
}

export interface RecordedEvent {
  readonly type: string
  readonly [member: string]: unknown
}

/** The parts of this room over one database; what goes to the ledger is kept in `events`. */
export async function catalogParts(storage: Storage): Promise<
  CatalogParts & {
    readonly live: Live
    readonly clock: ManualClock
    readonly events: RecordedEvent[]
  }
> {
  const clock = manualClock()
  const live = new Live({ storage: timedBy(storage, clock), clock, random: systemRandom })
  await live.renew()
  const events: RecordedEvent[] = []
  return {
    storage,
    live,
    clock,
    events,
    ledger: {
      append: async (_tx, event) => {
        events.push({ ...event })
      },
    },
    revalidate: async () => {},
  }
}
