import type { Detail } from '@remit/engine'
import { planOrders } from '../../src/catalog/catalog/testing.ts'
import { applyImport } from '../../src/catalog/catalog-changes/index.ts'
import { mapGroup } from '../../src/identity/identity-providers/index.ts'
import { createGroup } from '../../src/identity/people/index.ts'
import { publishPolicies } from '../../src/policy/policy/index.ts'
import { REFUND_DESK } from '../../src/policy/policy/testing.ts'
import { readSettings, type Settings } from '../../src/programs/config/settings.ts'
import type { Rooms } from '../../src/rooms.ts'

export const ISSUER = 'http://127.0.0.1:7480'
export const TOKEN_URL = `${ISSUER}/oauth/token`
const GATEWAY = 'http://127.0.0.1:7481'
export const ORDERS = `${GATEWAY}/orders`
export const PURPOSE = 'look after an order'
/** Details of every task of a filled store. */
export const DETAILS: readonly Detail[] = [
  {
    type: 'remit_call',
    locations: [ORDERS],
    actions: ['orders.list', 'orders.read', 'orders.refund'],
    bounds: [],
  },
]

/** Place of a store, and the provider whose people come to it. */
export interface Place {
  readonly data: string
  readonly databaseUrl?: string
  /** Process id of the database server. */
  readonly databasePid?: number
  readonly provider: string
}

/** Default settings, but for where everything is. Nothing listens, so the ports mean nothing. */
export function settingsFor({ data, databaseUrl, provider }: Place): Settings {
  return readSettings({
    REMIT_DATA: data,
    ...(databaseUrl === undefined ? {} : { DATABASE_URL: databaseUrl }),
    REMIT_ISSUER: ISSUER,
    REMIT_GATEWAY: GATEWAY,
    REMIT_IDP_ISSUER: provider,
    REMIT_IDP_CLIENT_ID: 'remit',
    // Proofs are made before the clock runs.
    REMIT_DPOP_NONCES: 'off',
    REMIT_LOG_LEVEL: 'error',
  })
}

const AGENTS = '@id("agents") permit (principal is Agent, action, resource);'

/**
 * Sets up what administrators would: groups, the orders API, and the policies of the story, which
 * let any agent work for people of support.
 */
export async function setUp(rooms: Rooms, provider: string): Promise<void> {
  const by = 'operator'
  for (const group of ['support', 'finance']) {
    await createGroup(rooms.people, { name: group, description: '', by })
    await mapGroup(rooms.people, { issuer: provider, value: group, group, by })
  }
  await applyImport(rooms.connections, planOrders(), by)
  const text = `${REFUND_DESK}\n${AGENTS}`
  await publishPolicies(rooms.policy, { text, by, note: 'for the benchmark' })
}
