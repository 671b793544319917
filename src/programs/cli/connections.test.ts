import assert from 'node:assert/strict'
import { text } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import { Secret } from '../../platform/lib/secret.ts'
import { StoredSessions } from './server/sessions.ts'
import { fakeServer, testCli } from './testing.ts'

const DAY = 86_400_000

/** Command line signed in at a server that answers with a connection that expires in so many milliseconds. */
async function signedIn(t: TestContext, left: number | null | readonly (number | null)[]) {
  const asked: { readonly path: string; readonly body: Readonly<Record<string, unknown>> }[] = []
  const url = await fakeServer(t, async (request, reply) => {
    const body = await text(request)
    asked.push({ path: `${request.method} ${request.url}`, body: body ? JSON.parse(body) : {} })
    const shown = [left].flat().map((each, i) => ({
      ...{ name: `key-${i}`, kind: 'bearer', header: 'authorization' },
      ...{ created_at: at(-400 * DAY), replaced_at: i === 0 ? null : at(-2 * DAY) },
      expires_at: each === null ? null : at(each),
    }))
    reply.setHeader('content-type', 'application/json')
    reply.end(JSON.stringify(request.method === 'GET' ? { connections: shown } : shown[0]))
  })
  const cli = await testCli(t, { REMIT_URL: url })
  const { clock } = cli.world
  const now = clock.now()
  const at = (ms: number) => new Date(now + ms).toISOString()
  const session = { url, token: new Secret('session-token'), expiresAt: at(3_600_000) }
  await new StoredSessions(cli.world).keep(session)
  return { ...cli, asked, at }
}

test('a date is sent as a time, and it is said from whom the date is', async (t) => {
  const dated = await signedIn(t, 90 * DAY)
  for (const command of [
    ['add', 'k', '--bearer'],
    ['replace', 'k'],
  ]) {
    const told = await dated.piped('s3cret\n', 'connections', ...command, '--expires', '90d')
    assert.equal(told.exit, 0, told.said)
    assert.match(told.said, /it expires \d{4}-\d\d-\d\d [^\n]*$/m)
    assert.doesNotMatch(told.said, /itself|s3cret/)
    assert.equal(dated.asked.at(-1)?.body.secret, 's3cret')
    const sent = Date.parse(String(dated.asked.at(-1)?.body.expires_at))
    assert.ok(Math.abs(sent - Date.parse(dated.at(90 * DAY))) < DAY)
    const stated = await dated.piped('s3cret\n', 'connections', ...command)
    assert.match(stated.said, /it expires .*, as it says itself$/m)
    assert.equal(dated.asked.at(-1)?.body.expires_at, undefined)
  }
  assert.deepEqual(
    dated.asked.map(({ path }) => path).filter((_, i) => i % 2 === 0),
    ['POST /api/v1/connections', 'PUT /api/v1/connections/k/credential'],
  )
  const over = await signedIn(t, -DAY)
  const said = await over.piped('s3cret\n', 'connections', 'add', 'k', '--bearer')
  assert.match(said.said, /it expired .*, as it says itself$/m)
  const silent = await signedIn(t, null)
  const nothing = await silent.piped('s3cret\n', 'connections', 'replace', 'k')
  assert.match(nothing.said, /if it expires, say when: remit connections expiry key-0 90d/)
})

test('a date is set and taken back without the credential', async (t) => {
  const cli = await signedIn(t, 90 * DAY)
  const set = await cli.remit('connections', 'expiry', 'k', '2027-06-01T00:00:00Z')
  assert.equal(set.exit, 0, set.said)
  assert.match(set.said, /key-0 expires /)
  const unset = await cli.remit('connections', 'expiry', 'k', '--unknown')
  assert.equal(unset.exit, 0, unset.said)
  assert.deepEqual(cli.asked, [
    {
      path: 'PUT /api/v1/connections/k/expiry',
      body: { expires_at: '2027-06-01T00:00:00.000Z' },
    },
    { path: 'PUT /api/v1/connections/k/expiry', body: { expires_at: null } },
  ])
  for (const wrong of [['k'], ['k', 'soon'], ['k', '90d', '--unknown']])
    assert.equal((await cli.remit('connections', 'expiry', ...wrong)).exit, 2, wrong.join(' '))
  assert.equal(cli.asked.length, 2)
})

test('the list says what expires, what has expired, and of what nobody said it', async (t) => {
  const cli = await signedIn(t, [null, 90 * DAY, -DAY])
  const { out } = await cli.remit('connections', 'list')
  const [head = '', ...rows] = out.trimEnd().split('\n')
  assert.match(head, /^ *NAME +KIND +HEADER +SINCE +EXPIRES$/)
  assert.match(rows[0] ?? '', /key-0 .*not known$/)
  assert.match(rows[1] ?? '', /key-1 .*\d{4}-\d\d-\d\d/)
  assert.doesNotMatch(rows[1] ?? '', /expired/)
  assert.match(rows[2] ?? '', /key-2 .*expired \d{4}-/)
})
