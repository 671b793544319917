import type { Counterpart } from '../counterpart.ts'
import { fromGo } from '../download.ts'

const VERSION = '1.8.0'

/** A store that speaks the protocol of S3, and keeps its files in a folder. */
export const versitygw: Counterpart = {
  name: 'versitygw',
  version: VERSION,
  async get() {
    const program = fromGo('github.com/versity/versitygw/cmd/versitygw', VERSION)
    return { REMIT_INTEROP_VERSITYGW: program }
  },
}
