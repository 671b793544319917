// `npm test`: every suite but the slow ones (`*.slow.test.ts`), on one of both engines; what stores, on both.
// `npm run test:rest` (`--rest`): the slow ones, and every suite on the other engine.
// `npm test -- part-of-a-path … | --test-name-pattern=…`: these files, whatever they are, on both engines.
// `npm run test:long` (`--long`): everything on both engines, with the tests that take minutes (`*.long.test.ts`) and all
// seeds of those that compare many cases.
// Starts a real PostgreSQL, or uses the one that TEST_POSTGRES_URL names.
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, constants, tmpdir } from 'node:os'
import { join, relative, sep } from 'node:path'
import { pathToFileURL } from 'node:url'
import { installOwn } from './install-own.ts'
import { makeMemoryFolder } from './memory-folder.ts'
import { postgres } from './postgres.ts'

const root = join(import.meta.dirname, '..')
const ROOMS = ['src', 'engine', 'verifier', 'pkcs11', 'sdk', 'test']

/** Part of the suites: those of `npm test`, those of `npm run test:rest`. Default: all. See `enginesOf`. */
type Part = 'first' | 'rest' | undefined

function testFiles(part: Part, long: boolean, filters: readonly string[]): string[] {
  return ROOMS.map((room) => join(root, room))
    .filter(existsSync)
    .flatMap((room) =>
      readdirSync(room, { recursive: true, encoding: 'utf8' }).map((name) => join(room, name)),
    )
    .filter((file) => file.endsWith('.test.ts') && !file.includes(`${sep}node_modules${sep}`))
    .filter((file) => long || !isLong(file))
    .filter((file) => part !== 'first' || !isSlow(file))
    .filter((file) => part !== 'rest' || isSlow(file) || hasOtherEngine(file))
    .map((file) => relative(root, file))
    .filter((file) => !filters.length || filters.some((part) => matches(file, part)))
    .toSorted()
}

/** True: some of its suites run on one engine at a time. */
function hasOtherEngine(file: string): boolean {
  return /\b(forEachEngine|inEachWorld|enginesOf)\(/.test(readFileSync(file, 'utf8'))
}

function matches(file: string, part: string): boolean {
  return file.split(sep).join('/').includes(part.replace(/^\.\//, '').replaceAll('\\', '/'))
}

/**
 * Files that share a process, for each process. Processes are few: each loads and compiles the same modules anew. They are
 * more than cores: tests wait, too. Neighbours are spread: what takes long is often in one folder. As many small groups
 * come last, for whichever process is done first.
 */
function groupsOf(files: readonly string[]): readonly (readonly string[])[] {
  const alone = files.filter(isLong).map((file) => [file])
  const slow = spread(files.filter(isSlow))
  return [...alone, ...slow, ...spread(files.filter((file) => !isLong(file) && !isSlow(file)))]
}

function spread(shared: readonly string[]): readonly (readonly string[])[] {
  const count = Math.min(availableParallelism() + 1, shared.length)
  const groups: string[][] = Array.from({ length: 2 * count }, () => [])
  for (const [i, file] of shared.entries()) {
    const isSmall = i % SMALL === Math.floor(SMALL / 2)
    groups[isSmall ? count + (Math.floor(i / SMALL) % count) : i % count]?.push(file)
  }
  return groups.filter(({ length }) => length > 0)
}

/** One file in so many is in a small group; of no folder or process more than of others. */
const SMALL = 7

function isLong(file: string): boolean {
  return file.endsWith('.long.test.ts')
}

function isSlow(file: string): boolean {
  return file.endsWith('.slow.test.ts')
}

/** One file for each process, in `folder`, with the tests of all files of its group. */
function writeGroups(folder: string, groups: readonly (readonly string[])[]): readonly string[] {
  const module = pathToFileURL(join(root, 'tools', 'test-group.ts')).href
  return groups.map((files, i) => {
    const path = join(folder, `group-${i + 1}.mjs`)
    const paths = files.map((file) => file.split(sep).join('/'))
    const given = [root, paths, files.every(isSlow)].map((each) => JSON.stringify(each))
    writeFileSync(
      path,
      `import { declareFiles } from '${module}'\ndeclareFiles(${given.join(', ')})\n`,
    )
    return path
  })
}

function run(args: readonly string[], url: string): Promise<number> {
  const child = spawn(process.execPath, args, {
    cwd: root,
    stdio: 'inherit',
    env: {
      ...process.env,
      TEST_POSTGRES_URL: url,
      TEST_LONG: long ? '1' : '',
      TEST_PART: part ?? '',
      ...places,
    },
  })
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal))
  return new Promise((resolve) =>
    child.once('exit', (code, signal) =>
      resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)),
    ),
  )
}

const given = process.argv.slice(2)
const long = given.includes('--long')
const filters = given.filter((arg) => !arg.startsWith('-'))
const part: Part = given.includes('--rest') ? 'rest' : long || filters.length ? undefined : 'first'
const files = testFiles(part, long, filters)
if (!files.length) {
  console.error('No test file matches.')
  process.exit(1)
}
const memory = makeMemoryFolder()
/** Places where tests keep what they write. What is about crashes stays on a disk. */
const places = memory === undefined ? {} : { TMPDIR: memory, TEST_DISK: tmpdir() }
let server: Awaited<ReturnType<typeof postgres>>
try {
  if (files.some((file) => matches(file, 'test/documents/')))
    installOwn('test/documents', 'the API description that the tests read (once; about 400 MB)')
  server = await postgres(memory)
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  console.error('Nothing was tested: every storage test runs on PostgreSQL too.')
  if (memory !== undefined) rmSync(memory, { recursive: true, force: true })
  process.exit(1)
}
const folder = mkdtempSync(join(tmpdir(), 'remit-test-groups-'))
try {
  const options = [
    `--test-concurrency=${availableParallelism() + 1}`,
    ...given.filter((arg) => arg.startsWith('-') && arg !== '--long' && arg !== '--rest'),
  ]
  process.exitCode = await run(
    ['--test', ...options, ...writeGroups(folder, groupsOf(files))],
    server.url,
  )
  const failures = process.exitCode ? server.failures() : []
  if (failures.length) console.error(`\nPostgreSQL's log has:\n${failures.join('\n')}`)
} finally {
  rmSync(folder, { recursive: true, force: true })
  await server.stop()
  if (memory !== undefined) rmSync(memory, { recursive: true, force: true })
}
