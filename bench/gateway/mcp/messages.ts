import type { Answer } from '../../harness/connection.ts'
import type { Check } from '../../harness/load.ts'
import { requestBytes } from '../../harness/proofs.ts'
import type { Caller } from './callers.ts'
import { RESULT, REVISION } from './offer.ts'

/** A caller at a server, with its session. */
export interface Conversation {
  readonly caller: Caller
  readonly url: string
  readonly session: string
}

/** A message without its id. */
export interface Message {
  readonly method: string
  readonly params?: object
}

const TRANSPORT = {
  'content-type': 'application/json',
  accept: 'application/json, text/event-stream',
}

/** `initialize` and `notifications/initialized`. */
export async function converse(caller: Caller, url: string): Promise<Conversation> {
  await caller.refresh()
  const say = async (message: object, session: Readonly<Record<string, string>>) => {
    const headers = { ...TRANSPORT, ...session, ...caller.credentials('POST') }
    const body = JSON.stringify({ jsonrpc: '2.0', ...message })
    const answer = await fetch(url, { method: 'POST', headers, body })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`${url} answered ${answer.status}: ${text}`)
    return answer
  }
  const clientInfo = { name: 'bench', version: '1' }
  const params = { protocolVersion: REVISION, capabilities: {}, clientInfo }
  const hello = await say({ id: 0, method: 'initialize', params }, {})
  const session = hello.headers.get('mcp-session-id') ?? ''
  const told = { 'mcp-session-id': session, 'mcp-protocol-version': REVISION }
  await say({ method: 'notifications/initialized' }, told)
  return { caller, url, session }
}

/**
 * Requests of all conversations in turns, each conversation with all messages before the next one has them; with tokens that are
 * fresh, each request with an id of its own.
 */
export async function prepareRequests(
  conversations: readonly Conversation[],
  messages: readonly Message[],
  count: number,
): Promise<Buffer[]> {
  await Promise.all(conversations.map(({ caller }) => caller.refresh()))
  return Array.from({ length: count }, (_, i) => {
    const turn = Math.floor(i / messages.length)
    const conversation = conversations[turn % conversations.length]
    if (!conversation) throw new Error('nobody to ask')
    const { caller, session, url } = conversation
    const headers = {
      ...TRANSPORT,
      'mcp-session-id': session,
      'mcp-protocol-version': REVISION,
      ...caller.credentials('POST'),
    }
    const message = messages[i % messages.length]
    const body = JSON.stringify({ jsonrpc: '2.0', id: i + 1, ...message })
    return requestBytes({ method: 'POST', url, headers, body })
  })
}

const TOLD = JSON.stringify(RESULT.content[0].text)

/** The result of the call that was made, and of no other. */
export const isResult: Check = (answer, index) => {
  mustBeFine(answer)
  const { body } = answer
  if (!body.includes(TOLD) || !body.includes(`"id":${index + 1}`) || body.includes('"isError"'))
    throw new Error(`answered another thing: ${body}`)
}

/** The decision that the gateway says it took. */
export function decisionOf({ body }: Answer): string | undefined {
  return /"remit\/decision":"([^"]+)"/.exec(body.toString('latin1'))?.[1]
}

/**
 * Checks lists of tools, a count for each page. Reading every list would cost more than some of
 * what is measured, so each is compared with the first of its kind by its length.
 */
export function isList(pages: readonly number[]): Check {
  const lengths: number[] = []
  return (answer, index) => {
    mustBeFine(answer)
    const page = index % pages.length
    const length = answer.body.length - idOf(answer.body).length
    if (length === lengths[page]) return
    const { result } = JSON.parse(answer.body.toString())
    if (lengths[page] !== undefined || result.tools.length !== pages[page])
      throw new Error(`a list of ${result.tools.length} tools in ${length} bytes`)
    lengths[page] = length
  }
}

function idOf(body: Buffer): string {
  const ends = [body.subarray(0, 64), body.subarray(-64)].map((end) => end.toString('latin1'))
  return /"id":(\d+)/.exec(ends.join(''))?.[1] ?? ''
}

function mustBeFine({ body, status }: Answer): void {
  if (status !== 200) throw new Error(`answered ${status}: ${body}`)
}
