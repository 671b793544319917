import { describe, it } from 'node:test'
import { checkForms } from '../form-reader.ts'
import { checkReader } from '../json-reader.ts'

const program = process.env.REMIT_INTEROP_GO_READER ?? ''

describe('bodies that an API in Go reads with encoding/json', () => {
  it('say to it what was decided on, and the model of it says the same', () =>
    checkReader('go', program, []))
})

describe('forms that an API in Go reads with net/http', () => {
  it('say to it what was decided on, files too', () => checkForms(program, ['forms']))
})
