import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { documentIn } from './openapi-directory.ts'

let folder: string
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'remit-openapi-'))
})
after(() => rm(folder, { recursive: true }))

async function directory(files: Readonly<Record<string, string>>): Promise<string> {
  const made = await mkdtemp(join(folder, 'api-'))
  for (const [name, text] of Object.entries(files)) {
    await mkdir(join(made, name, '..'), { recursive: true })
    await writeFile(join(made, name), text)
  }
  return made
}

const main = (reference: string) =>
  `openapi: 3.0.3\npaths: { /a: { get: { $ref: '${reference}' } } }`

test('the file that says `openapi` counts, and what it refers to comes along', async () => {
  const at = await directory({
    'spec.yml': main('ops/a.yml'),
    'ops/a.yml': 'operationId: a',
    'notes.yml': 'a: 1',
  })
  assert.match(await documentIn(at), /"x-remit-files":\{"ops\/a.yml":\{"operationId":"a"\}\}/)
})

test('a directory without one, or with two of which neither is called so, is told', async () => {
  await assert.rejects(documentIn(await directory({ 'a.yml': 'a: 1' })), /no file of the directory/)
  const two = { 'a.yml': main('x.yml'), 'b.yml': main('x.yml') }
  await assert.rejects(documentIn(await directory(two)), /several files/)
  assert.ok(await documentIn(await directory({ ...two, 'openapi.yaml': main('x.yml') })))
})

test('a link that leads out of the directory is refused, and so is a file that is no part of a description', async () => {
  await writeFile(join(folder, 'secret.yml'), 'secret: 1')
  const linked = await directory({ 'openapi.yml': main('a.yml') })
  await symlink(join(folder, 'secret.yml'), join(linked, 'a.yml'))
  await assert.rejects(documentIn(linked), /leads out of the directory/)
  const other = await directory({ 'openapi.yml': main('key.pem'), 'key.pem': 'secret: 1' })
  assert.doesNotMatch(await documentIn(other), /secret/)
})
