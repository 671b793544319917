import { join } from 'node:path'
import type { Counterpart } from '../counterpart.ts'
import { fromPip, type Python, pythons } from '../python.ts'
import { buildWheel, installWheel } from './wheel.ts'

/** Versions that the package for Python is for. */
const SUPPORTED = { from: 11, to: 15 } as const

const requirements = (name: string) => join(import.meta.dirname, 'requirements', `${name}.txt`)

/** The package for Python, built and installed: with the oldest Python and the oldest of what it needs, and with the newest of both. */
export const pythonSdk: Counterpart = {
  name: 'python-sdk',
  get version() {
    const { newest, oldest } = bounds()
    return `Python ${oldest?.version ?? 'none'} and ${newest?.version ?? 'none'}`
  },
  async get() {
    const { newest, oldest } = bounds()
    const newer = await fromPip('sdk-newest', requirements('newest'), newest)
    const older = await fromPip('sdk-oldest', requirements('oldest'), oldest)
    const bare = await fromPip('sdk-core', requirements('core'), newest)
    const wheel = await buildWheel(newer)
    for (const programs of [newer, older, bare]) installWheel(programs, wheel)
    return {
      REMIT_INTEROP_PYTHON_NEWEST: newer,
      REMIT_INTEROP_PYTHON_OLDEST: older,
      REMIT_INTEROP_PYTHON_CORE: bare,
      REMIT_INTEROP_PYTHON_WHEEL: wheel,
    }
  },
}

/** The newest Python of this machine that the package is for. */
export function newestPython(): Python | undefined {
  return bounds().newest
}

function bounds(): { readonly oldest: Python | undefined; readonly newest: Python | undefined } {
  const found = pythons(SUPPORTED)
  return { oldest: found[0], newest: found.at(-1) }
}
