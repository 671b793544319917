// Loaded before a server of several processes: the second of them ends when it is started first, before it serves. Each start of it leaves
// a line in the file `CRASH_FILE`.
import { appendFileSync, existsSync } from 'node:fs'

const file = process.env.CRASH_FILE ?? ''
if (process.env.SERVING_PROCESS === '2') {
  const isFirst = !existsSync(file)
  appendFileSync(file, `${process.pid}\n`)
  if (isFirst) process.exit(1)
}
