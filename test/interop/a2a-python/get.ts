import { join } from 'node:path'
import type { Counterpart } from '../counterpart.ts'
import { fromPip } from '../python.ts'
import { newestPython } from '../python-sdk/get.ts'
import { buildWheel, installWheel } from '../python-sdk/wheel.ts'

const requirements = (name: string) =>
  join(import.meta.dirname, '..', 'python-sdk', 'requirements', name)

/** The official A2A SDK for Python, as an agent and as a client, with the package for Python beside it. */
export const a2aPython: Counterpart = {
  name: 'a2a-python',
  version: 'a2a-sdk 1.3.0',
  async get() {
    const newest = newestPython()
    const builder = await fromPip('sdk-newest', requirements('newest.txt'), newest)
    const programs = await fromPip('a2a', requirements('a2a.txt'), newest)
    installWheel(programs, await buildWheel(builder))
    return { REMIT_INTEROP_PYTHON_A2A: programs }
  },
}
