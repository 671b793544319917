import { describe, it } from 'node:test'
import { checkReader } from '../json-reader.ts'

const program = ['-cp', process.env.REMIT_INTEROP_JSON_CLASSES ?? '', 'Read']

describe('bodies that an API in Java reads with Jackson', () => {
  it('say to it what was decided on, and the model of it says the same', () =>
    checkReader('jackson', 'java', program))

  it('say so too when it accepts names in any case', () =>
    checkReader('jacksonAnyCase', 'java', [...program, 'any-case']))
})
