import { join } from 'node:path'
import type { Counterpart } from '../counterpart.ts'
import { fromPip } from '../python.ts'

/** An identity provider in Python that developers test with. */
export const nanoidp: Counterpart = {
  name: 'nanoidp',
  version: '3.4.0',
  async get() {
    const requirements = join(import.meta.dirname, 'requirements.txt')
    return { REMIT_INTEROP_NANOIDP: await fromPip('nanoidp', requirements) }
  },
}
