import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'

/** A process whose server ends like this. */
function ending(lost: string) {
  const module = new URL('./until-ended.ts', import.meta.url).href
  const script = `
    const { untilEnded } = await import(${JSON.stringify(module)})
    await untilEnded({ lost: ${lost}, stop: () => new Promise(() => {}) })`
  return spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' })
}

test('a server that can never write again ends its process, so that a supervisor starts another', () => {
  const { status, stderr } = ending(`Promise.resolve(new Error('the writer thread ended'))`)
  assert.equal(status, 74)
  assert.match(stderr, /Remit ends: the writer thread ended/)
})
