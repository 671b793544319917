import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { bring, CONFIGURATIONS } from './compared-gateways.ts'

/** Number of calls through each gateway in each version of HTTP: over 100,000 in all. `REMIT_FRAMED_RUNS` makes others. */
const CALLS = process.env.REMIT_FRAMED_RUNS ?? '3800'
/** `REMIT_BODY_SEED` makes the same calls again. */
const SEED = process.env.REMIT_BODY_SEED ?? `${randomInt(2 ** 31)}`
/** File that keeps what was compared, so that a run that was ended goes on. */
const DONE = process.env.REMIT_FRAMED_DONE
const PROGRAM = join(import.meta.dirname, 'compare-bodies.ts')

describe('very many bodies through gateways of others', () => {
  for (const { gateway, program } of CONFIGURATIONS)
    it(`section 6: behind ${gateway.name}, what rules and people saw, what the ledger has and what the API received are equal, or nothing is sent`, async (t) => {
      const missing = await bring(program)
      if (missing) return t.skip(missing)
      const given = [gateway.name, CALLS, SEED, ...(DONE ? [DONE] : [])]
      const flags = ['--max-semi-space-size=64', PROGRAM, ...given]
      const child = spawn(process.execPath, flags, { stdio: ['ignore', 'pipe', 'inherit'] })
      t.after(() => child.kill())
      child.stdout.setEncoding('utf8').on('data', (line: string) => t.diagnostic(line.trimEnd()))
      const [code] = await once(child, 'close')
      assert.equal(code, 0, `seed ${SEED}`)
    })
})
