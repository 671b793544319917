import type { Resource } from '../../catalog/catalog/index.ts'
import {
  type DefinitionNotice,
  type ImportOptions,
  type ImportPlan,
  knownNames,
  noticeOffered,
} from '../../catalog/catalog-changes/index.ts'
import { Problem } from '../../platform/lib/problem.ts'
import type { GatewayPorts } from './ports.ts'

/**
 * Time that a client that begins a session, or asks for a list, waits for the server's own lists.
 */
const TIMEOUT_MS = 3_000

/** Definitions that a server or an agent offers now. */
export interface CurrentDefinitions extends Pick<DefinitionNotice, 'listed'> {
  /** Names all that it says: equal digests need no second comparison. */
  readonly digest: string
  /** Reads it as an import would. @throws Problem `catalog.bad_document` */
  readonly plan: (options: ImportOptions) => Promise<Pick<ImportPlan, 'actions'>>
}

/** Asks a server or an agent for its offering, on behalf of no client. `undefined`: its protocol has none. */
export type AskOffering = (
  resource: Resource,
  signal: AbortSignal,
) => Promise<CurrentDefinitions | undefined>

/**
 * State of one server: when it was last asked, a digest of its last answer, and the check under
 * way.
 */
interface WatchedServer {
  askedAt: number
  said: string | undefined
  asking: Promise<void> | undefined
}

/**
 * Asks MCP servers and A2A agents that are in use what they offer now, so that a tool or skill that has
 * changed is quarantined before anyone is shown it or calls it. Asks with the connection's credential
 * and nothing of any client. A check that fails changes nothing: the
 * reviewed definitions stay in force.
 */
export class DefinitionWatch {
  readonly #ports: GatewayPorts
  readonly #askOffering: AskOffering
  readonly #watched = new Map<string, WatchedServer>()
  readonly #stopping = new AbortController()

  constructor(ports: GatewayPorts, askOffering: AskOffering) {
    this.#ports = ports
    this.#askOffering = askOffering
  }

  /**
   * Waits until the server's lists are known, a short time at most, and not at all when the server
   * was asked a moment ago.
   */
  async look(resource: Resource): Promise<void> {
    if (resource.members) {
      const members = (await this.#ports.catalog.current()).at(resource.identifier).resources
      await Promise.all(members.map((member) => this.look(member)))
      return
    }
    const asking = this.begin(resource)
    if (!asking) return
    const over = new AbortController()
    await Promise.race([asking, this.#ports.wait(TIMEOUT_MS, over.signal)])
    over.abort()
  }

  /** The check under way, begun if one is due; no request has to wait for it. */
  begin(resource: Resource): Promise<void> | undefined {
    const { decisions, mcp } = this.#ports
    if (mcp.definitionsEvery === 0 || this.#stopping.signal.aborted) return undefined
    const watched = this.#of(resource.name)
    if (watched.asking) return watched.asking
    const now = decisions.clock.monotonic()
    if (now - watched.askedAt < mcp.definitionsEvery) return undefined
    watched.askedAt = now
    watched.asking = this.#ask(resource, watched)
      .catch((error: unknown) =>
        this.#ports.log.warn(
          { resource: resource.name, err: error },
          'a server was not asked what it offers',
        ),
      )
      .finally(() => {
        watched.asking = undefined
      })
    return watched.asking
  }

  /**
   * Makes a check due, because the server says that its lists changed: it is asked as soon as it is
   * used again.
   */
  due(resource: string): void {
    this.#of(resource).askedAt = Number.NEGATIVE_INFINITY
  }

  /** Ends the checks under way. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    await Promise.all([...this.#watched.values()].map(({ asking }) => asking))
  }

  #of(name: string): WatchedServer {
    const known = this.#watched.get(name)
    if (known) return known
    const fresh = { askedAt: Number.NEGATIVE_INFINITY, said: undefined, asking: undefined }
    this.#watched.set(name, fresh)
    return fresh
  }

  async #ask(resource: Resource, watched: WatchedServer): Promise<void> {
    const { connections, log } = this.#ports
    const offering = await this.#askOffering(resource, this.#stopping.signal)
    if (!offering) return
    const catalog = await this.#ports.catalog.current()
    const actions = catalog.actionsOf(resource.name)
    // Read under an older catalog it does not hold for this one.
    const said = `${catalog.epoch} ${offering.digest}`
    if (said === watched.said || actions.length === 0) return
    const { identifier, name, upstream } = resource
    const options = { name, identifier, upstream, known: knownNames(actions) }
    const read = await offering.plan(options).then((plan) => ({ plan }), refusedWhole)
    const { listed } = offering
    const { quarantined, waiting } = await noticeOffered(connections, {
      ...{ resource: name, plan: undefined, listed },
      ...read,
    })
    watched.said = said
    if (quarantined.length > 0)
      log.warn({ resource: name, actions: quarantined }, 'definitions changed: quarantined')
    if (waiting.length > 0) log.info({ resource: name, actions: waiting }, 'new definitions wait')
  }
}

/**
 * Takes a refusal of the whole document as its result: an import would refuse it, so the offer is
 * not the reviewed one.
 */
function refusedWhole(error: unknown): { readonly refused: string } {
  if (error instanceof Problem && error.code === 'catalog.bad_document')
    return { refused: error.detail }
  throw error
}
