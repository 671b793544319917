import { mayContinue } from '../../../../calls/calls/index.ts'
import { askable, passedQuestion, SessionLog, scrub } from '../../../../calls/mcp-messages/index.ts'
import { findLogging, type McpConversation } from '../../../../calls/mcp-sessions/index.ts'
import type { Resource } from '../../../../catalog/catalog/index.ts'
import type { Json, JsonObject } from '../../../../platform/lib/json.ts'
import { Problem } from '../../../../platform/lib/problem.ts'
import type { Redactor } from '../../../../platform/lib/redaction/redactor.ts'
import { slotHolders } from '../../../../platform/lib/under-way/held-places.ts'
import type { RpcRequest } from '../../../../platform/net/index.ts'
import { admitted } from '../admitted.ts'
import type { PlacedCall } from '../call-steps.ts'
import type { FeedListener } from '../feed.ts'
import type { McpPorts } from '../ports.ts'
import { McpReply } from '../reply.ts'
import { askClient } from '../upstream/ask-client.ts'
import { upstreamKey } from '../upstream/sending.ts'
import { type ClientStream, liveUris, subscribe, unsubscribe } from './subscribe.ts'
import { LISTS, untilChanged } from './until-changed.ts'

/**
 * Serves the stream of a session (2025-11-25, "Listening for Messages from the Server"): what a server
 * asks or says outside of a call, and changes of lists. It ends when something that it rests on has
 * changed; the client opens another one, which lacks anything that is not permitted any more.
 */
export async function serveStream(
  placed: PlacedCall,
  conversation: McpConversation,
  ports: McpPorts,
): Promise<void> {
  const { catalog, desk } = ports
  const who = await admitted(placed, ports)
  const release = desk.listen(slotHolders(who))
  if (!release)
    throw new Problem(
      'request.too_many',
      'the task, or the person that it is for, has too many streams open',
    )
  const { release: end, replaced } = desk.stream(conversation.key)
  const reply = new McpReply(placed.reply)
  const stream: ClientStream = { placed, conversation, who, reply, id: conversation.key }
  const servers = (await catalog.current()).at(who.resource.identifier).resources
  const leave = servers.map((server) => hear(server, stream, ports))
  try {
    reply.keepAlive()
    await decideAgain(stream, servers, ports)
    const why = await untilChanged(who, reply, replaced, ports)
    if (why === 'ended') for (const [, method] of LISTS) reply.notify(method, new Map())
    reply.close()
  } finally {
    end()
    release()
    await Promise.all(leave.map((each) => each()))
  }
}

function sessionOf(server: Resource, { key, upstream }: McpConversation, { desk }: McpPorts) {
  return desk.reopened(upstreamKey(server, key)) ?? upstream
}

/** Listens to one server. Returns a function that ends it. */
function hear(resource: Resource, stream: ClientStream, ports: McpPorts): () => Promise<void> {
  const { conversation, reply, who } = stream
  const { decisions, desk, feeds, subscriptions } = ports
  const key = upstreamKey(resource, conversation.key)
  const log = new SessionLog(
    async () => {
      const found = await findLogging(decisions.storage.read, conversation.key)
      // INVARIANT: nothing is told that may speak of a call of which policies leave something out.
      const silent = found?.quiet || desk.isReshaping(key) || !mayContinue(decisions, who)
      return silent ? undefined : found?.level
    },
    (told) => reply.notify('notifications/message', told),
  )
  const listener: FeedListener = {
    log(said, redactor) {
      // Also asked when it comes: by the time that it is told, such a call may be over.
      if (!desk.isReshaping(key)) void log.hear(said, redactor)
    },
    lives: () => mayContinue(decisions, who),
    uris: () => liveUris(subscriptions.of(conversation.key), resource, ports),
    updated(uri) {
      for (const { server, told, uri: own } of subscriptions.of(conversation.key))
        if (server === resource.name && own === uri)
          reply.notify('notifications/resources/updated', new Map([['uri', told]]))
    },
    async ask(question: RpcRequest, redactor: Redactor, leaving: AbortSignal) {
      // INVARIANT: while policies leave something out of a call, its server asks nothing: it is not known what it speaks of.
      if (desk.isReshaping(key)) return undefined
      const said = scrub(new Map([['params', question.params]]), redactor)
      const asked: JsonObject = new Map<string, Json>([['method', question.method], ...said])
      const passed = passedQuestion(
        asked,
        { resource },
        askable(conversation.capabilities, resource),
      )
      if (passed instanceof Problem) return undefined
      const told = await askClient({ answer: reply, conversation }, passed, leaving, ports)
      return told && { ...told, id: question.id }
    },
  }
  const session = () => sessionOf(resource, conversation, ports)
  return feeds.attach({ key, resource, holders: slotHolders(who), session }, listener, ports)
}

/** Decides again on subscriptions whose permits do not hold any more: with the token that came now. */
async function decideAgain(
  stream: ClientStream,
  servers: readonly Resource[],
  ports: McpPorts,
): Promise<void> {
  const { key } = stream.conversation
  for (const held of ports.subscriptions.of(key)) {
    if (mayContinue(ports.decisions, held.verdict)) continue
    const again = await subscribe(stream, held.told, ports)
    if (again) ports.subscriptions.add(key, again)
    else await drop(stream.conversation, held.told, servers, ports)
  }
  for (const server of servers) ports.feeds.renew(upstreamKey(server, key))
}

/** Ends a subscription of a session. */
export async function drop(
  conversation: McpConversation,
  told: string,
  servers: readonly Resource[],
  ports: McpPorts,
): Promise<void> {
  const { feeds, log, subscriptions } = ports
  const held = subscriptions.drop(conversation.key, told)
  const server = servers.find(({ name }) => name === held?.server)
  if (!held || !server) return
  feeds.renew(upstreamKey(server, conversation.key))
  await unsubscribe(server, sessionOf(server, conversation, ports), held, ports).catch(
    (error: unknown) =>
      log.warn({ resource: server.name, err: error }, 'a server was not told of an end'),
  )
}
