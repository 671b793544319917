import { describe, it } from 'node:test'
import { checkReader } from '../json-reader.ts'

describe('bodies that an API in Go reads with encoding/json', () => {
  it('say to it what was decided on, and the model of it says the same', () =>
    checkReader('go', process.env.REMIT_INTEROP_JSON_READER ?? '', []))
})
