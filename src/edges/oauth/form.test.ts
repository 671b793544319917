import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { ATTESTED } from '../../identity/agent-authentication/index.ts'
import { parseForm, readOauthForm, refuseParameters, required } from './form.ts'

const BAD = { code: 'oauth.invalid_request' }
const FORM = 'application/x-www-form-urlencoded'

/** A request with a body that comes in one piece. */
function request(body: string | Buffer, type: string | undefined = FORM): IncomingMessage {
  const message = Readable.from([Buffer.from(body)])
  const headers = type === undefined ? {} : { 'content-type': type }
  return Object.assign(message, { headers, complete: true }) as unknown as IncomingMessage // as: all that is read of it
}

test('parameters are decoded, and an empty one counts as absent', () => {
  const form = parseForm('scope=a+b&name=%C3%A9&empty=&bare&path=/a-b.c~d_e:f')
  assert.deepEqual(
    [...form],
    [
      ['scope', 'a b'],
      ['name', 'é'],
      ['path', '/a-b.c~d_e:f'],
    ],
  )
  assert.equal(parseForm('').size, 0)
  assert.deepEqual([...parseForm('bare&bar=1')], [['bar', '1']])
  assert.deepEqual(
    [...parseForm('a+b=1&a%3Db=+')],
    [
      ['a b', '1'],
      ['a=b', ' '],
    ],
  )
  assert.deepEqual([...parseForm('a=b=c')], [['a', 'b=c']])
})

test('a parameter that comes twice is refused, also where one of them is empty or written otherwise', () => {
  for (const text of ['a=1&a=2', 'a=1&a=1', 'a=&a=1', 'a&a', 'a=1&%61=2', 'a&a=1', '%61&a=1'])
    assert.throws(() => parseForm(text), BAD, text)
})

test('what is not well-formed is refused', () => {
  for (const text of ['=1', '&a=1', 'a=1&', 'a=%', 'a=%zz', 'a=%ff', '%ff=a', 'a=%00', '%00=a'])
    assert.throws(() => parseForm(text), BAD, text)
})

test('a name that comes twice is told by its first 40 characters', () => {
  const name = 'x'.repeat(41)
  const told = { ...BAD, detail: `parameter \`${'x'.repeat(40)}\` occurs twice` }
  assert.throws(() => parseForm(`${name}=1&${name}=2`), told)
})

test('forty parameters are taken, and no more', () => {
  const named = (count: number) => Array.from({ length: count }, (_, i) => `p${i}=1`).join('&')
  assert.equal(parseForm(named(40)).size, 40)
  assert.throws(() => parseForm(named(41)), BAD)
})

test('a body is a form by its type, in UTF-8 if that says a charset', async () => {
  for (const type of [FORM, `${FORM};charset=utf-8`, `${FORM.toUpperCase()} ; charset=UTF-8`]) {
    const { form, text } = await readOauthForm(request('a=1', type))
    assert.deepEqual([form.get('a'), text], ['1', 'a=1'])
  }
  for (const type of ['', 'application/json', `${FORM}; charset=latin1`, `${FORM}x`, `x${FORM}`])
    await assert.rejects(readOauthForm(request('a=1', type)), BAD, type)
  const without = request('a=1')
  Object.assign(without, { headers: {} })
  await assert.rejects(readOauthForm(without), BAD)
})

test('a body of 128 KiB is taken, and no longer one; bytes that are no UTF-8 are refused', async () => {
  const most = 128 * 1024
  const { text } = await readOauthForm(request(`a=${'x'.repeat(most - 2)}`))
  assert.equal(text.length, most)
  const tooLarge = readOauthForm(request(`a=${'x'.repeat(most - 1)}`))
  await assert.rejects(tooLarge, { code: 'input.too_large' })
  await assert.rejects(readOauthForm(request(Buffer.from([0x61, 0x3d, 0xff]))), {
    code: 'input.malformed',
  })
  const marked = await readOauthForm(request('\ufeffa=1'))
  assert.deepEqual([...marked.form.keys()], ['\ufeffa'], 'a byte order mark is part of the name')
})

test('a form never says that an attestation came in a header', async () => {
  const text = `client_assertion_type=${encodeURIComponent(ATTESTED)}&client_assertion=x`
  await assert.rejects(readOauthForm(request(text)), BAD)
  await readOauthForm(request('client_assertion_type=other'))
})

test('a parameter that is needed is named where it is missing, and one that is not taken where it is there', () => {
  const form = parseForm('a=1&b=')
  assert.equal(required(form, 'a'), '1')
  assert.throws(() => required(form, 'b'), { ...BAD, detail: 'parameter `b` is missing' })
  refuseParameters(form, ['b', 'c'], 'is not accepted here')
  const told = { ...BAD, detail: '`a` is not accepted here' }
  assert.throws(() => refuseParameters(form, ['c', 'a'], 'is not accepted here'), told)
})
