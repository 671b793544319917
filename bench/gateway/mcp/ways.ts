import type { Decided } from '../../harness/decided.ts'
import type { Check } from '../../harness/load.ts'
import type { Program } from '../../harness/program.ts'
import type { Way } from '../../harness/way.ts'
import { ANYONE } from './callers.ts'
import {
  type Asked,
  type Conversation,
  converse,
  decisionOf,
  isList,
  isResult,
  prepareRequests,
} from './messages.ts'

/** A way, and what is measured of it. */
export interface McpWay extends Way {
  /** Requests that are not counted, before any that are. */
  readonly warmUp: number
  /** Calls a second at which latency is measured. */
  readonly rates: readonly number[]
  /** Requests whose latency is measured one after another. */
  readonly alone: number
}

/** Something that listens, and its program. */
export interface Listening {
  readonly port: number
  readonly program: Program
}

/** What the gateway is compared with. */
export interface Bare {
  readonly proxies: Readonly<Record<'nginx' | 'undici', Listening | undefined>>
  readonly servers: Readonly<Record<'least' | 'sdk', Listening>>
}

/** Names of series, without what is asked. */
export const VIA = {
  keyed: 'gateway, DPoP',
  bearer: 'gateway, Bearer',
  nginx: 'nginx, bare proxy',
  undici: 'undici on node:http, bare proxy',
  least: 'the least server, directly',
  sdk: "the official SDK's server, directly",
} as const

/** A plain API beside it, through the same gateway. */
export const GET = `GET: ${VIA.keyed}`

interface Through {
  readonly gateway: Listening
  readonly decided: Decided
  readonly keyed: readonly Conversation[]
  readonly bearer: readonly Conversation[]
}

/** `tools/call`, the gateway first. */
export async function callWays(through: Through, bare: Bare): Promise<McpWay[]> {
  const { bearer, decided, gateway, keyed } = through
  const isDecided: Check = (answer, index) => {
    isResult(answer, index)
    decided.add(decisionOf(answer))
  }
  const call = { asked: 'tools/call', warmUp: 2_000, alone: 0 } as const
  const decidedCall = { ...call, ...gateway, check: isDecided }
  return [
    wayOf({ ...decidedCall, via: VIA.keyed, conversations: keyed, rates: [200, 1_000] }),
    wayOf({ ...decidedCall, via: VIA.bearer, conversations: bearer, rates: [200] }),
    ...(await bareWays(bare, () => ({ ...call, check: isResult, rates: [200, 1_000] }))),
  ]
}

/** `tools/list`, the gateway first. */
export async function listWays({ gateway, keyed }: Through, bare: Bare): Promise<McpWay[]> {
  const list = { asked: 'tools/list', rates: [], alone: 100 } as const
  const counted = { ...list, ...gateway, warmUp: 50, check: isList() }
  return [
    wayOf({ ...counted, via: VIA.keyed, conversations: keyed }),
    ...(await bareWays(bare, () => ({ ...list, warmUp: 1_000, check: isList() }))),
  ]
}

type Measured = Pick<McpWay, 'warmUp' | 'rates' | 'alone' | 'check'> & { readonly asked: Asked }

async function bareWays(bare: Bare, measured: () => Measured): Promise<McpWay[]> {
  const { proxies, servers } = bare
  const all = { ...proxies, ...servers }
  const ways: McpWay[] = []
  for (const each of ['nginx', 'undici', 'least', 'sdk'] as const) {
    const listening = all[each]
    if (!listening) continue
    const conversations = [await converse(ANYONE, `http://127.0.0.1:${listening.port}/mcp`)]
    ways.push(wayOf({ ...measured(), ...listening, via: VIA[each], conversations }))
  }
  return ways
}

function wayOf(
  of: Measured & Listening & { via: string; conversations: readonly Conversation[] },
): McpWay {
  const { alone, asked, check, conversations, port, program, rates, via, warmUp } = of
  return {
    name: `${asked}: ${via}`,
    port,
    program,
    check,
    warmUp,
    rates,
    alone,
    prepare: (count) => prepareRequests(conversations, asked, count),
  }
}
