import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { test } from 'node:test'

const PROGRAM = join(import.meta.dirname, '..', 'bench', 'hostile', 'run.ts')

test('strangers at full speed for some seconds: memory and disk stay within their bounds', async () => {
  const child = spawn(process.execPath, [PROGRAM, '--seconds', '3', '--untimed'])
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (bytes: Buffer) => {
      said += bytes
    })
  const [code] = await once(child, 'exit')
  assert.equal(code, 0, said)
  assert.match(said, /memory over before, at most .* met/)
  assert.match(said, /disk growth .* met/)
})
