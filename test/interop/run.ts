// `npm run test:interop [-- name …] [--write]`: Remit beside programs of others that npm cannot bring. Ends with a table of what ran
// and what could not be had here; fails only if something that ran failed. Says what docs/clients.md has otherwise; `--write` writes it.
import { spawn } from 'node:child_process'
import { globSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'
import { a2aPython } from './a2a-python/get.ts'
import { bodiesGo } from './bodies-go/get.ts'
import { bodiesPython } from './bodies-python/get.ts'
import { canaille } from './canaille/get.ts'
import { chromium } from './chromium/get.ts'
import { claudeAgent } from './claude-agent/get.ts'
import { collector } from './collector/get.ts'
import { container } from './container/get.ts'
import { type Counterpart, UnavailableSource } from './counterpart.ts'
import { deploy } from './deploy/get.ts'
import { envoy } from './envoy/get.ts'
import { formClients } from './form-clients/get.ts'
import { caddy, haproxy, nginx, traefik } from './gateways.ts'
import { graphqlClients } from './graphql-clients/get.ts'
import { helm } from './helm/get.ts'
import { jsonJava } from './json-java/get.ts'
import { keycloak } from './keycloak/get.ts'
import { mcpConformance } from './mcp-conformance/get.ts'
import { nanoidp } from './nanoidp/get.ts'
import { nodeFrameworks } from './node-frameworks/get.ts'
import { oauthCurl } from './oauth-curl/get.ts'
import { oauthGo } from './oauth-go/get.ts'
import { oauthJava } from './oauth-java/get.ts'
import { oauthPython } from './oauth-python/get.ts'
import { observability } from './observability/get.ts'
import { packages } from './packages/get.ts'
import { pgbouncer } from './pgbouncer/get.ts'
import { pythonFrameworks } from './python-frameworks/get.ts'
import { pythonSdk } from './python-sdk/get.ts'
import { softhsm } from './softhsm/get.ts'
import { systemd } from './systemd/get.ts'
import { type Interop, otherwise, readPage, suitesIn, withRuns, write } from './table.ts'
import { versitygw } from './versitygw/get.ts'

const COUNTERPARTS: readonly Counterpart[] = [
  packages,
  container,
  systemd,
  helm,
  softhsm,
  chromium,
  pythonSdk,
  pythonFrameworks,
  nodeFrameworks,
  formClients,
  graphqlClients,
  oauthPython,
  oauthGo,
  oauthJava,
  oauthCurl,
  a2aPython,
  mcpConformance,
  claudeAgent,
  bodiesGo,
  bodiesPython,
  jsonJava,
  canaille,
  nanoidp,
  keycloak,
  envoy,
  nginx,
  caddy,
  haproxy,
  traefik,
  observability,
  collector,
  pgbouncer,
  versitygw,
  deploy,
]
/** Limit of one test, in ms; a counterpart starts within its first. */
const MAX_LENGTH = 300_000

interface Row {
  readonly name: string
  readonly outcome: string
  readonly failed: boolean
  /** Row of docs/clients.md, if it ran and nothing failed. */
  readonly interop?: Interop
}

async function tryOne(counterpart: Counterpart): Promise<Row> {
  let { version } = counterpart
  const { name } = counterpart
  const began = performance.now()
  let env: Readonly<Record<string, string>>
  try {
    env = await getAfterOthers(counterpart)
    version = env.REMIT_INTEROP_VERSION ?? version
  } catch (error) {
    if (error instanceof UnavailableSource) {
      const outcome = `could not be had: ${error.message}`
      return { name: `${name} ${version}`, outcome, failed: false }
    }
    throw error
  }
  const folder = await mkdtemp(join(tmpdir(), 'remit-interop-'))
  const report = join(folder, 'suites')
  const { code, said } = await runTests(name, env, report)
  const seconds = `${Math.round((performance.now() - began) / 1000)} s`
  const ran = suitesIn(await readFile(report, 'utf8').catch(() => ''))
  await rm(folder, { recursive: true })
  process.stdout.write(`\n# ${name}\n${said}`)
  const failed = code !== 0
  const outcome = `${failed ? 'FAILED' : 'ran'}, ${seconds}: ${ran}`
  const row = { name: `${name} ${version}`, outcome, failed }
  return failed ? row : { ...row, interop: { name, version, ran, seconds } }
}

let got: Promise<unknown> = Promise.resolve()

/** Brings one after the other: installers of a machine have one lock. */
function getAfterOthers(counterpart: Counterpart): ReturnType<Counterpart['get']> {
  const mine = got.then(() => counterpart.get())
  got = mine.catch(() => {})
  return mine
}

/** Runs the tests with a counterpart. What they say is kept until they end: others run meanwhile. */
function runTests(
  name: string,
  env: Readonly<Record<string, string>>,
  report: string,
): Promise<{ readonly code: number; readonly said: string }> {
  const files = globSync(join(import.meta.dirname, name, '*.interop.ts'))
  if (files.length === 0) throw new Error(`there are no tests with ${name}`)
  const reporters = [
    ...['--test-reporter=spec', '--test-reporter-destination=stdout'],
    `--test-reporter=${new URL('suites.ts', import.meta.url)}`,
    `--test-reporter-destination=${report}`,
  ]
  const args = ['--test', `--test-timeout=${MAX_LENGTH}`, ...reporters, ...files]
  const child = spawn(process.execPath, args, {
    stdio: ['inherit', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  })
  const said: string[] = []
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => said.push(text))
  const forward = (signal: NodeJS.Signals) => child.kill(signal)
  process.on('SIGTERM', forward).on('SIGINT', forward)
  return new Promise((resolve) =>
    child.once('close', (code, signal) => {
      process.off('SIGTERM', forward).off('SIGINT', forward)
      resolve({
        code: code ?? 128 + (signal ? constants.signals[signal] : 0),
        said: said.join(''),
      })
    }),
  )
}

const WRITE = '--write'
const wanted = process.argv.slice(2).filter((each) => each !== WRITE)
const chosen = COUNTERPARTS.filter(({ name }) => wanted.length === 0 || wanted.includes(name))
if (chosen.length === 0) {
  console.error(`Known are: ${COUNTERPARTS.map(({ name }) => name).join(', ')}`)
  process.exit(1)
}
/** Counterparts at once: tests wait, too. */
const AT_ONCE = 2
const rows: Row[] = []
const left = [...chosen.entries()]
const tryOthers = async () => {
  for (let next = left.shift(); next; next = left.shift()) {
    const [place, counterpart] = next
    console.log(`${counterpart.name} …`)
    rows[place] = await tryOne(counterpart)
  }
}
await Promise.all(Array.from({ length: AT_ONCE }, tryOthers))
const width = Math.max(...rows.map(({ name }) => name.length))
console.log(
  `\nCounterparts\n${rows.map((row) => `  ${row.name.padEnd(width)}  ${row.outcome}`).join('\n')}`,
)
const ran = rows.flatMap(({ interop }) => interop ?? [])
if (process.argv.includes(WRITE)) write(withRuns(readPage(), ran))
else for (const line of otherwise(readPage(), ran)) console.log(line)
process.exitCode = rows.some(({ failed }) => failed) ? 1 : 0
