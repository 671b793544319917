import { resourceToken } from '../../src/programs/cli/agent/client.ts'
import { mustDecide, request, single } from '../authzen/requests.ts'
import { gatewayGet } from '../gateway/get-way.ts'
import { bearerCaller, keyedCaller } from '../gateway/mcp/callers.ts'
import { CodeClient } from '../gateway/mcp/code-grant.ts'
import { type Conversation, converse, prepareRequests } from '../gateway/mcp/messages.ts'
import { CALLED, FEW, MANY, type Offer, wantedOf } from '../gateway/mcp/offer.ts'
import { DecisionSet } from '../harness/decided.ts'
import type { Check } from '../harness/load.ts'
import { ProofMaker, requestBytes } from '../harness/proofs.ts'
import type { Remit } from '../harness/remit.ts'
import { Exchanger, mustBeOk } from '../tokens/exchanger.ts'
import type { Secrets } from './scene.ts'

/** Something that a server is asked to do, over and over. */
export interface Act {
  readonly name: string
  readonly port: number
  readonly check: Check
  /** Questions in one request; what is counted is divided by them. */
  readonly each?: number
  prepare(count: number): Promise<readonly Buffer[]> | readonly Buffer[]
}

type ServedRemit = Omit<Remit, 'program'>
const REFUND = '{"amount":40.00,"note":"damaged"}'
/** Questions in a batch. */
const BATCH = 50

export async function allActs(remit: ServedRemit, secrets: Secrets, body: string): Promise<Act[]> {
  const decided = new DecisionSet()
  const upstream = { body }
  const orders = await remit.openTasks(1)
  return [
    gatewayGet({ name: 'gateway call', remit, upstream, decided }, orders),
    await toolCall(remit),
    await toolList(remit, FEW, 10),
    await toolList(remit, MANY, 200),
    await exchange(remit),
    ...(await evaluations(remit, secrets)),
    await refund(remit, body, decided),
    await bearerCall(remit),
  ]
}

async function conversing(remit: ServedRemit, offer: Offer) {
  const resource = `${remit.gateway}/${offer.name}`
  const [task] = await remit.openTasks(1, wantedOf(offer))
  if (!task) throw new Error('no task was opened')
  return [await converse(keyedCaller(task, resource), resource)]
}

/** A call with a body, small enough that nobody is asked. */
async function refund(remit: ServedRemit, body: string, decided: DecisionSet): Promise<Act> {
  const [task] = await remit.openTasks(1)
  if (!task) throw new Error('no task was opened')
  const proofs = new ProofMaker(task)
  const url = `${remit.gateway}/orders/orders/1042/refunds`
  return {
    name: 'gateway call with a body',
    port: remit.gatewayPort,
    check(answer) {
      mustSay(answer, body)
      decided.add(/\r\nremit-decision: (\S+)/i.exec(answer.head)?.[1])
    },
    async prepare(count) {
      const { token: accessToken } = await resourceToken(task, `${remit.gateway}/orders`)
      return repeated(count, () => {
        const dpop = proofs.make({ method: 'POST', url, accessToken })
        const authorization = `DPoP ${accessToken}`
        const headers = { authorization, dpop, 'content-type': 'application/json' }
        return requestBytes({ method: 'POST', url, headers, body: REFUND })
      })
    },
  }
}

async function toolCall(remit: ServedRemit): Promise<Act> {
  return calling('MCP tools/call', remit, await conversing(remit, FEW))
}

/** A call of a tool by a client without a key. */
async function bearerCall(remit: ServedRemit): Promise<Act> {
  const resource = `${remit.gateway}/${FEW.name}`
  const client = await CodeClient.register(remit.issuer, resource)
  const caller = bearerCaller(client, await client.openTask())
  client.close()
  return calling('MCP tools/call, bearer token', remit, [await converse(caller, resource)])
}

function calling(name: string, remit: ServedRemit, conversations: readonly Conversation[]): Act {
  const call = [{ method: 'tools/call', params: CALLED }]
  return {
    name,
    port: remit.gatewayPort,
    check: (answer) => mustSay(answer, 'Example Ltd'),
    prepare: (count) => prepareRequests(conversations, call, count),
  }
}

async function toolList(remit: ServedRemit, offer: Offer, onPage: number): Promise<Act> {
  const conversations = await conversing(remit, offer)
  return {
    name: `MCP tools/list, ${onPage} of ${offer.tools.length}`,
    port: remit.gatewayPort,
    check(answer) {
      mustBeOk(answer)
      const { tools } = JSON.parse(String(answer.body)).result
      if (tools.length !== onPage) throw new Error(`a list of ${tools.length} tools`)
    },
    prepare: (count) => prepareRequests(conversations, [{ method: 'tools/list' }], count),
  }
}

async function exchange(remit: ServedRemit): Promise<Act> {
  const exchanger = new Exchanger(remit, await remit.openTasks(1))
  return {
    name: 'token exchange',
    port: remit.issuerPort,
    check: mustBeOk,
    prepare: (count) => exchanger.prepare(count),
  }
}

async function evaluations(remit: ServedRemit, { mesh, records }: Secrets): Promise<Act[]> {
  const port = remit.issuerPort
  const [task] = await remit.openTasks(1)
  const claims = JSON.parse(Buffer.from(task?.token.split('.')[1] ?? '', 'base64url').toString())
  const call = {
    subject: { type: 'user', id: claims.sub },
    action: { name: 'orders.read' },
    resource: { type: 'resource', id: 'orders' },
    context: { task: task?.id, args: { order_id: '1042' } },
  }
  const one = '/access/v1/evaluation'
  const many = '/access/v1/evaluations'
  const questions = { evaluations: Array.from({ length: BATCH }, (_, i) => single(i).body) }
  return [
    {
      name: 'AuthZEN evaluation, policy-only',
      port,
      check: (answer, index) => mustDecide(answer, single(index).decision),
      prepare: (count) => repeated(count, (i) => request(port, one, records, single(i).body)),
    },
    {
      name: 'AuthZEN evaluation, call of a task',
      port,
      check: (answer) => mustDecide(answer, true),
      prepare: (count) => repeated(count, () => request(port, one, mesh, call)),
    },
    {
      name: `AuthZEN evaluation in a batch of ${BATCH}`,
      port,
      each: BATCH,
      check: (answer) => mustSay(answer, '"decision":false'),
      prepare: (count) => repeated(count, () => request(port, many, records, questions)),
    },
  ]
}

function repeated(count: number, make: (index: number) => Buffer): Buffer[] {
  return Array.from({ length: count }, (_, i) => make(i))
}

function mustSay(answer: Parameters<Check>[0], text: string): void {
  mustBeOk(answer)
  if (!answer.body.includes(text)) throw new Error(`answered another thing: ${answer.body}`)
}
