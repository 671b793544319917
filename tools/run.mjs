// What `npm start`, `npm test`, `npm run check` and `npm run demo` go through.
// Runs on any Node from 20: installs what the lock file asks for when it is missing or out of date,
// then continues on the Node that came with it. Uses nothing that is not part of Node.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const windows = process.platform === 'win32'
const major = Number(process.versions.node.split('.')[0])
const packaged = join(root, 'node_modules', '.bin', windows ? 'node.cmd' : 'node')

/** Every command, as the programs it runs in order. The first that fails ends it. */
const COMMANDS = {
  start: [['src/main.ts', 'dev']],
  remit: [['src/main.ts']],
  test: [['tools/test.ts']],
  'test:rest': [['tools/test.ts', '--rest']],
  'test:long': [['tools/test.ts', '--long']],
  'test:interop': [['test/interop/run.ts']],
  check: [['tools/check.ts']],
  shape: [['tools/check-layout.ts', '--shape']],
  build: [['tools/packages/build.ts']],
  'build:sdk': [['tools/packages/sdk.ts']],
  demo: [['tools/demo.ts']],
  bench: [['bench/run.ts']],
}

function say(text) {
  process.stderr.write(`${text}\n`)
}

/** Compares what npm wrote down after it installed with the lock file. A server runs without the packages for development. */
function installed(serving) {
  const note = join(root, 'node_modules', '.package-lock.json')
  if (!existsSync(note)) return false
  const { packages: present } = JSON.parse(readFileSync(note, 'utf8'))
  const { packages: wanted } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))
  return Object.entries(wanted).every(
    ([path, { dev, integrity, optional, version }]) =>
      integrity === undefined ||
      optional ||
      (dev && serving) ||
      (present[path]?.version === version && present[path].integrity === integrity),
  )
}

function install() {
  say('Installing dependencies (once; about 530 MB on disk, a third of it Node 24) …')
  const result = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: windows,
  })
  if (result.status !== 0) {
    say('npm ci failed. The lines above say why; nothing was started.')
    process.exit(result.status ?? 1)
  }
}

const [name, ...rest] = process.argv.slice(2)
const programs = COMMANDS[name ?? '']
if (!programs) {
  say(`usage: node tools/run.mjs ${Object.keys(COMMANDS).join(' | ')}`)
  process.exit(2)
}
if (major < 20) {
  say(`Node ${process.versions.node} is too old to start from: 20 or newer is needed.`)
  process.exit(2)
}
if (!installed(name === 'remit')) install()
// Where no Node 24 is packaged (macOS on arm64), the one that runs this will do if it is new enough.
const node = existsSync(packaged) ? packaged : process.execPath
if (node === process.execPath && major < 24) {
  say(
    `There is no packaged Node 24 for ${process.platform}-${process.arch}. Install Node 24 and try again; this is ${process.version}.`,
  )
  process.exit(2)
}
/** As the first line of `src/main.ts` has it, which only counts where that is started by its name. */
const FLAGS = {
  'src/main.ts': ['--min-semi-space-size=8', '--max-semi-space-size=16', '--v8-pool-size=2'],
}
/** As in `src/main.ts`. Said before the program begins, not even its first file has to be parsed as TypeScript. */
const NODE_COMPILE_CACHE =
  process.env.NODE_COMPILE_CACHE ?? join(root, 'node_modules', '.cache', 'remit')
const MALLOC_ARENA_MAX = process.env.MALLOC_ARENA_MAX ?? '2'
const PATH = `${dirname(node)}${windows ? ';' : ':'}${process.env.PATH ?? ''}`

/** Runs one program to its end. Signals are passed on, so that ending this ends what it started. */
function run([program, ...args]) {
  const child = spawn(node, [...(FLAGS[program] ?? []), join(root, program), ...args], {
    stdio: 'inherit',
    shell: windows,
    env: { ...process.env, MALLOC_ARENA_MAX, PATH, NODE_COMPILE_CACHE },
  })
  const forward = (signal) => child.kill(signal)
  // npm passes a signal to its shell, and not every shell passes it on: when npm is gone, so is whoever wanted this to run.
  const parent = process.ppid
  const orphaned = () => process.ppid !== parent && forward('SIGTERM')
  const watch = process.env.npm_lifecycle_event ? setInterval(orphaned, 500) : undefined
  // Ctrl-C reaches the whole group by itself; it only must not end this before the child has stopped.
  const wait = () => {}
  process.on('SIGTERM', forward)
  process.on('SIGINT', wait)
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => {
      process.off('SIGTERM', forward)
      process.off('SIGINT', wait)
      clearInterval(watch)
      resolve(code ?? (signal === null ? 1 : 130))
    })
  })
}

for (const [program, ...args] of programs) {
  const code = await run([program, ...args, ...rest])
  if (code !== 0) process.exit(code)
}
