import assert from 'node:assert/strict'
import { before, it } from 'node:test'
import type { Answer } from '../../wire.ts'
import { inOneWorld } from '../../world.ts'
import { ADMIN_BOB, ALICE, ARCHIVED, BOB, Pep, READ, READS, RECORD_1, WRITE } from './pdp.ts'

const EVALUATION = '/access/v1/evaluation'

/** Certification scenario, Basic: the numbers of its sections stand with each test. */
inOneWorld('AuthZEN certification, Basic', (world) => {
  let pep: Pep
  before(async () => {
    pep = await Pep.ofRecords(world())
  })

  /** `it` wants nothing back. */
  async function decides(decision: boolean, body: object): Promise<void> {
    await decided(decision, body)
  }

  async function decided(decision: boolean, body: object): Promise<Answer> {
    const answer = await pep.evaluate(body)
    assert.equal(answer.status, 200, answer.text)
    assert.match(answer.headers['content-type'] ?? '', /^application\/json/)
    assert.equal(answer.body.decision, decision, answer.text)
    assert.equal(typeof (answer.body.context ?? {}), 'object')
    return answer
  }

  async function refused(body: unknown, words: RegExp, over: Parameters<Pep['ask']>[2] = {}) {
    const answer = await pep.ask(EVALUATION, body, over)
    assert.equal(answer.status, 400, answer.text)
    assert.match(answer.text, words)
  }

  it('2.2.1 a fixture request that is permitted', () => decides(true, READS))
  it('2.2.2 a fixture request that is denied', () =>
    decides(false, { subject: BOB, action: WRITE, resource: RECORD_1 }))
  it('1.4 rules 2 and 3: alice writes, bob reads', async () => {
    await decides(true, { ...READS, action: WRITE })
    await decides(true, { ...READS, subject: BOB })
  })
  it('2.2.3 a context changes nothing', () =>
    decides(true, { ...READS, context: { time: '2025-06-27T18:03-07:00', ip: '192.168.1.1' } }))
  it('2.2.4 denied by properties of the resource', () =>
    decides(false, { subject: ALICE, action: WRITE, resource: ARCHIVED }))
  it('2.2.5 permitted by properties of the subject', () =>
    decides(true, { subject: ADMIN_BOB, action: WRITE, resource: ARCHIVED }))
  it('2.2.6 permitted by properties of the action', () =>
    decides(true, { ...READS, action: { name: 'delete', properties: { soft: true } } }))
  it('2.2.7 denied by properties of the action', () =>
    decides(false, { ...READS, action: { name: 'delete', properties: { soft: false } } }))
  it('2.2.8 more properties than anyone needs', () =>
    decides(true, {
      subject: { ...ALICE, properties: { department: 'Sales', role: 'manager' } },
      action: { ...READ, properties: { method: 'GET' } },
      resource: { ...RECORD_1, properties: { status: 'active', owner: 'bob' } },
    }))
  it('2.2.9 unknown members, at the top and inside', async () => {
    await decides(true, { ...READS, foo: 'bar', futureField: { nested: true } })
    await decides(true, {
      subject: { ...ALICE, foo: 1 },
      action: { ...READ, foo: [] },
      resource: { ...RECORD_1, foo: null },
    })
  })

  for (const [missing, words] of [
    ['subject', /`subject` is missing/],
    ['action', /`action` is missing/],
    ['resource', /`resource` is missing/],
  ] as const)
    it(`2.4.1 without ${missing}`, () => refused({ ...READS, [missing]: undefined }, words))

  for (const [body, words] of [
    [{ ...READS, subject: { id: 'alice' } }, /`subject.type` is missing/],
    [{ ...READS, subject: { type: 'user' } }, /`subject.id` is missing/],
    [{ ...READS, action: {} }, /`action.name` is missing/],
    [{ ...READS, resource: { id: 'record-1' } }, /`resource.type` is missing/],
    [{ ...READS, resource: { type: 'record' } }, /`resource.id` is missing/],
  ] as const)
    it(`2.4.2 ${words.source}`, () => refused(body, words))

  it('2.4.3 another content type, or none', async () => {
    for (const type of [
      'text/plain',
      'application/xml',
      'application/jsonx',
      'application/json; charset=latin1',
      'application/x-www-form-urlencoded',
      undefined,
    ])
      await refused(READS, /content type/, { type })
  })
  it('2.4.3 a charset that is UTF-8 is accepted', async () => {
    for (const type of ['application/json; charset=utf-8', 'Application/JSON;charset="UTF-8"']) {
      const { body } = await pep.ask(EVALUATION, READS, { type })
      assert.equal(body.decision, true)
    }
  })
  it('2.4.4 malformed JSON', async () => {
    for (const text of ['{"subject":', '{]', 'no', '{"a":1}{', "{'a':1}"])
      await refused(text, /input\.malformed/)
  })
  it('2.4.5 an empty body', () => refused('', /empty/))
  it('2.4.6 members of another type', async () => {
    await refused({ ...READS, subject: 'alice' }, /`subject` has to be an object/)
    await refused({ ...READS, action: { name: 123 } }, /`action.name` has to be a string/)
    await refused({ ...READS, resource: [RECORD_1] }, /`resource` has to be an object/)
    await refused({ ...READS, context: 'now' }, /`context` has to be an object/)
    await refused({ ...READS, subject: { ...ALICE, properties: [] } }, /`subject.properties`/)
    await refused({ ...READS, subject: null }, /`subject` has to be an object/)
    await refused({ ...READS, subject: { ...ALICE, id: '' } }, /1 to 1024 characters/)
  })

  it('a body that is no object', async () => {
    for (const text of [[READS], 'null', '"text"', '7', 'true'])
      await refused(text, /has to be a JSON object/)
  })
  it('what two parsers would read differently, or could not hold', async () => {
    await refused(JSON.stringify(READS).replace('{', '{"subject":{},'), /input\.duplicate_key/)
    await refused(
      { ...READS, context: { __entity: { type: 'user', id: 'bob' } } },
      /input\.forbidden_key/,
    )
    await refused(`{"context":${'{"a":'.repeat(40)}1${'}'.repeat(40)}}`, /input\.too_deep/)
    await refused(`{"context":${'['.repeat(100_000)}`, /input\.too_deep/)
    await refused(Buffer.from([0x7b, 0xff, 0x7d]), /not UTF-8/)
    await refused(`\ufeff${JSON.stringify(READS)}`, /byte order mark/)
    await refused({ ...READS, context: { text: 'x'.repeat(600_000) } }, /input\.too_large/)
    await refused({ ...READS, subject: { ...ALICE, id: 'x'.repeat(2_000) } }, /1024 characters/)
    await refused(READS, /content-encoding is not accepted/, {
      headers: [['Content-Encoding', 'gzip']],
    })
    await refused(
      { ...READS, subject: { ...ALICE, properties: { role: 7 } } },
      /does_not_fit: `\/role`/,
    )
  })
  it('another method is not offered', async () => {
    for (const method of ['GET', 'PUT', 'DELETE', 'PATCH']) {
      const answer = await pep.ask(EVALUATION, method === 'GET' ? '' : READS, { method })
      assert.equal(answer.status, 405)
      assert.equal(answer.headers.allow, 'POST')
    }
  })

  it('2.5.1 an X-Request-ID comes back, also with an error', async () => {
    const headers = [['X-Request-ID', 'bfe9eb29-ab87-4ca3-be83-a1d5d8305716']] as const
    for (const [body, over] of [
      [READS, {}],
      [{}, {}],
      [READS, { authorization: 'Bearer nobody' }],
      [READS, { method: 'PUT' }],
    ] as const) {
      const answer = await pep.ask(EVALUATION, body, { headers, ...over })
      assert.equal(answer.headers['x-request-id'], headers[0][1], String(answer.status))
    }
  })
  it('2.5.2 without one nothing fails', async () => {
    assert.equal((await decided(true, READS)).headers['x-request-id'], undefined)
  })
  it('2.6 the same request gets the same decision, each time', async () => {
    for (let i = 0; i < 5; i++) await decides(true, READS)
    for (let i = 0; i < 5; i++) await decides(false, { ...READS, subject: BOB, action: WRITE })
  })

  it('without a credential that counts: 401, and how to show one', async () => {
    for (const authorization of [
      undefined,
      '',
      'Bearer',
      'Bearer nobody',
      `Bearer pep_${'A'.repeat(43)}`,
      `Bearer ${pep.secret} ${pep.secret}`,
      `Digest ${pep.secret}`,
      `Basic ${Buffer.from('no colon').toString('base64')}`,
      `Basic ${Buffer.from(`other:${pep.secret}`).toString('base64')}`,
      'Bearer a.b.c',
    ]) {
      const answer = await pep.ask(EVALUATION, 'not even JSON', { authorization })
      assert.equal(answer.status, 401, authorization)
      assert.match(String(answer.headers['www-authenticate']), /Bearer realm=.*Basic realm=/)
      assert.ok(!answer.text.includes('JSON'), 'who asks comes first')
    }
    const twice = await pep.ask(EVALUATION, READS, { headers: [['Authorization', 'Bearer x']] })
    assert.equal(twice.status, 400, 'which of the two counts is not guessed')
  })
  it('its name and secret as HTTP Basic', async () => {
    const authorization = `Basic ${Buffer.from(`${pep.name}:${pep.secret}`).toString('base64')}`
    const { body } = await pep.ask(EVALUATION, READS, { authorization })
    assert.equal(body.decision, true)
  })
})
