import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { UnavailableSource } from './counterpart.ts'
import { fromMaven, type MavenFile, pathOf } from './download.ts'

const EMPTY = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
const FILE: MavenFile = {
  group: 'org.example',
  artifact: 'thing',
  version: '1.0.0',
  packaging: 'zip',
  sha256: EMPTY,
}
const kept = process.env.REMIT_INTEROP_CACHE
const path = process.env.PATH
let folder: string

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'remit-interop-'))
  process.env.REMIT_INTEROP_CACHE = folder
  // Stands in for Maven, so that nothing is asked of a network: it brings nothing.
  writeFileSync(join(folder, 'mvn'), '#!/bin/sh\necho "[ERROR] there is no such file"\nexit 1\n')
  chmodSync(join(folder, 'mvn'), 0o755)
  process.env.PATH = `${folder}:${path}`
})
after(() => {
  if (kept === undefined) delete process.env.REMIT_INTEROP_CACHE
  else process.env.REMIT_INTEROP_CACHE = kept
  process.env.PATH = path
  rmSync(folder, { recursive: true })
})

function keep(content: string): string {
  const at = join(folder, 'maven', pathOf(FILE))
  mkdirSync(dirname(at), { recursive: true })
  writeFileSync(at, content)
  return at
}

test('what is kept is taken when it has the digest', async () => {
  const at = keep('')
  assert.equal(await fromMaven(FILE), at)
})

test('what is kept and has another digest is not taken', async () => {
  keep('something else')
  await assert.rejects(fromMaven(FILE), UnavailableSource)
})

test('what cannot be brought is told with the reason', async () => {
  await assert.rejects(fromMaven({ ...FILE, version: '2.0.0' }), /there is no such file/)
})
