import { join } from 'node:path'
import { type Counterpart, UnavailableSource } from '../counterpart.ts'
import { needProgram } from '../program.ts'
import { fromPip, type Python, pythons } from '../python.ts'
import { buildWheel, installWheel } from './wheel.ts'

/** Versions that the package for Python is for. */
const SUPPORTED = { from: 11, to: 15 } as const

const requirements = (name: string) => join(import.meta.dirname, 'requirements', `${name}.txt`)

/** The package for Python, built and installed: with the oldest Python and the oldest of what it needs, and with the newest of both. */
export const pythonSdk: Counterpart = {
  name: 'python-sdk',
  get version() {
    const found = pythons(SUPPORTED)
    return `Python ${found[0]?.version ?? 'none'} and ${found.at(-1)?.version ?? 'none'}`
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

/** The newest Python of this machine that the package is for. Throws `UnavailableSource`. */
export function newestPython(): Python {
  return bounds().newest
}

function bounds(): { readonly oldest: Python; readonly newest: Python } {
  if (pythons(SUPPORTED).length === 0) needProgram('python3', 'python3')
  const found = pythons(SUPPORTED)
  const [oldest] = found
  const newest = found.at(-1)
  if (!oldest || !newest)
    throw new UnavailableSource(`there is no Python from 3.${SUPPORTED.from} to 3.${SUPPORTED.to}`)
  return { oldest, newest }
}
