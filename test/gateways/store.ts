import type { Detail } from 'remit-sdk'
import { planImport } from '../../src/catalog/catalog/testing.ts'
import { applyImport } from '../../src/catalog/catalog-changes/index.ts'
import { clientWith } from '../../src/identity/machine-clients/testing.ts'
import type { OpenTask } from '../agent.ts'
import { ECHO_DOCUMENT } from '../echo.ts'
import { freePorts } from '../ports.ts'
import { addRules, alsoAllow } from '../sdk/shops.ts'
import { World, type WorldOptions } from '../world.ts'

const ACTIONS = [
  ...['list', 'create', 'read', 'delete', 'part', 'order', 'patch', 'form', 'upload', 'put_bytes'],
].map((name) => `store.${name}`)
const RULES = `
@id("support-store") permit (principal in Group::"support", action, resource == Resource::"store");
@id("agents-store") permit (principal is Agent, action, resource == Resource::"store") when { principal.trust >= 1 };
@id("store-deletions-ask") @requestable("Deleting needs the word of finance") @approvers("group:finance") @lifetime("PT1H")
forbid (principal is Person, action == Action::"store.delete", resource);`

/** An API that a gateway of others enforces for. */
export interface Store {
  readonly world: World
  /** Public address of the API at that gateway. */
  readonly identifier: string
  /** Secret of the gateway. */
  readonly secret: string
  /** Addresses at which it asks, over HTTP and by gRPC. */
  readonly http: string
  readonly grpc: string
  /** Ports of the gateway: the public one, and those for HTTP/2 without TLS and with it. */
  readonly ports: readonly number[]
  readonly detail: Detail
}

/** A world with a store behind a gateway that is not Remit's. `trusted`: inside the trust domain. */
export async function startStore(
  engine: 'sqlite' | 'postgres',
  options: WorldOptions = {},
  { trusted = true } = {},
): Promise<Store> {
  const [http = 0, grpc = 0, ...ports] = await freePorts(5)
  const settings = {
    REMIT_FORWARD_AUTH_LISTEN: `127.0.0.1:${http}`,
    REMIT_EXT_AUTHZ_LISTEN: `127.0.0.1:${grpc}`,
    ...options.settings,
  }
  const world = await World.start(engine, { ...options, settings })
  const identifier = `http://127.0.0.1:${ports[0]}/store`
  const { id: by } = await world.person('ada')
  const place = { identifier, upstream: identifier, mode: 'direct', trusted } as const
  const plan = planImport(ECHO_DOCUMENT, { name: 'store', ...place })
  const actions = plan.actions.map((action) => ({ ...action, riskProposed: false }))
  await applyImport(world.rooms.connections, { ...plan, actions }, by)
  const asks = { resource: 'store' }
  const { secret } = await clientWith(world.rooms.clients, 'store-gateway', 'enforcer', asks)
  const detail: Detail = {
    type: 'remit_call',
    locations: [identifier],
    actions: ACTIONS,
    bounds: [],
  }
  await alsoAllow(world, [detail])
  await addRules(world, RULES)
  return {
    ...{ world, identifier, secret, ports, detail },
    http: `http://127.0.0.1:${http}`,
    grpc: `127.0.0.1:${grpc}`,
  }
}

/** A task for the store, and a token for it. */
export async function storeTask({
  detail,
  identifier,
  world,
}: Store): Promise<{ readonly task: OpenTask; readonly token: string }> {
  const task = await world.open({ details: [detail] })
  return { task, token: await world.agent.token(task, identifier) }
}
