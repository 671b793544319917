import type { Check } from '../../harness/load.ts'
import type { Way } from '../../harness/way.ts'
import { type Conversation, isList, isResult, type Message, prepareRequests } from './messages.ts'
import { CALLED, type Offer } from './offer.ts'
import type { ListeningProgram } from './stage.ts'

/** A way, and what is measured of it. */
export interface McpWay extends Way {
  /** Requests that are not counted, before any that are. */
  readonly warmUp: number
  /** A second, at which latency is measured. */
  readonly rates: readonly number[]
}

/** Program to call, and the conversations in which callers call it. */
export interface Place extends ListeningProgram {
  readonly conversations: readonly Conversation[]
}

const CALL: readonly Message[] = [{ method: 'tools/call', params: CALLED }]
/** Requests before any that count: V8 needs them to optimize most of the way. */
export const WARM_UP = 10_000

/** A tool is called over and over. */
export function callWay(
  via: string,
  { conversations, port, program }: Place,
  { check = isResult, rates = [200] }: { check?: Check; rates?: readonly number[] } = {},
): McpWay {
  const prepare = (count: number) => prepareRequests(conversations, CALL, count)
  const name = `tools/call: ${via}`
  return { name, port, program, check, prepare, warmUp: WARM_UP, rates }
}

/** All tools are listed over and over, `onPage` at a time. */
export function listWay(
  via: string,
  { conversations, port, program }: Place,
  { tools }: Offer,
  onPage = tools.length,
): McpWay {
  const names = tools.map(({ name }) => name).toSorted()
  const pages = Array.from({ length: Math.ceil(names.length / onPage) }, (_, i) => i * onPage)
  // The gateway's cursor is the last name of the page before.
  const messages = pages.map((from) => {
    const cursor = from && Buffer.from(names[from - 1] ?? '').toString('base64url')
    return cursor ? { method: 'tools/list', params: { cursor } } : { method: 'tools/list' }
  })
  return {
    name: `tools/list of ${names.length}: ${via}`,
    port,
    program,
    check: isList(pages.map((from) => Math.min(onPage, names.length - from))),
    requestsEach: pages.length,
    prepare: (count) => prepareRequests(conversations, messages, count),
    warmUp: 2_000,
    rates: [20],
  }
}
