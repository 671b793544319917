import { join } from 'node:path'
import type { Counterpart } from '../counterpart.ts'
import { fromPip } from '../python.ts'
import { newestPython } from '../python-sdk/get.ts'

/** APIs in Python that read forms and GraphQL operations with what most of them use. */
export const bodiesPython: Counterpart = {
  name: 'bodies-python',
  version: 'Starlette 1.10, python-multipart 0.0.34, Werkzeug 3.1, graphql-core 3.3',
  async get() {
    const requirements = join(import.meta.dirname, 'requirements.txt')
    return {
      REMIT_INTEROP_PYTHON_BODIES: await fromPip('bodies', requirements, newestPython()),
    }
  },
}
