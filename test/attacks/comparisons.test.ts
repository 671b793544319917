import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

const root = join(import.meta.dirname, '..', '..')
const ROOMS = ['src', 'sdk/src']

/** Names of what somebody could guess a part of, if a comparison told how far it got. */
const SECRET =
  /(?:secret|password|passphrase|csrf|verifier|cookie|bearer|credential|hmac|mac|token|apikey)$/i
/** Operands that say nothing about a secret which is compared with them. */
const HARMLESS =
  /^(?:undefined|null|true|false|['"`\d].*|typeof\b.*|[\w.]+\.(?:length|size)|[A-Z][A-Z_]+)$/
/** Files in which nobody can guess: both sides are the same party's. */
const OF_ONE_PARTY: Readonly<Record<string, string>> = {
  'src/programs/doctor/checks/settings-checks.ts':
    'whether a password is its user, both of the same settings',
  'src/identity/identity-providers/register-provider.ts':
    'whether an administrator’s settings changed',
  'sdk/src/task/resource-tokens.ts': 'whether an agent still holds the token that it holds',
}

interface Comparison {
  readonly left: string
  readonly right: string
}

/** Each comparison in a text, by the names on both sides. */
function comparisonsIn(text: string): Comparison[] {
  const name = String.raw`[\w$.?]+(?:\([^()\n]*\))?`
  const right = String.raw`(?:[\w$.?]+(?:\([\w$.?]*\))?|'[^']*'|"[^"]*")`
  const pattern = new RegExp(`(${name})\\s*[!=]==?\\s*(${right})`, 'g')
  return [...text.matchAll(pattern)].map(([, a = '', b = '']) => ({
    left: bare(a),
    right: bare(b),
  }))
}

/** Drops the arguments of a call, and keeps what is called. */
function bare(side: string): string {
  return side.startsWith("'") || side.endsWith('.reveal()') ? side : side.replace(/\(.*/, '')
}

function comparesSecrets({ left, right }: Comparison): boolean {
  if (left.endsWith('.reveal()') || right.endsWith('.reveal()')) return true
  const sides = [left, right]
  return sides.some((one) => SECRET.test(one)) && !sides.some((one) => HARMLESS.test(one))
}

/**
 * Files that read a text that somebody wrote, not a credential: the words of a policy, of JSON, of
 * a form.
 */
const WORDS_OF_TEXT = [
  'src/policy/policy/',
  'src/console/pages/frame/',
  'src/platform/lib/json-parser.ts',
]

function* sources(): Generator<string> {
  for (const room of ROOMS)
    for (const file of readdirSync(join(root, room), { recursive: true, encoding: 'utf8' })) {
      const path = `${room}/${file.replaceAll('\\', '/')}`
      if (!path.endsWith('.ts') || /\.test\.ts$|testing/.test(path)) continue
      if (!WORDS_OF_TEXT.some((one) => path.startsWith(one))) yield path
    }
}

test('T10: a secret is found by its digest or compared by `sameBytes`, and never letter by letter', () => {
  const found: string[] = []
  let files = 0
  for (const path of sources()) {
    files++
    const text = readFileSync(join(root, path), 'utf8')
    for (const one of comparisonsIn(text))
      if (comparesSecrets(one) && !(path in OF_ONE_PARTY))
        found.push(`${path}: ${one.left} and ${one.right}`)
  }
  assert.deepEqual(found, [])
  assert.ok(files > 400, `${files}`)
})

test('T10: and that would be seen', () => {
  for (const bad of [
    'if (shown === secret.reveal()) ok()',
    'registrationToken.reveal() !== given',
    'return row.secret === presented',
    'stored.csrf == form.get()',
    'codeVerifier === known.verifier',
    'csrfToken(sessionToken) === presented.csrf',
  ])
    assert.ok(comparisonsIn(bad).some(comparesSecrets), bad)
  for (const fine of [
    "token === 'x'",
    'secret === undefined',
    'digest === sha256url(token)',
    'a.length !== token.length',
  ])
    assert.ok(!comparisonsIn(fine).some(comparesSecrets), fine)
})
