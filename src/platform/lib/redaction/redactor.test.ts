import assert from 'node:assert/strict'
import { describe, it, test } from 'node:test'
import fc from 'fast-check'
import { credentialTexts } from './credential-texts.ts'
import { Redactor } from './redactor.ts'

/**
 * Characters of credentials: printable ASCII (`isCredential`). The texts are as long as real ones.
 */
const printable = fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code))
const credential = fc.string({ unit: printable, minLength: 20, maxLength: 200 })

const hex = (letter: string, digits: number) =>
  letter.charCodeAt(0).toString(16).padStart(digits, '0')
const each = (text: string, write: (letter: string) => string) => Array.from(text, write).join('')
const signs = (text: string, write: (letter: string) => string) =>
  each(text, (letter) => (/[\w]/.test(letter) ? letter : write(letter)))
const json = (text: string) => JSON.stringify(text).slice(1, -1)
const html: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}
const escapeHtml = (text: string) => each(text, (letter) => html[letter] ?? letter)

/** Ways in which programs write a text into another one. */
const WRITINGS: Readonly<Record<string, (text: string) => string>> = {
  'as it is': (text) => text,
  JSON: json,
  'JSON of PHP': (text) => json(text).replaceAll('/', '\\/'),
  'JSON of .NET': (text) => signs(text, (letter) => `\\u${hex(letter, 4).toUpperCase()}`),
  'JSON, every letter': (text) => each(text, (letter) => `\\u${hex(letter, 4)}`),
  'JSON in JSON': (text) => json(json(text)),
  'JSON in JSON in JSON': (text) => json(json(json(text).replaceAll('/', '\\/'))),
  'a string of Python': (text) => signs(text, (letter) => `\\x${hex(letter, 2)}`),
  'percent-encoding': (text) => encodeURIComponent(text),
  'percent-encoding in lower case': (text) => signs(text, (letter) => `%${hex(letter, 2)}`),
  'percent-encoding of all': (text) => each(text, (letter) => `%${hex(letter, 2)}`),
  'percent-encoding, twice': (text) => encodeURIComponent(encodeURIComponent(text)),
  HTML: escapeHtml,
  'HTML, twice': (text) => escapeHtml(escapeHtml(text)),
  'HTML by number': (text) => signs(text, (letter) => `&#${letter.charCodeAt(0)};`),
  'HTML by hexadecimal number': (text) => each(text, (letter) => `&#x${hex(letter, 4)};`),
  'HTML in JSON': (text) => json(escapeHtml(text)),
}

/** Ways in which programs write bytes as text; what is around them goes in, too. */
const ENCODINGS: Readonly<Record<string, (bytes: Buffer) => string>> = {
  base64: (bytes) => bytes.toString('base64'),
  base64url: (bytes) => bytes.toString('base64url'),
  'base64 in lines': (bytes) => bytes.toString('base64').replaceAll(/.{76}/g, '$&\r\n'),
  'base64 in lines, in JSON': (bytes) =>
    json(bytes.toString('base64').replaceAll(/.{76}/g, '$&\n')),
  'base64 in JSON of PHP': (bytes) => bytes.toString('base64').replaceAll('/', '\\/'),
  'base64 in an address': (bytes) => encodeURIComponent(bytes.toString('base64')),
  hexadecimal: (bytes) => bytes.toString('hex'),
  'hexadecimal in upper case': (bytes) => bytes.toString('hex').toUpperCase(),
}

/** Redacts a text that arrives in these pieces. */
function redacted(redactor: Redactor, pieces: readonly Buffer[]): string {
  const stream = redactor.stream()
  return Buffer.concat([...pieces.map((piece) => stream.push(piece)), stream.rest()]).toString(
    'latin1',
  )
}

/** Cuts a text in two at every place. */
function* cuts(text: string): Generator<readonly Buffer[]> {
  const bytes = Buffer.from(text, 'latin1')
  for (let at = 0; at <= bytes.length; at++) yield [bytes.subarray(0, at), bytes.subarray(at)]
}

describe('a credential that is echoed does not reach the agent', () => {
  for (const [name, write] of Object.entries(WRITINGS))
    it(`written as ${name}, wherever the answer is cut`, () => {
      fc.assert(
        fc.property(credential, (secret) => {
          const written = write(secret)
          const blank = `{"echo":"${'*'.repeat(written.length)}"}`
          const redactor = new Redactor([secret])
          for (const pieces of cuts(`{"echo":"${written}"}`))
            assert.equal(redacted(redactor, pieces), blank)
        }),
        { numRuns: 5 },
      )
    })

  for (const [name, encode] of Object.entries(ENCODINGS))
    it(`encoded as ${name}, in any alignment, wherever the answer is cut`, () => {
      fc.assert(
        fc.property(credential, fc.nat(4), fc.nat(4), (secret, before, behind) => {
          const around = [Buffer.alloc(before, 'B'), Buffer.alloc(behind, 'E')] as const
          const text = encode(Buffer.concat([around[0], Buffer.from(secret), around[1]]))
          const redactor = new Redactor([secret])
          const whole = redacted(redactor, [Buffer.from(text)])
          assert.equal(whole.length, text.length)
          // At each end a character is left that is shared with what stands beside it. Of a long one, the end is blanked.
          const plain = (part: string) => part.replaceAll(/\\[nr]|[\r\n]/g, '')
          const longest = Math.floor((Math.min(secret.length, 96) * 4) / 3) - 4
          assert.match(plain(whole), new RegExp(`\\*{${longest},}.{0,16}$`))
          for (const pieces of cuts(text)) assert.equal(redacted(redactor, pieces), whole)
        }),
        { numRuns: 5 },
      )
    })

  it('one letter at a time, beside other secrets and letters that look alike', () => {
    const noise = fc.string({
      unit: fc.constantFrom('a', 'b', '\\', '%', '&', '#', 'u', '0', '/'),
      maxLength: 30,
    })
    const odd = fc.string({
      unit: fc.constantFrom('a', 'b', '\\', '%', '&', '/'),
      minLength: 20,
      maxLength: 40,
    })
    const write = fc.constantFrom(...Object.values(WRITINGS))
    fc.assert(
      fc.property(odd, credential, write, noise, (secret, other, write, before) => {
        const redactor = new Redactor([secret, other])
        const text = Buffer.from(`${before}"${write(secret)}" ${write(other)}"${before}`)
        const out = redacted(
          redactor,
          Array.from(text, (byte) => Buffer.from([byte])),
        )
        assert.equal(out, redacted(redactor, [text]))
        assert.equal(out.length, text.length)
        assert.ok(!redactor.finds(out), out)
        assert.ok(out.includes('*'.repeat(20)), out)
      }),
      { numRuns: 300 },
    )
  })
})

describe('an answer without the credential', () => {
  it('comes as it was, in the same pieces where none may be a beginning', () => {
    const redactor = new Redactor(['kEy/with+"odd" bytes~4711'])
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'binary', maxLength: 40 }), { maxLength: 6 }),
        (texts) => {
          const pieces = texts.map((text) => Buffer.from(text))
          assert.equal(redacted(redactor, pieces), Buffer.concat(pieces).toString('latin1'))
        },
      ),
    )
    const stream = redactor.stream()
    for (const event of ['data: {"n":1}\n\n', 'data: "a\\nb"\n\n', ': tick\n\n'])
      assert.equal(stream.push(Buffer.from(event)).toString(), event)
  })

  it('is not held back further than a credential is long, whatever it is made of', () => {
    const secret = 'x'.repeat(100)
    for (const part of [
      '\\',
      '%25',
      '&amp;',
      '&#0',
      'x',
      '\\u0078',
      '&#x000078;',
      '\\\\\\\\\\\\\\\\u0078',
    ])
      for (const size of [1, 97]) {
        const stream = new Redactor([secret]).stream()
        let held = 0
        const text = Buffer.from(part.repeat(400))
        for (let at = 0; at < text.length; at += size) {
          const piece = text.subarray(at, at + size)
          held += piece.length - stream.push(piece).length
          assert.ok(held <= 32 * secret.length, `${held} bytes of ${part}`)
        }
        assert.equal(stream.rest().length, held)
      }
  })

  it('is passed on at once where nothing was injected', () => {
    const stream = new Redactor(['', '']).stream()
    assert.equal(stream.push(Buffer.from('data: tick\n\n')).toString(), 'data: tick\n\n')
    assert.equal(new Redactor([]).text('anything'), 'anything')
  })
})

test('short secrets are blanked as they are only', () => {
  assert.equal(new Redactor(['pw']).text('pw and cHc='), '** and cHc=')
})

test('a credential is looked for without its scheme, and as what Basic makes of it', () => {
  assert.deepEqual(credentialTexts('Bearer abcdefgh'), ['abcdefgh'])
  assert.deepEqual(credentialTexts('token abc'), ['token abc'])
  assert.deepEqual(credentialTexts('key with spaces'), ['with spaces'])
  const basic = Buffer.from('ada:correct-horse').toString('base64')
  assert.deepEqual(credentialTexts(`Basic ${basic}`), [basic, 'ada:correct-horse', 'correct-horse'])
})
