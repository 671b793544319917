import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import { setTokens } from '../../src/catalog/catalog-changes/index.ts'
import { addIssuer } from '../../src/identity/issuers/index.ts'
import type { OpaqueKind } from '../../src/identity/opaque-tokens/opaque-token.ts'
import { ACCESS_TOKEN, JWT_BEARER, type OpenTask, postForm, TOKEN_EXCHANGE } from '../agent.ts'
import { askWith } from '../introspection/asking.ts'
import { Place, type Session } from '../mcp/place.ts'
import { Stranger, VERIFIER } from '../mcp/stranger.ts'
import { assertRequestable } from '../refusals.ts'
import { decode, newKey, type TestKey } from '../signing.ts'
import { ANSWERED_WAYS } from './answered-ways.ts'
import { calls, DIRECT, type Ways } from './desk.ts'

/**
 * Kind of artefact that a task is ever given. A kind of opaque token that is added has to be added
 * here; `remit_rm` is the registration's own.
 */
export type Kind =
  | Exclude<OpaqueKind, 'remit_rm'>
  | 'task'
  | 'resource'
  | 'handle'
  | 'ticket'
  | 'transaction'
  | 'id_jag'
  | 'chaining'
  | 'asserted'
  | 'foreign'
  | 'introspection'
  | 'request_uri'
  | 'code'

export interface HeldArtefacts {
  readonly artefacts: Readonly<Record<Kind, string>>
  readonly task: OpenTask
  /** Key of the task; `foreignKey` is that of the token of another server. */
  readonly key: TestKey
  readonly foreignKey: TestKey
  readonly stranger: Stranger
  /** A call that Fiona approved and nobody has sent, and one that she answered for as often as needed. */
  readonly approved: string
  readonly allowed: string
  /** Page on which she answers about a call that waits. */
  readonly waiting: string
  readonly session: Session
  /** An answer that does not end. */
  readonly stream: IncomingMessage
}

const ID_JAG = 'urn:ietf:params:oauth:token-type:id-jag'
const JWT = 'urn:ietf:params:oauth:token-type:jwt'
const PEER = 'https://as.partner.example'

/** Collects one of everything that a task can come to hold, each of it good now. */
export async function collect(ways: Ways): Promise<HeldArtefacts> {
  const { world } = ways
  const { agent, echo, gateway } = world
  await setTokens(world.rooms.connections, { name: 'direct', form: 'opaque', by: 'operator' })
  await trustPeer(ways)
  const task = await world.open({ details: ways.everything })
  const resource = await agent.token(task, `${gateway}/echo`)
  assert.equal((await agent.call(task, 'GET', '/echo/things', { token: resource })).status, 200)
  const handle = await agent.token(task, DIRECT)
  const told = await askWith(world, ways.secret, handle, [
    ['Accept', 'application/token-introspection+jwt'],
  ])
  assert.equal(Object(decode(told.text).claims.token_introspection).active, true)
  const authorization_details = [calls(`${gateway}/echo`, ['echo.list'])]
  const child = { agent: ways.helper.id, purpose: 'help', authorization_details }
  const { body } = await agent.about(task, 'POST', '/children', { body: JSON.stringify(child) })
  const waited = await answeredCodes(ways)
  const came = await pushedCode(ways)
  const others = await ofOthers(ways)
  return {
    artefacts: {
      task: task.token,
      resource,
      handle,
      ticket: String(body.ticket),
      transaction: String(echo.reached.at(-1)?.headers['txn-token']),
      id_jag: await assertionFor(ways, task, ID_JAG),
      chaining: await assertionFor(ways, task, JWT),
      introspection: told.text,
      asserted: others.asserted,
      foreign: others.foreign,
      ...waited,
      ...came.artefacts,
    },
    task,
    key: task.key,
    foreignKey: others.key,
    stranger: came.stranger,
    ...(await answers(ways, task, resource)),
    session: await Place.at(world, 'desk').session(task),
    stream: await endless(ways, task, resource),
  }
}

async function trustPeer({ world }: Ways): Promise<void> {
  const { id } = await world.person('ada')
  await addIssuer(world.rooms.issuers, {
    ...{ name: 'peer', issuer: PEER, uses: ['peer'], trust: 2, ceiling: null },
    ...{ ownerId: id, by: id },
    peer: { resources: [`${world.gateway}/echo`], clients: { 'refund-bot': 'over-there' } },
  })
}

async function assertionFor({ world }: Ways, task: OpenTask, kind: string): Promise<string> {
  const { body, text } = await world.agent.tokenRequest(task.key, {
    grant_type: TOKEN_EXCHANGE,
    requested_token_type: kind,
    client_id: task.id,
    subject_token: task.token,
    subject_token_type: ACCESS_TOKEN,
    audience: PEER,
    scope: 'echo.list',
  })
  assert.equal(body.token_type, 'N_A', text)
  return String(body.access_token)
}

/**
 * Artefacts that others signed and a task began with: an assertion, and an access token with its
 * first call.
 */
async function ofOthers({ partner, world }: Ways) {
  const { agent } = world
  const asserted = await partner.assertion('oauth-id-jag+jwt')
  const opened = await agent.tokenRequest(await newKey(), {
    grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
    assertion: asserted,
    client_assertion_type: JWT_BEARER,
    client_assertion: await agent.assertion(),
  })
  assert.equal(opened.status, 200, opened.text)
  const key = await newKey()
  const foreign = await partner.accessToken(key.thumbprint)
  const call = await agent.call({ id: '', token: '', key }, 'GET', '/echo/things', {
    token: foreign,
  })
  assert.equal(call.status, 200, call.text)
  return { asserted, foreign, key }
}

/** Codes that agents waited with, after the answer was fetched. */
async function answeredCodes(ways: Ways) {
  const waited: string[] = []
  for (const { prepare } of ANSWERED_WAYS) {
    const { shows = '', take } = await prepare(ways)
    assert.ok((await take()).through)
    waited.push(shows)
  }
  const byKind = (kind: OpaqueKind) => waited.find((one) => one.startsWith(`${kind}_`)) ?? ''
  return {
    remit_dc: byKind('remit_dc'),
    remit_ar: byKind('remit_ar'),
    remit_vc: byKind('remit_vc'),
  }
}

/** A client pushes its request, and its person says yes; then everything that comes of that. */
async function pushedCode({ world }: Ways) {
  const desk = `${world.gateway}/desk`
  const stranger = await Stranger.arrive(world)
  await stranger.register()
  const asked = Object.fromEntries(stranger.asking(desk).searchParams)
  const pushed = await postForm(`${world.issuer}/oauth/par`, asked, [])
  assert.equal(pushed.status, 201, pushed.text)
  const request_uri = String(pushed.body.request_uri)
  const page = await stranger.ask('sam', pushedUrl(world.issuer, stranger.id, request_uri))
  const back = await stranger.answered(page)
  stranger.verifier = VERIFIER
  const { body } = await stranger.redeem(back, desk)
  return {
    stranger,
    artefacts: {
      request_uri,
      code: back.searchParams.get('code') ?? '',
      remit_at: String(body.access_token),
      remit_rt: String(body.refresh_token),
    },
  }
}

export function pushedUrl(issuer: string, client: string, requestUri: string): URL {
  const query = new URLSearchParams({ client_id: client, request_uri: requestUri })
  return new URL(`${issuer}/oauth/authorize?${query}`)
}

/** An approval that was not used, an answer that stands, and a question that waits. */
async function answers({ world }: Ways, task: OpenTask, token: string) {
  const fiona = await world.browser('fiona')
  const ask = async (path: string) =>
    assertRequestable(await world.agent.call(task, 'DELETE', path, { token })).page
  const approved = '/echo/things/approved'
  await fiona.submit(await fiona.get(await ask(approved)), /^Approve once/)
  const allowed = '/echo/things/allowed'
  const chosen = { often: 'needed', scope: 'task' }
  const spelled = await fiona.submit(
    await fiona.get(await ask(allowed)),
    /^Look at it first/,
    chosen,
  )
  assert.equal((await fiona.submit(spelled, /^Approve/)).status, 200)
  assert.equal((await world.agent.call(task, 'DELETE', allowed, { token })).status, 200)
  return { approved, allowed, waiting: await ask('/echo/things/waiting') }
}

async function endless({ world }: Ways, task: OpenTask, token: string): Promise<IncomingMessage> {
  world.echo.answer = (_, reply) => {
    reply.writeHead(200, { 'content-type': 'text/event-stream' })
    reply.write('data: one\n\n')
  }
  const stream = await world.agent.stream(task, 'GET', '/echo/things/endless', { token })
  await new Promise((resolve) => stream.once('data', resolve))
  world.echo.answer = undefined
  return stream
}

/** `cut`, or `end` when it ended by itself. */
export function howItEnds(stream: IncomingMessage): Promise<string> {
  return new Promise((resolve) => {
    stream.resume()
    stream.once('end', () => resolve('end'))
    stream.once('error', () => resolve('cut'))
  })
}
