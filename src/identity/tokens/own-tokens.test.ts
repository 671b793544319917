import assert from 'node:assert/strict'
import { generateKeyPairSync, sign } from 'node:crypto'
import { describe, test } from 'node:test'
import type { Detail, TypedArguments } from '@remit/engine'
import fc from 'fast-check'
import { decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose'
import { importPublicJwk } from '../../platform/jose/index.ts'
import type { SigningKey } from '../../platform/keys/index.ts'
import { manualClock } from '../../platform/lib/clock.ts'
import { systemRandom } from '../../platform/lib/random.ts'
import { HOUR } from '../../platform/lib/time-units.ts'
import { checkProof } from '../possession/dpop-proof.ts'
import type { MintParts, OwnTokens } from './access-token.ts'
import type { ActClaim, TokenParties } from './parties.ts'
import { checkResourceToken, mintResourceToken, type ResourceGrant } from './resource-token.ts'
import { checkTaskToken, mintTaskToken, type TaskGrant } from './task-token.ts'
import {
  checkTransactionToken,
  mintTransactionToken,
  type TransactionGrant,
} from './transaction-token.ts'

const NOW = Date.UTC(2026, 0, 1, 12, 0, 0, 999)
const NOW_SECONDS = Math.floor(NOW / 1000)
const clock = manualClock(NOW)
const random = systemRandom
const issuer = 'https://remit.example'
const orders = 'https://gw.example/orders'
const domain = 'remit.example'

const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const {
  jwk,
  key: publicKey,
  thumbprint,
} = importPublicJwk(pair.publicKey.export({ format: 'jwk' }))
const kid = 'key_AAAAAAAAAAAAAAAAAAAAAA'
const rawSign = (data: Uint8Array) =>
  sign('sha256', data, { key: pair.privateKey, dsaEncoding: 'ieee-p1363' })
const key: SigningKey = {
  kid,
  alg: 'ES256',
  publicJwk: { ...jwk, kid, alg: 'ES256', use: 'sig' },
  sign: async (data) => rawSign(data),
}
const minting: MintParts = { key, issuer, clock, random }
const own: OwnTokens = {
  issuer,
  clock,
  keys: { find: (id) => (id === kid ? publicKey : undefined) },
}

const person = {
  id: 'psn_AAAAAAAAAAAAAAAAAAAAAA',
  known: { issuer: 'https://idp.example', subject: 'amy' },
} as const
/** An agent of another organization that is called like one of ours. */
const theirs = { iss: 'https://acme.example', sub: 'refund-bot' }
const parties: TokenParties = { person, chain: ['refund-bot'] }
const task = { id: 'tsk_AAAAAAAAAAAAAAAAAAAAAA', purpose: 'refund order 1042' } as const
const details: Detail[] = [
  {
    type: 'remit_call',
    locations: [orders],
    actions: ['orders.refund'],
    bounds: [{ path: '/amount', op: 'lte', value: '1000.00' }],
  },
]
const args: TypedArguments = new Map([
  ['order_id', { kind: 'string', value: '1042' }],
  ['amount', { kind: 'decimal', text: '40.00' }],
  ['lines', { kind: 'set', items: [{ kind: 'integer', text: '9007199254740993' }] }],
  ['notify', { kind: 'boolean', value: true }],
  [
    'at',
    {
      kind: 'record',
      fields: new Map([['day', { kind: 'datetime', text: '2026-01-01T00:00:00Z' }]]),
    },
  ],
])

const taskGrant: TaskGrant = { parties, task, details, thumbprint, deadline: NOW + HOUR }
const resourceGrant: ResourceGrant = {
  parties,
  task: { ...task, ep: 'AAAAAAAAAAAAAAAAAAAAAA' },
  resource: orders,
  details,
  thumbprint,
  notAfter: NOW + HOUR,
}
const transactionGrant: TransactionGrant = {
  decisionId: 'dec_AAAAAAAAAAAAAAAAAAAAAA',
  trustDomain: domain,
  gateway: 'https://gw.example',
  parties,
  task,
  location: orders,
  action: 'orders.refund',
  arguments: args,
  notAfter: NOW + HOUR,
}

/** Any claims under any type, signed with our key: what our own checks must tell apart without help. */
function forge(typ: string, claims: object): string {
  const input = [{ alg: 'ES256', typ, kid }, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.')
  return `${input}.${rawSign(Buffer.from(input)).toString('base64url')}`
}

const act: ActClaim = { iss: issuer, sub: 'refund-bot', sub_profile: 'ai_agent' }
const personClaims = {
  sub: person.id,
  sub_profile: 'user',
  sub_id: { format: 'iss_sub', iss: 'https://idp.example', sub: 'amy' },
  act,
}

describe('contract 4, claim by claim', () => {
  test('the task token', async () => {
    const { token, id, expiresIn } = await mintTaskToken(minting, taskGrant)
    assert.deepEqual(decodeProtectedHeader(token), { alg: 'ES256', typ: 'at+jwt', kid })
    const expected = {
      iss: issuer,
      aud: issuer,
      ...personClaims,
      client_id: task.id,
      authorization_details: details,
      cnf: { jkt: thumbprint },
      task,
      iat: NOW_SECONDS,
      exp: NOW_SECONDS + 3600,
      jti: id,
    }
    assert.deepEqual(decodeJwt(token), expected)
    assert.deepEqual(await checkTaskToken(token, own), expected)
    assert.equal(expiresIn, 3600)
  })

  test('the resource token: one audience, at most 300 seconds, the epochs', async () => {
    const { token, id, expiresIn } = await mintResourceToken(minting, {
      ...resourceGrant,
      scope: 'orders.refund',
    })
    const expected = {
      iss: issuer,
      aud: orders,
      ...personClaims,
      client_id: task.id,
      authorization_details: details,
      scope: 'orders.refund',
      cnf: { jkt: thumbprint },
      task: { ...task, ep: 'AAAAAAAAAAAAAAAAAAAAAA' },
      iat: NOW_SECONDS,
      exp: NOW_SECONDS + 300,
      jti: id,
    }
    assert.deepEqual(decodeJwt(token), expected)
    assert.deepEqual(await checkResourceToken(token, orders, own), expected)
    assert.equal(expiresIn, 300)
    await jwtVerify(token, pair.publicKey, {
      typ: 'at+jwt',
      issuer,
      audience: orders,
      currentDate: new Date(NOW),
    })
  })

  test('the transaction token: this call only, arguments as exact text, at most 60 seconds, no key', async () => {
    const { token, id, expiresIn } = await mintTransactionToken(minting, transactionGrant)
    const expected = {
      iss: issuer,
      aud: domain,
      iat: NOW_SECONDS,
      exp: NOW_SECONDS + 60,
      txn: transactionGrant.decisionId,
      ...personClaims,
      scope: 'orders.refund',
      req_wl: 'https://gw.example',
      tctx: {
        task,
        location: orders,
        action: 'orders.refund',
        arguments: {
          order_id: '1042',
          amount: '40.00',
          lines: ['9007199254740993'],
          notify: true,
          at: { day: '2026-01-01T00:00:00Z' },
        },
      },
    }
    assert.equal(decodeProtectedHeader(token).typ, 'txntoken+jwt')
    assert.deepEqual(decodeJwt(token), expected)
    assert.deepEqual(await checkTransactionToken(token, domain, own), expected)
    assert.deepEqual([id, expiresIn], [transactionGrant.decisionId, 60])
  })

  test('lives end with what they hang on, rounded down', async () => {
    const end = NOW + 10_500
    const { token } = await mintResourceToken(minting, { ...resourceGrant, notAfter: end })
    assert.equal(decodeJwt(token).exp, NOW_SECONDS + 11)
    assert.equal(Math.floor(end / 1000), NOW_SECONDS + 11)
    for (const mint of [
      () => mintTaskToken(minting, { ...taskGrant, deadline: NOW }),
      () => mintResourceToken(minting, { ...resourceGrant, notAfter: NOW - 1 }),
      () => mintTransactionToken(minting, { ...transactionGrant, notAfter: 0 }),
    ])
      await assert.rejects(mint(), { code: 'token.expired' })
  })

  test('a task of a task says so', async () => {
    const parent = 'tsk_BBBBBBBBBBBBBBBBBBBBBB'
    const { token } = await mintTaskToken(minting, { ...taskGrant, task: { ...task, parent } })
    assert.equal((await checkTaskToken(token, own)).task.parent, parent)
  })

  test('no two tokens have the same id', async () => {
    const ids = await Promise.all(
      Array.from({ length: 50 }, async () => (await mintTaskToken(minting, taskGrant)).id),
    )
    assert.equal(new Set(ids).size, 50)
  })

  test('a token that servers would refuse for its size is not minted', async () => {
    const many = Array.from({ length: 200 }, () => details).flat()
    await assert.rejects(mintTaskToken(minting, { ...taskGrant, details: many }), {
      code: 'token.too_large',
    })
  })
})

describe('who acts for whom', () => {
  const claimsOf = async (grant: TokenParties) => {
    const { token } = await mintTaskToken(minting, { ...taskGrant, parties: grant })
    const claims = await checkTaskToken(token, own)
    assert.deepEqual(claims, decodeJwt(token))
    return claims
  }

  test('X8: the chain nests with the current agent outermost, for every length up to five', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.stringMatching(/^[a-z]{2,8}$/), { minLength: 1, maxLength: 5 }),
        fc.boolean(),
        async (chain, present) => {
          const claims = await claimsOf(present ? { person, chain } : { chain })
          const said: string[] = []
          for (let link = claims.act; link; link = link.act) said.push(link.sub)
          if (!present) said.push(claims.sub)
          assert.deepEqual(said, chain)
          assert.equal(claims.sub_profile, present ? 'user' : 'ai_agent')
        },
      ),
      { numRuns: 30 },
    )
  })

  test('an autonomous task names its agent as subject, and nobody else until a child nests', async () => {
    const alone = await claimsOf({ chain: ['night-bot'], sponsor: 'psn_ada' })
    assert.equal(alone.act, undefined)
    assert.deepEqual(alone.sponsor, { format: 'iss_sub', iss: issuer, sub: 'psn_ada' })
    const nested = await claimsOf({ chain: ['child-bot', 'night-bot'] })
    assert.deepEqual(
      [nested.sub, nested.act?.sub, nested.act?.act],
      ['night-bot', 'child-bot', undefined],
    )
  })

  test('six agents are too many', async () => {
    const chain = ['a', 'b', 'c', 'd', 'e', 'f']
    await assert.rejects(claimsOf({ person, chain }), { code: 'token.chain_too_deep' })
    await assert.rejects(claimsOf({ chain }), { code: 'token.chain_too_deep' })
  })

  test('those of others stand behind ours as they came, and count among the five', async () => {
    const actors = [theirs, { ...theirs, sub: 'planner', sub_profile: 'service ai_agent' }]
    const claims = await claimsOf({ person, chain: ['a', 'b', 'c'], actors })
    assert.deepEqual(claims.act?.act?.act?.act, { ...actors[0], act: actors[1] })
    for (const given of [
      { person, chain: ['a', 'b', 'c', 'd'], actors },
      { person, chain: ['a'], actors: [...actors, ...actors] },
    ]) {
      const deep = claimsOf(given)
      if (given.chain.length + given.actors.length > 5)
        await assert.rejects(deep, { code: 'token.chain_too_deep' })
      else await deep
    }
    await assert.rejects(claimsOf({ chain: ['a'], actors }), TypeError)
  })

  test('a token of ours with six actors is refused', async () => {
    const six = Array.from({ length: 6 }).reduce<object | undefined>(
      (inner) => ({ ...act, ...(inner && { act: inner }) }),
      undefined,
    )
    const { token } = await mintTaskToken(minting, taskGrant)
    const forged = forge('at+jwt', { ...decodeJwt(token), act: six })
    await assert.rejects(checkTaskToken(forged, own), { code: 'token.chain_too_deep' })
  })

  const FORGED: Record<string, object> = {
    'a person without an agent': { act: undefined },
    'an actor of another issuer': { act: { ...act, iss: 'https://evil.example' } },
    'an actor that is a person': { act: { ...act, sub_profile: 'user' } },
    'an actor without a name': { act: { ...act, sub: '' } },
    'an actor that is a text': { act: 'refund-bot' },
    'an actor that is a list': { act: [act] },
    'an actor of others before ours': { act: { ...theirs, act } },
    'an actor of ours behind one of others': { act: { ...act, act: { ...theirs, act } } },
    'an actor of others with more than a name': { act: { ...act, act: { ...theirs, x: 1 } } },
    'an actor of ours without a kind': { act: { ...act, sub_profile: undefined } },
    'a subject of no kind': { sub_profile: undefined },
    'an agent with a person inside': { sub_profile: 'ai_agent' },
    'a person, and a sponsor': { sponsor: { format: 'iss_sub', iss: issuer, sub: 'psn_ada' } },
    ...Object.fromEntries(
      [
        { format: 'email', email: 'a@b.example' },
        { format: 'iss_sub', iss: 'https://evil.example', sub: 'psn_ada' },
        { format: 'iss_sub', iss: issuer, sub: '' },
        { format: 'iss_sub', iss: issuer, sub: 'psn_ada', more: 1 },
        'psn_ada',
      ].map((sponsor, i) => [
        `a sponsor that is none, ${i}`,
        { sub: 'night-bot', sub_profile: 'ai_agent', sub_id: undefined, act: undefined, sponsor },
      ]),
    ),
    'a person of unknown origin': { sub_id: undefined },
    'a name for one audience, and who that is': { sub: 'pairwise_x' },
    'no subject': { sub: undefined },
    'a way of proving that is no text': { acr: 1 },
    'a time of proving that is no time': { auth_time: '1' },
    'a time of proving with a fraction': { auth_time: 1.5 },
    'a client that is not a task': { client_id: 'refund-bot' },
    'a client that is another task': { client_id: 'tsk_BBBBBBBBBBBBBBBBBBBBBB' },
    'no key': { cnf: undefined },
    'a key that is not a thumbprint': { cnf: { jkt: 'x' } },
    'no details': { authorization_details: undefined },
    'details with an unknown member': { authorization_details: [{ ...details[0], extra: 1 }] },
    'details to delegate': { authorization_details: [{ ...details[0], type: 'remit_delegate' }] },
    'a list of scopes': { scope: ['orders.read'] },
    'no id': { jti: undefined },
    'no task': { task: undefined },
    'no purpose': { task: { id: task.id } },
    'a parent that is not a task': { task: { ...task, parent: 'dec_AAAAAAAAAAAAAAAAAAAAAA' } },
    'epochs in a task token': { task: { ...task, ep: 'x' } },
  }
  for (const [name, changes] of Object.entries(FORGED)) {
    test(`a token of ours with ${name} is refused`, async () => {
      const { token } = await mintTaskToken(minting, taskGrant)
      const forged = forge('at+jwt', { ...decodeJwt(token), ...changes })
      await assert.rejects(checkTaskToken(forged, own), { code: 'token.malformed' })
    })
  }

  test('a resource token without epochs is refused', async () => {
    const { token } = await mintResourceToken(minting, resourceGrant)
    const forged = forge('at+jwt', { ...decodeJwt(token), task })
    await assert.rejects(checkResourceToken(forged, orders, own), { code: 'token.malformed' })
  })

  test('a transaction token whose purpose is another action, or with a number as argument, is refused', async () => {
    const { token } = await mintTransactionToken(minting, transactionGrant)
    const claims = decodeJwt(token)
    const tctx = { ...Object(claims.tctx), arguments: { amount: 40 } }
    for (const changes of [
      { scope: 'orders.read' },
      { tctx },
      { txn: task.id },
      { tctx: undefined },
    ])
      await assert.rejects(
        checkTransactionToken(forge('txntoken+jwt', { ...claims, ...changes }), domain, own),
        {
          code: 'token.malformed',
        },
      )
  })
})

describe('no token passes for another', () => {
  const url = 'https://remit.example/oauth/token'
  const times = { iat: NOW_SECONDS, exp: NOW_SECONDS + 60 }
  const proofClaims = { jti: 'j', htm: 'POST', htu: url, iat: NOW_SECONDS }
  const forgeProof = (claims: object) => {
    const input = [
      { alg: 'ES256', typ: 'dpop+jwt', jwk: pair.publicKey.export({ format: 'jwk' }) },
      claims,
    ]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.')
    return `${input}.${rawSign(Buffer.from(input)).toString('base64url')}`
  }
  const MADE: Record<string, () => Promise<string> | string> = {
    'a task token': async () => (await mintTaskToken(minting, taskGrant)).token,
    'a resource token': async () => (await mintResourceToken(minting, resourceGrant)).token,
    'a transaction token': async () =>
      (await mintTransactionToken(minting, transactionGrant)).token,
    'a proof': () => forgeProof(proofClaims),
    'an ID token': () => forge('JWT', { iss: issuer, aud: issuer, sub: person.id, ...times }),
    'a client assertion': () =>
      forge('client-authentication+jwt', {
        iss: 'refund-bot',
        sub: 'refund-bot',
        aud: issuer,
        jti: 'j',
        ...times,
      }),
    'a child ticket': () =>
      forge('remit-ticket+jwt', { iss: issuer, aud: issuer, sub: person.id, jti: 'j', ...times }),
    'a logout token': () =>
      forge('logout+jwt', { iss: issuer, aud: issuer, sub: person.id, jti: 'j', ...times }),
    'an identity assertion': () =>
      forge('oauth-id-jag+jwt', { iss: issuer, aud: issuer, sub: person.id, jti: 'j', ...times }),
    'an attestation': () =>
      forge('oauth-client-attestation+jwt', { iss: issuer, sub: 'refund-bot', ...times }),
    'an answer of introspection': () =>
      forge('token-introspection+jwt', { iss: issuer, aud: orders, ...times }),
  }
  const CHECKS: Record<string, (token: string) => Promise<unknown>> = {
    'a task token': (token) => checkTaskToken(token, own),
    'a resource token': (token) => checkResourceToken(token, orders, own),
    'a transaction token': (token) => checkTransactionToken(token, domain, own),
    'a proof': (token) => checkProof(token, { method: 'POST', url, clock }),
  }

  test('T5: every token at every check: only its own accepts it', async () => {
    for (const [made, make] of Object.entries(MADE))
      for (const [name, check] of Object.entries(CHECKS)) {
        const token = await make()
        if (made === name) await check(token)
        else await assert.rejects(check(token), { name: 'Problem' }, `${made} as ${name}`)
      }
  })

  test('T5: all claims of all types together, under every type: the type alone decides', async () => {
    const everything = {}
    for (const make of Object.values(MADE)) Object.assign(everything, decodeJwt(await make()))
    const audiences = {
      'a task token': issuer,
      'a resource token': orders,
      'a transaction token': domain,
    }
    for (const typ of [
      'at+jwt',
      'txntoken+jwt',
      'dpop+jwt',
      'JWT',
      'client-authentication+jwt',
      'remit-ticket+jwt',
      'logout+jwt',
      'oauth-id-jag+jwt',
      'oauth-client-attestation+jwt',
      'oauth-client-attestation-pop+jwt',
      'token-introspection+jwt',
      'pep-authentication+jwt',
      'login-hint+jwt',
      'secevent+jwt',
    ])
      for (const [name, aud] of Object.entries(audiences)) {
        const right = name === 'a transaction token' ? 'txntoken+jwt' : 'at+jwt'
        if (typ === right) continue
        const token = forge(typ, { ...everything, iss: issuer, aud })
        await assert.rejects(
          async () => CHECKS[name]?.(token),
          { code: 'token.wrong_type' },
          `${typ} as ${name}`,
        )
      }
  })

  test('a token for one resource is refused at another, and at Remit itself', async () => {
    const { token } = await mintResourceToken(minting, resourceGrant)
    for (const other of [issuer, `${orders}/`, `${orders}x`, 'https://gw.example/payroll', ''])
      await assert.rejects(checkResourceToken(token, other, own), { code: 'token.wrong_audience' })
    await assert.rejects(checkTaskToken(token, own), { code: 'token.wrong_audience' })
  })

  test('a key that is no longer published verifies nothing', async () => {
    const { token } = await mintTaskToken(minting, taskGrant)
    const keys = { find: () => undefined }
    await assert.rejects(checkTaskToken(token, { ...own, keys }), { code: 'token.unknown_key' })
  })
})
