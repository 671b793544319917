import { join } from 'node:path'
import type { Counterpart } from '../counterpart.ts'
import { fromPip } from '../python.ts'

/** An identity provider in Python, for small organizations. */
export const canaille: Counterpart = {
  name: 'canaille',
  version: '0.3.6',
  async get() {
    const requirements = join(import.meta.dirname, 'requirements.txt')
    return { REMIT_INTEROP_CANAILLE: await fromPip('canaille', requirements) }
  },
}
