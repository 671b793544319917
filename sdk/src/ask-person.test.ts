import assert from 'node:assert/strict'
import { it } from 'node:test'
import { askPerson, type Question } from './ask-person.ts'
import { CallFailed, Denied, UsageError } from './errors.ts'
import { aToken, ISSUER, NOW, type SentRequest, scripted } from './testing.ts'

const SERVER = {
  issuer: ISSUER,
  tokenEndpoint: `${ISSUER}/oauth/token`,
  backchannelEndpoint: `${ISSUER}/oauth/bc-authorize`,
}
const ASKED = { auth_req_id: 'q1', expires_in: 600, interval: 5 }

/** Remit, with what it answers to the question and to each poll. */
function remit(polls: readonly Response[], asked: () => Response = () => Response.json(ASKED)) {
  const answers = polls.values()
  const waited: number[] = []
  const network = scripted(({ url }) =>
    url === SERVER.backchannelEndpoint ? asked() : (answers.next().value ?? assert.fail('a poll')),
  )
  const ask = async (more: Partial<Question> = {}) => {
    const algorithm = { name: 'ECDSA', namedCurve: 'P-256' }
    const { privateKey } = await crypto.subtle.generateKey(algorithm, false, ['sign'])
    return askPerson({
      issuer: SERVER,
      agent: { id: 'bot', key: privateKey },
      person: 'sam@example.com',
      purpose: 'as on the phone',
      scope: 'orders.read',
      fetch: network.fetch,
      now: () => NOW,
      sleep: async (ms) => void waited.push(ms),
      ...more,
    })
  }
  return { ask, network, waited }
}

const waiting = (error: string, code?: string) => Response.json({ error, code }, { status: 400 })
const formOf = ({ body }: SentRequest) => new URLSearchParams(String(body))

it('a person is asked and waited for, as often as Remit wants it', async () => {
  const { ask, network, waited } = remit([
    waiting('authorization_pending', 'token.pending'),
    waiting('slow_down'),
    new Response(null, { status: 503 }),
    aToken('t'),
  ])
  const told: string[] = []
  const task = await ask({ onAsked: ({ requestId }) => void told.push(requestId) })
  assert.deepEqual([task.id, told, waited], ['tsk_1', ['q1'], [5_000, 5_000, 10_000, 10_000]])
  const [first, ...polls] = network.sent
  assert.equal(formOf(first ?? assert.fail()).get('login_hint'), 'sam@example.com')
  assert.ok(polls.every((each) => formOf(each).get('auth_req_id') === 'q1'))
  const unique = (of: (sent: SentRequest) => unknown) => new Set(network.sent.map(of)).size
  assert.deepEqual(
    [unique(({ proof }) => proof.jti), unique((each) => formOf(each).get('client_assertion'))],
    [5, 5],
  )
  const keyOf = ({ headers }: SentRequest) =>
    Buffer.from(headers.get('dpop')?.split('.')[0] ?? '', 'base64url').toString()
  assert.equal(unique(keyOf), 1, 'the key is bound when the question is asked')
})

it('no is no, and a question that was not asked is not waited for', async () => {
  for (const error of ['access_denied', 'expired_token', 'invalid_grant']) {
    const { ask, network } = remit([waiting(error)])
    await assert.rejects(ask(), (thrown) => thrown instanceof Denied && thrown.oauthError === error)
    assert.equal(network.sent.length, 2)
  }
  for (const asked of [
    () => Response.json({}),
    () => Response.json({ auth_req_id: 'q1', expires_in: 'x' }),
    () => new Response('<html>'),
    () => new Response(null, { status: 500 }),
  ]) {
    const { ask, network } = remit([], asked)
    await assert.rejects(ask(), CallFailed)
    assert.equal(network.sent.length, 1)
  }
})

it('waiting ends when nobody can answer any more, and when the caller has had enough', async () => {
  let now = NOW
  const polls = Array.from({ length: 50 }, () => new Response(null, { status: 503 }))
  await assert.rejects(
    remit(polls).ask({ now: () => (now += 100_000) }),
    CallFailed,
    'Remit out of reach',
  )
  const sleep = () => Promise.reject(new Error('enough'))
  await assert.rejects(remit([]).ask({ sleep }), { message: 'enough' })
})

it('a strange interval is none; a server that asks nobody is told', async () => {
  for (const interval of [0, -1, 1e9, 'x', null]) {
    const { ask, waited } = remit([aToken('t')], () => Response.json({ ...ASKED, interval }))
    await ask()
    assert.ok((waited[0] ?? 0) >= 5_000 && (waited[0] ?? 0) <= 60_000)
  }
  const { issuer, tokenEndpoint } = SERVER
  await assert.rejects(remit([]).ask({ issuer: { issuer, tokenEndpoint } }), UsageError)
})
