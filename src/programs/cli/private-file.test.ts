import assert from 'node:assert/strict'
import { rmdirSync } from 'node:fs'
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { systemRandom } from '../../platform/lib/random.ts'
import { missing, readPrivateFile, writePrivateFile } from './private-file.ts'

async function folder(t: TestContext): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'remit-private-'))
  t.after(() => rm(made, { recursive: true, force: true }))
  return made
}

const modeOf = async (path: string) => ((await stat(path)).mode & 0o777).toString(8)

test('a file is written for its owner alone, with the directories on the way', async (t) => {
  const top = join(await folder(t), 'a')
  const path = join(top, 'b', 'token')
  await writePrivateFile(path, 'secret', systemRandom)
  assert.equal(await readPrivateFile(path), 'secret')
  assert.equal(await modeOf(path), '600')
  assert.equal(await modeOf(top), '700')
  assert.deepEqual(await readdir(join(top, 'b')), ['token'], 'no draft is left')
})

test('a file is replaced whole, and what was there before is gone', async (t) => {
  const path = join(await folder(t), 'token')
  await writeFile(path, 'a longer text than the next', { mode: 0o666 })
  await writePrivateFile(path, 'short', systemRandom)
  assert.equal(await readPrivateFile(path), 'short')
  assert.equal(await modeOf(path), '600')
})

test('where a file cannot be written, no draft is left, and the one before stays', async (t) => {
  const directory = await folder(t)
  const path = join(directory, 'token')
  await writePrivateFile(join(path, 'inside'), 'a directory is there', systemRandom)
  await assert.rejects(writePrivateFile(path, 'secret', systemRandom))
  assert.deepEqual(await readdir(directory), ['token'])
  assert.equal(await readFile(join(path, 'inside'), 'utf8'), 'a directory is there')
})

test('where the directory goes away meanwhile, that is told, and not that there was no draft', async (t) => {
  const directory = join(await folder(t), 'gone')
  const bytes: typeof systemRandom.bytes = (count) => {
    rmdirSync(directory)
    return systemRandom.bytes(count)
  }
  await assert.rejects(
    writePrivateFile(join(directory, 'token'), 'secret', { ...systemRandom, bytes }),
    {
      ...{ code: 'ENOENT', syscall: 'open' },
    },
  )
})

test('on Windows, where files have no such bits, a file is read as it is', async (t) => {
  const path = join(await folder(t), 'token')
  await writePrivateFile(path, 'secret', systemRandom)
  await chmod(path, 0o666)
  t.mock.property(process, 'platform', 'win32')
  assert.equal(await readPrivateFile(path), 'secret')
})

test('a file that others can read is refused, whatever they may do with it', async (t) => {
  const path = join(await folder(t), 'token')
  await writePrivateFile(path, 'secret', systemRandom)
  for (const mode of [0o640, 0o604, 0o620, 0o601, 0o666]) {
    await chmod(path, mode)
    await assert.rejects(readPrivateFile(path), {
      message: 'Others can read a file that must be private',
      detail: `\`${path}\` has mode ${mode.toString(8)}`,
      next: [`chmod 600 ${path}`],
    })
  }
  for (const mode of [0o600, 0o700, 0o400]) {
    await chmod(path, mode)
    assert.equal(await readPrivateFile(path), 'secret')
  }
})

test('a file that is not there is none, and any other trouble is told', async (t) => {
  const directory = await folder(t)
  assert.equal(await readPrivateFile(join(directory, 'none')), undefined)
  const path = join(directory, 'token')
  await writePrivateFile(path, 'secret', systemRandom)
  await assert.rejects(readPrivateFile(join(path, 'below')), { code: 'ENOTDIR' })
  assert.equal(missing(Object.assign(new Error('x'), { code: 'ENOENT' })), undefined)
  for (const error of [new Error('x'), 'ENOENT', { code: 'ENOENT' }])
    assert.throws(
      () => missing(error),
      (thrown: unknown) => thrown === error,
    )
})
