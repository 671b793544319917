import { join } from 'node:path'
import { describe, it } from 'node:test'
import { checkForms } from '../form-reader.ts'

const python = join(process.env.REMIT_INTEROP_PYTHON_BODIES ?? '', 'python')
const program = join(import.meta.dirname, 'read_forms.py')

describe('forms that an API in Python reads', () => {
  for (const reader of ['starlette', 'werkzeug', 'stdlib'])
    it(`with ${reader} say to it what was decided on, files too`, () =>
      checkForms(python, [program, reader]))
})
