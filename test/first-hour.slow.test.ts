import { it } from 'node:test'
import { followFirstHour } from './first-hour/reader.ts'
import { Terminal } from './first-hour/terminal.ts'

const MAX_LENGTH = 170_000

it('the first hour is as its page says', {
  timeout: MAX_LENGTH,
  skip: process.platform === 'win32',
}, async (t) => {
  await followFirstHour(t, await Terminal.open())
})
