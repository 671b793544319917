import type { FastifyInstance } from 'fastify'
import { Problem } from '../lib/problem.ts'

/**
 * Check of one condition that must hold before traffic is welcome. `check` throws when it does not.
 */
export interface HealthCheck {
  readonly name: string
  check(): Promise<void> | void
}

export interface CheckResult {
  name: string
  ok: boolean
  /** Reason of a failure: a problem's own words, else only that it failed. */
  detail?: string
}

const PATIENCE = 2_000

async function run(check: HealthCheck): Promise<CheckResult> {
  let timer: NodeJS.Timeout | undefined
  try {
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new Problem('server.not_ready', `no answer within ${PATIENCE} ms`)),
        PATIENCE,
      )
    })
    await Promise.race([check.check(), late])
    return { name: check.name, ok: true }
  } catch (error) {
    const detail = error instanceof Problem ? error.message : 'failed; the log says why'
    return { name: check.name, ok: false, detail }
  } finally {
    clearTimeout(timer)
  }
}

/**
 * `/livez`: the process turns requests into answers. `/readyz`: every check passes and the server is not stopping;
 * otherwise 503, and the body says which one is not.
 */
export function addHealth(
  app: FastifyInstance,
  checks: readonly HealthCheck[],
  stopping: () => boolean,
): void {
  app.get('/livez', async () => ({ status: 'live' }))
  app.get('/readyz', async (_request, reply) => {
    const results = stopping()
      ? [{ name: 'server', ok: false, detail: 'stopping' }]
      : await Promise.all(checks.map(run))
    const ready = results.every((result) => result.ok)
    reply.code(ready ? 200 : 503)
    return { status: ready ? 'ready' : 'not ready', checks: results }
  })
}
