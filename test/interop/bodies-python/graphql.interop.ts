import { join } from 'node:path'
import { describe, it } from 'node:test'
import { checkOperations } from './graphql-reader.ts'

const python = join(process.env.REMIT_INTEROP_PYTHON_BODIES ?? '', 'python')

describe('GraphQL operations that an API in Python executes with graphql-core', () => {
  it('are executed as they were decided on', () =>
    checkOperations(python, [join(import.meta.dirname, 'execute.py')]))
})
