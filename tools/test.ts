// `npm test [-- part-of-a-path … | --test-name-pattern=…]`: every test on both engines. Starts a real PostgreSQL, or
// uses the one that TEST_POSTGRES_URL names. `--long` adds the tests that take minutes (`*.long.test.ts`).
import { spawn } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { availableParallelism, constants } from 'node:os'
import { join, relative, sep } from 'node:path'
import { installOwn } from './install-own.ts'
import { postgres } from './postgres.ts'

const root = join(import.meta.dirname, '..')
const ROOMS = ['src', 'engine', 'verifier', 'sdk', 'test']
/** A test that hangs is a failure, in ms. */
const LONGEST = 180_000

function testFiles(long: boolean, filters: readonly string[]): string[] {
  return ROOMS.map((room) => join(root, room))
    .filter(existsSync)
    .flatMap((room) =>
      readdirSync(room, { recursive: true, encoding: 'utf8' }).map((name) => join(room, name)),
    )
    .filter((file) => file.endsWith('.test.ts') && !file.includes(`${sep}node_modules${sep}`))
    .filter((file) => long || !file.endsWith('.long.test.ts'))
    .map((file) => relative(root, file))
    .filter((file) => !filters.length || filters.some((part) => matches(file, part)))
    .toSorted()
}

function matches(file: string, part: string): boolean {
  return file.split(sep).join('/').includes(part.replace(/^\.\//, '').replaceAll('\\', '/'))
}

function run(args: readonly string[], url: string): Promise<number> {
  const child = spawn(process.execPath, args, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, TEST_POSTGRES_URL: url },
  })
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal))
  return new Promise((resolve) =>
    child.once('exit', (code, signal) =>
      resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)),
    ),
  )
}

const given = process.argv.slice(2)
const files = testFiles(
  given.includes('--long'),
  given.filter((arg) => !arg.startsWith('-')),
)
if (!files.length) {
  console.error('No test file matches.')
  process.exit(1)
}
let server: Awaited<ReturnType<typeof postgres>>
try {
  if (files.some((file) => matches(file, 'test/documents/')))
    installOwn('test/documents', 'the API description that the tests read (once; about 400 MB)')
  server = await postgres()
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  console.error('Nothing was tested: every storage test runs on PostgreSQL too.')
  process.exit(1)
}
try {
  const options = [
    `--test-timeout=${LONGEST}`,
    `--test-concurrency=${availableParallelism()}`,
    ...given.filter((arg) => arg.startsWith('-') && arg !== '--long'),
  ]
  process.exitCode = await run(['--test', ...options, ...files], server.url)
} finally {
  await server.stop()
}
