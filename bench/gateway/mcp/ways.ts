import type { DecisionSet } from '../../harness/decided.ts'
import type { Check } from '../../harness/load.ts'
import { CONNECTIONS } from '../../harness/way.ts'
import { gatewayGet } from '../get-way.ts'
import { ANYONE, bearerCaller, type Caller, keyedCaller } from './callers.ts'
import type { CodeClient } from './code-grant.ts'
import { type Conversation, converse, decisionOf, isResult } from './messages.ts'
import { FEW, FROM_SDK, MANY, type Offer, wantedOf } from './offer.ts'
import { addressOf, type ListeningProgram, type Stage } from './stage.ts'
import { callWay, listWay, type McpWay, type Place, WARM_UP } from './way.ts'

/** Names of the ways. The scripted server with ten tools is behind those that name no server. */
export const VIA = {
  keyed: 'gateway, DPoP',
  bearer: 'gateway, Bearer',
  sdk: 'gateway, DPoP, SDK server',
  many: 'gateway, DPoP, one of 200 tools',
  nginx: 'nginx, bare proxy',
  undici: 'undici, bare proxy',
  undiciSdk: 'undici, bare proxy, SDK server',
  direct: 'directly',
  directSdk: 'directly, SDK server',
} as const

const LISTED_ON_A_PAGE = 200
/** A plain API through the same gateway. */
export const GET = `GET: ${VIA.keyed}`

/** All that is measured, each beside what it is compared with. */
export async function allWays(
  stage: Stage,
  client: CodeClient,
  decided: DecisionSet,
): Promise<readonly McpWay[]> {
  const { api, remit } = stage
  const gateway = { port: remit.gatewayPort, program: remit.program }
  const few = { ...gateway, conversations: await keyed(stage, FEW) }
  const many = { ...gateway, conversations: await keyed(stage, MANY) }
  const sdk = { ...gateway, conversations: await keyed(stage, FROM_SDK) }
  const bearer = { ...gateway, conversations: await bearers(stage, client) }
  const check: Check = (answer, index) => {
    isResult(answer, index)
    decided.add(decisionOf(answer))
  }
  const orders = await remit.openTasks(CONNECTIONS)
  const get = gatewayGet({ name: GET, remit, upstream: api, decided }, orders)
  return [
    callWay(VIA.keyed, few, { check, rates: [200, 1_000] }),
    callWay(VIA.bearer, bearer, { check }),
    callWay(VIA.many, many, { check }),
    callWay(VIA.sdk, sdk, { check }),
    { ...get, warmUp: WARM_UP, rates: [200] },
    ...(await bareWays(stage)),
    listWay(VIA.keyed, few, FEW),
    listWay(VIA.keyed, many, MANY, LISTED_ON_A_PAGE),
    ...(await bareLists(stage)),
  ]
}

async function bareWays({ direct, nginx, undici }: Stage): Promise<McpWay[]> {
  const rates = [200, 1_000]
  return [
    ...(nginx ? [callWay(VIA.nginx, await unasked(nginx, FEW), { rates })] : []),
    callWay(VIA.undici, await unasked(undici.scripted, FEW), { rates }),
    callWay(VIA.undiciSdk, await unasked(undici.sdk, FROM_SDK)),
    callWay(VIA.direct, await unasked(direct.scripted, FEW), { rates }),
    callWay(VIA.directSdk, await unasked(direct.sdk, FROM_SDK)),
  ]
}

async function bareLists({ direct, undici }: Stage): Promise<McpWay[]> {
  const ways: McpWay[] = []
  for (const offer of [FEW, MANY]) {
    ways.push(listWay(VIA.undici, await unasked(undici.scripted, offer), offer))
    ways.push(listWay(VIA.direct, await unasked(direct.scripted, offer), offer))
    ways.push(listWay(VIA.directSdk, await unasked(direct.sdk, offer), offer))
  }
  return ways
}

/** Conversations of tasks with a key, which may call all that is offered. */
export async function keyed(
  { remit }: Pick<Stage, 'remit'>,
  offer: Offer,
): Promise<Conversation[]> {
  const resource = `${remit.gateway}/${offer.name}`
  const tasks = await remit.openTasks(CONNECTIONS, wantedOf(offer))
  return Promise.all(tasks.map((task) => converse(keyedCaller(task, resource), resource)))
}

/** Conversations of tasks that codes opened, with bearer tokens. */
export async function bearers(
  { remit }: Pick<Stage, 'remit'>,
  client: CodeClient,
): Promise<Conversation[]> {
  const callers: Caller[] = []
  for (let i = 0; i < CONNECTIONS; i++) callers.push(bearerCaller(client, await client.openTask()))
  return Promise.all(callers.map((caller) => converse(caller, `${remit.gateway}/${FEW.name}`)))
}

/** Place of a server that lets callers in without asking who they are. */
async function unasked(listening: ListeningProgram, { name }: Offer): Promise<Place> {
  const url = `${addressOf(listening.port)}/${name}`
  return { ...listening, conversations: [await converse(ANYONE, url)] }
}
