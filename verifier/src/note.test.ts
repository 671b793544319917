import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { openNote, parseCheckpoint, parseVerifierKey, type VerifierKey } from './note.ts'
import { signNote, vkeyOf } from './testing.ts'

/** The example of the signed-note specification. */
const KEY = 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k'
const NOTE = `This is an example message.

— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=
`

function key(text: string): VerifierKey {
  return parseVerifierKey(text) ?? assert.fail('not a key')
}

const open = (note: string, vkey = KEY) => openNote(Buffer.from(note), key(vkey))

test('the example of the specification verifies', () => {
  assert.equal(open(NOTE), 'This is an example message.\n')
})

test('a signature of somebody else is ignored, also under the same name', () => {
  const other = '— example.com/bar Uw2QOkn8srV1yA==\n— example.com/foo AAAAAEn8srV1yA==\n'
  assert.equal(open(NOTE + other), 'This is an example message.\n')
})

test('a second signature by the known key that is wrong spoils the note', () => {
  const line = `${NOTE.split('\n')[2]}\n`
  assert.equal(open(NOTE + line), 'This is an example message.\n')
  assert.equal(open(NOTE + line.replace('Uw2QOkn8', 'Uw2QOkn9')), undefined)
})

test('everything else is no note', () => {
  const [text = '', , line = ''] = NOTE.split('\n')
  for (const broken of [
    '',
    text,
    `${text}\n${line}\n`,
    `${text}\n\n${line}`,
    `${text}\r\n\n${line}\n`,
    `${text}\t\n\n${line}\n`,
    `${text} \n\n${line}\n`,
    `${text}\n\n${line.replace('—', '-')}\n`,
    `${text}\n\n${line.replace('/foo', '/fop')}\n`,
    `${text}\n\n${line.replace('aQM=', 'aQN=')}\n`,
    `${text}\n\n${line.replace('aQM=', 'aQM')}\n`,
    `${text}\n\n${line}\n\n`,
    `${text}\n\n${line} \n`,
    `${NOTE}${line}`,
  ])
    assert.equal(open(broken), undefined, JSON.stringify(broken))
  assert.equal(openNote(Buffer.from([0xff, 0xfe, ...Buffer.from(NOTE)]), key(KEY)), undefined)
})

test('a key whose id is not its own, or of another kind, is refused', () => {
  const { publicKey } = generateKeyPairSync('ed25519')
  const good = vkeyOf(publicKey, 'a.example')
  assert.ok(parseVerifierKey(good))
  for (const broken of [
    '',
    good.replace('a.example', 'b.example'),
    `${good} `,
    `${good}\n`,
    good.replace(/\+[0-9a-f]{8}\+/, (id) => id.toUpperCase().replace('+', '+0').slice(0, 9)),
    good.slice(0, -1),
    KEY.replace('+Aeky', '+Aequ'),
    KEY.replace('+AekyeR', '+BOkyeR'),
  ])
    assert.equal(parseVerifierKey(broken), undefined, broken)
})

test('a checkpoint is origin, size and root, each in its only form', () => {
  const root = Buffer.alloc(32, 7).toString('base64')
  assert.deepEqual(parseCheckpoint(`a.example\n12\n${root}\n`), {
    origin: 'a.example',
    size: 12,
    root: Buffer.alloc(32, 7),
  })
  assert.ok(parseCheckpoint(`a.example\n0\n${root}\nextension\n`))
  for (const broken of [
    `a.example\n012\n${root}\n`,
    `a.example\n-1\n${root}\n`,
    `a.example\n1e3\n${root}\n`,
    `a.example\n9007199254740993\n${root}\n`,
    `a.example\n12\n${root}`,
    `a.example\n12\n${root.slice(4)}\n`,
    `\n12\n${root}\n`,
    `a.example\n12\n${root}\n\n`,
  ])
    assert.equal(parseCheckpoint(broken), undefined, JSON.stringify(broken))
})

test('the test log signs what this reads', () => {
  const note = signNote('a text\n')
  assert.ok(note.startsWith('a text\n\n— '))
})
