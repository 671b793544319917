import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { McpSessions, SpokenRevisions, Subscriptions } from '../../calls/mcp-sessions/index.ts'
import { type ArrivedRequest, createFront, listenProblem } from '../../platform/http/index.ts'
import { configuredUrl } from '../../platform/lib/client-url.ts'
import { startingWith } from '../../platform/lib/pipeline.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { type Repetition, systemWait } from '../../platform/lib/repeat.ts'
import { OWN_ANSWER, type OwnAnswer, PipelineEnd } from './ended.ts'
import { HTTP_CALL } from './http/pipeline.ts'
import { locate } from './locate.ts'
import type { McpPorts } from './mcp/ports.ts'
import { serveMcp } from './mcp/serve.ts'
import { askServer } from './mcp/server-offering.ts'
import { keepEnding } from './mcp/tasks/end-overdue.ts'
import { ServerFeeds } from './mcp/upstream/server-feeds.ts'
import type { ParsedRequest } from './passage.ts'
import type { GatewayPorts } from './ports.ts'
import type { ProtocolAdapter, Protocols } from './protocol.ts'
import { strictRequest } from './strict-request.ts'
import { DefinitionWatch } from './watch-definitions.ts'

export interface Gateway {
  /** Dependencies of its own calls, for what Remit reads by itself. */
  readonly ports: McpPorts
  /** Answers the port it listens on. Throws `server.port_in_use`. */
  listen(at: { host: string; port: number }): Promise<number>
  /** Takes no new calls, lets running ones end for a moment, then cuts what still streams. */
  stop(): Promise<void>
}

/** Time that calls get to end by themselves when the gateway stops. */
const GRACE_MS = 1_000

/** Adapters of the protocols that every gateway speaks. */
const OWN: readonly ProtocolAdapter[] = [
  { protocol: 'http', serve: (located, ports) => HTTP_CALL.run(located, ports) },
  { protocol: 'mcp', serve: serveMcp, askOffering: askServer },
]

/** Dependencies of the gateway, with adapters of further protocols. */
type AdaptedPorts = GatewayPorts & { readonly adapters: readonly ProtocolAdapter[] }

/** The data path on its own origin: `node:http` in, an undici dispatcher out. */
export function createGateway({ adapters, ...ports }: AdaptedPorts): Gateway {
  const protocols: Protocols = new Map([...OWN, ...adapters].map((each) => [each.protocol, each]))
  const local = {
    desk: new McpSessions(),
    feeds: new ServerFeeds(),
    subscriptions: new Subscriptions(),
    spoken: new SpokenRevisions(() => ports.decisions.clock.monotonic()),
  }
  const watch = new DefinitionWatch(ports, async (resource, signal) =>
    protocols.get(resource.protocol)?.askOffering?.(resource, signal, { ...ports, ...local }),
  )
  const all: AllPorts = { ...ports, ...local, watch, protocols }
  let ending: Repetition | undefined
  const { server, underWay } = createFront((arrived) => handle(arrived, all), ports)
  return {
    ports: all,
    async listen({ host, port }) {
      await once(server.listen(port, host), 'listening').catch((error: unknown) => {
        throw listenProblem(error, port)
      })
      ending = keepEnding(all)
      return (server.address() as AddressInfo).port // listening on TCP
    },
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeIdleConnections()
      await forAMoment(Promise.all(underWay))
      await ports.running.stop()
      await watch.stop()
      await ending?.stop()
      await forAMoment(Promise.all(underWay))
      server.closeAllConnections()
      // INVARIANT: storage is let go of only after every call under way has recorded how it ended.
      await Promise.all(underWay)
      await closed
    },
  }
}

async function forAMoment(work: Promise<unknown>): Promise<void> {
  const over = new AbortController()
  await Promise.race([work, systemWait(GRACE_MS, over.signal)])
  over.abort()
}

type AllPorts = McpPorts & { readonly protocols: Protocols }

/** Steps of every request's arrival, in order, whatever its resource speaks. */
const ARRIVAL = startingWith<ArrivedRequest, ParsedRequest, AllPorts>(
  'one reading of the request',
  readStrictly,
).next('resource', locate)

/** Runs the steps of a request, chosen by the protocol of its resource. */
async function serve(arrived: ArrivedRequest, ports: AllPorts): Promise<void> {
  const located = await ARRIVAL.run(arrived, ports)
  ports.observer.place(arrived.message, 'gateway', `/${located.resource.name}`)
  await located.protocol.serve(located, ports)
}

async function handle(arrived: ArrivedRequest, ports: AllPorts): Promise<void> {
  const { message, reply } = arrived
  ports.observer.place(message, 'gateway')
  try {
    const own = await serve(arrived, ports).then(
      () => undefined,
      (error: unknown) => (error instanceof PipelineEnd ? error.answer : failure(error, ports)),
    )
    if (!own) return
    const told = limited(own, message, ports)
    if (told.problem) ports.observer.refused(told.problem.code)
    writeOwnAnswer(message, reply, told)
  } catch (error) {
    ports.log.error({ err: error }, 'an answer could not be written')
    reply.destroy()
  }
}

/**
 * Replaces the refusal by a rate limit answer where the stranger's address was told too often this
 * minute.
 */
function limited(own: OwnAnswer, message: IncomingMessage, { strangers }: GatewayPorts): OwnAnswer {
  const problem = own.stranger && strangers?.limit(message)
  if (!problem) return own
  const retry = { 'retry-after': `${problem.members.retry_after}` }
  return { status: problem.status, headers: retry, problem }
}

/**
 * Renders an error; no other function of the gateway does. An error that is not a `Problem` is a
 * bug: logged whole, shown without its text.
 */
function failure(error: unknown, ports: GatewayPorts): OwnAnswer {
  if (error instanceof Problem && error.status < 500)
    return { status: error.status, problem: error }
  ports.log.error({ err: error }, 'a call failed')
  const problem =
    error instanceof Problem ? error : new Problem('server.failed', 'the call was not sent')
  return {
    status: problem.status,
    problem,
    ...(problem.status === 503 ? { headers: { 'retry-after': RETRY_AFTER_SECONDS } } : {}),
  }
}

/** A lease is renewed within a second, and a queue that is full empties in about that. */
const RETRY_AFTER_SECONDS = '1'

function writeOwnAnswer(message: IncomingMessage, reply: ServerResponse, own: OwnAnswer): void {
  if (reply.headersSent || reply.destroyed) {
    reply.destroy()
    return
  }
  const { body, headers = {}, isBodiless, problem, status } = own
  const text = isBodiless ? '' : JSON.stringify(body ?? problem)
  const type = body === undefined && problem ? 'application/problem+json' : 'application/json'
  // An unread body would be taken for the next request's beginning by someone, and what has two readings may end
  // where we do not think so: the connection ends instead.
  const ends = !message.complete || problem?.code.startsWith('request.') === true
  reply.writeHead(status, {
    ...(isBodiless ? {} : { 'content-type': type, 'content-length': Buffer.byteLength(text) }),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...(ends ? { connection: 'close' } : {}),
    ...headers,
    ...OWN_ANSWER,
  })
  reply.end(text)
}

/**
 * Reads a request that has exactly one reading, and refuses every other at the first step. The end
 * of a refused request, or of one that offers to upgrade, is as doubtful as its content, so later bytes on its connection are not
 * taken for a request either.
 */
function readStrictly(arrived: ArrivedRequest, ports: GatewayPorts): ParsedRequest {
  const { method = '', url = '', httpVersion, rawHeaders } = arrived.message
  const host = configuredUrl(ports.gateway).host
  try {
    const request = strictRequest({ method, target: url, httpVersion, rawHeaders }, host)
    // An offer to upgrade ends what Node reads of its packet, so a request behind it may have lost its beginning.
    if (request.headers.has('upgrade')) arrived.doubt()
    return { ...arrived, request }
  } catch (error) {
    arrived.doubt()
    throw error
  }
}
