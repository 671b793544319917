import type { Resource } from '../../catalog/index.ts'
import { knownNames, noticeOffered, planMcpImportInWorker } from '../../catalog-changes/index.ts'
import { sha256url } from '../../lib/bytes.ts'
import { canonicalJson } from '../../lib/canonical-json.ts'
import { Problem } from '../../lib/problem.ts'
import { describeMcpServer, type McpDescription, type SpokenMemory } from '../../net/index.ts'
import { injectedHeaders } from '../injected-headers.ts'
import type { GatewayPorts } from '../ports.ts'

/**
 * Time that a client that begins a session, or asks for a list, waits for the server's own lists.
 */
const PATIENCE_MS = 3_000

/**
 * State of one server: when it was last asked, a digest of its last answer, and the check under
 * way.
 */
interface Watched {
  askedAt: number
  said: string | undefined
  asking: Promise<void> | undefined
}

/**
 * Asks MCP servers that are in use for their current lists, so that a tool that has changed is
 * quarantined before anyone is shown it or calls it. Uses a session of our own, with the
 * connection's credential and nothing of any client. A check that fails changes nothing: the
 * reviewed definitions stay in force.
 */
export class DefinitionWatch {
  readonly #ports: GatewayPorts
  readonly #spoken: SpokenMemory
  readonly #watched = new Map<string, Watched>()
  readonly #stopping = new AbortController()

  constructor(ports: GatewayPorts, spoken: SpokenMemory) {
    this.#ports = ports
    // Asked anew each time: a server may be replaced by one of another revision.
    this.#spoken = { get: () => undefined, set: (url, how) => spoken.set(url, how) }
  }

  /**
   * Waits until the server's lists are known, a short time at most, and not at all when the server
   * was asked a moment ago.
   */
  async look(resource: Resource): Promise<void> {
    const asking = this.begin(resource)
    if (!asking) return
    const over = new AbortController()
    await Promise.race([asking, this.#ports.wait(PATIENCE_MS, over.signal)])
    over.abort()
  }

  /** The check under way, begun if one is due; nobody has to wait for it. */
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

  #of(name: string): Watched {
    const known = this.#watched.get(name)
    if (known) return known
    const fresh = { askedAt: Number.NEGATIVE_INFINITY, said: undefined, asking: undefined }
    this.#watched.set(name, fresh)
    return fresh
  }

  async #ask(resource: Resource, watched: Watched): Promise<void> {
    const { connections, dispatcher, log } = this.#ports
    const { headers } = await injectedHeaders(resource, undefined, this.#ports)
    const at = { url: resource.upstream, headers }
    const only = {
      only: 'definitions',
      signal: this.#stopping.signal,
      known: this.#spoken,
    } as const
    const description = await describeMcpServer({ dispatcher }, at, only)
    const catalog = await this.#ports.catalog.current()
    const actions = catalog.actionsOf(resource.name)
    const said = digestOf(description, catalog.epoch)
    if (said === watched.said || actions.length === 0) return
    const { identifier, name, upstream } = resource
    const options = { name, identifier, upstream, known: knownNames(actions) }
    const plan = await planMcpImportInWorker(description, options).catch(refusedWhole)
    const { quarantined, waiting } = await noticeOffered(connections, {
      resource: name,
      plan,
      description,
    })
    // Read under an older catalog it says nothing about this one.
    watched.said = said
    if (quarantined.length > 0)
      log.warn({ resource: name, actions: quarantined }, 'definitions changed: quarantined')
    if (waiting.length > 0) log.info({ resource: name, actions: waiting }, 'new definitions wait')
  }
}

/**
 * Takes a refusal of the whole document as its result: an import would refuse it, so what the
 * server lists is not what was reviewed.
 */
function refusedWhole(error: unknown): undefined {
  if (error instanceof Problem && error.code === 'catalog.bad_document') return undefined
  throw error
}

/** Digest of an answer under one catalog epoch. Equal digests need no second comparison. */
function digestOf({ prompts, tools }: McpDescription, epoch: number): string {
  return `${epoch} ${sha256url(canonicalJson({ prompts, tools }))}`
}
