import { spawn } from 'node:child_process'
import { glob, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

const PROGRAM = join(
  import.meta.dirname,
  'node_modules/@modelcontextprotocol/conformance/dist/index.js',
)
/** The page on which a person is asked. */
const PAGE = /^http\S+\/oauth\/authorize\?\S+$/m

export interface Check {
  readonly id: string
  readonly status: 'SUCCESS' | 'FAILURE' | 'WARNING' | 'SKIPPED' | 'INFO'
  readonly errorMessage?: string
}

/** Authorization server, as the suite is told about it. */
export interface TestedServer {
  readonly issuer: string
  readonly revision: string
  readonly clientId: string
  readonly resource: string
  /** Port on 127.0.0.1 on which it listens for the answer, at `/callback`. */
  readonly port: number
  /** Does what a person does in a browser. */
  readonly person: (page: string) => Promise<unknown>
}

/** Runs the scenarios for authorization servers, and answers every check it made, by scenario. */
export async function testAuthorizationServer(
  tested: TestedServer,
): Promise<ReadonlyMap<string, readonly Check[]>> {
  return results('authorization-server-', (out) => run(tested, out))
}

/** Runs what writes results to a folder, and reads them. */
async function results(
  prefix: string,
  write: (out: string) => Promise<void>,
): Promise<ReadonlyMap<string, readonly Check[]>> {
  const out = await mkdtemp(join(tmpdir(), 'remit-mcp-conformance-'))
  try {
    await write(out)
    return await read(out, prefix)
  } finally {
    await rm(out, { recursive: true, force: true })
  }
}

/** Program of the suite, and the end of it. */
function start(args: readonly string[], more: NodeJS.ProcessEnv = {}) {
  const env = { ...process.env, ...more }
  const stdio = ['ignore', 'pipe', 'pipe'] as const
  const child = spawn(process.execPath, [PROGRAM, ...args], { stdio: [...stdio], env })
  const ended = new Promise<void>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', () => resolve())
  })
  return { child, ended }
}

async function run(tested: TestedServer, out: string): Promise<void> {
  const { clientId, issuer, person, port, resource, revision } = tested
  const args = ['authorization', '--url', issuer, '--spec-version', revision, '-o', out]
  args.push('--client-id', clientId, '--resource', resource, '--port', String(port))
  const { child, ended } = start(args)
  let said = ''
  let asked: Promise<unknown> | undefined
  const hear = (chunk: Buffer) => {
    said += chunk.toString()
    const page = asked ? undefined : PAGE.exec(said)?.[0]
    if (page === undefined) return
    asked = person(page)
    // It would wait five minutes for an answer that does not come.
    asked.catch(() => child.kill())
  }
  child.stdout.on('data', hear)
  child.stderr.on('data', hear)
  await ended
  await asked
}

/** Reads the results of scenarios. Each has a folder, named after its kind, itself (which may have `/`) and the time. */
async function read(out: string, prefix: string): Promise<ReadonlyMap<string, readonly Check[]>> {
  const found = new Map<string, readonly Check[]>()
  for await (const file of glob('**/checks.json', { cwd: out })) {
    const scenario = dirname(file)
      .slice(prefix.length)
      .replace(/-\d{4}-\d\d-\d\dT.*$/, '')
    found.set(scenario, JSON.parse(await readFile(join(out, file), 'utf8')))
  }
  return found
}

/** Names of scenarios that the suite offers, with what they apply to: revisions, or `extension`. */
export async function offeredScenarios(
  tested: 'Client' | 'Server',
): Promise<ReadonlyMap<string, readonly string[]>> {
  const { child, ended } = start(['list'])
  const [said] = await Promise.all([child.stdout.toArray(), ended])
  const [, list = ''] = Buffer.concat(said)
    .toString()
    .split(new RegExp(`^${tested} scenarios.*$`, 'm'))
  const rows = (list.split(/^\w.*:$/m)[0] ?? '').matchAll(/^ {2}- (\S+) \[(.*)\]$/gm)
  return new Map([...rows].map(([, name = '', applies = '']) => [name, applies.split(',')]))
}

/** Scenarios: one of them (in a revision), or all of a revision. */
export type ChosenScenarios =
  | { readonly scenario: string; readonly revision?: string }
  | { readonly revision: string }

function chosen(which: ChosenScenarios): readonly string[] {
  const { revision } = which
  const one = 'scenario' in which ? ['--scenario', which.scenario] : ['--suite', 'all']
  return revision === undefined ? one : [...one, '--spec-version', revision]
}

/** Runs scenarios, and answers every check, by scenario. */
async function test(
  args: readonly string[],
  { env, prefix }: { readonly env?: NodeJS.ProcessEnv; readonly prefix: string },
): Promise<ReadonlyMap<string, readonly Check[]>> {
  return results(prefix, async (out) => {
    const { child, ended } = start([...args, '-o', out], env)
    child.stdout.resume()
    child.stderr.resume()
    await ended
  })
}

/** Runs scenarios for servers. */
export function testServer(url: string, which: ChosenScenarios) {
  return test(['server', '--url', url, ...chosen(which)], { prefix: 'server-' })
}

/** Limit of one client, in ms: they are started all at once. */
const MAX_CLIENT_LENGTH = 200_000

/** Runs scenarios for clients: `program` is started by Node with the URL of a server of the suite, and with `env`. */
export function testClient(program: string, which: ChosenScenarios, env: NodeJS.ProcessEnv = {}) {
  const command = `"${process.execPath}" "${program}"`
  const args = ['client', '--command', command, '--timeout', String(MAX_CLIENT_LENGTH)]
  return test([...args, ...chosen(which)], { env, prefix: '' })
}

/**
 * Lists complaints: checks without success that are not known, known ones that succeed by now, and
 * known ones without a reason.
 */
export function complaints(
  checks: readonly Check[],
  known: Readonly<Record<string, string>>,
): readonly string[] {
  const bad = checks.filter(({ status }) => status !== 'SUCCESS')
  const unknown = bad.filter(({ id }) => !(id in known))
  const stale = Object.keys(known).filter((id) => bad.every((check) => check.id !== id))
  const silent = Object.keys(known).filter((id) => known[id]?.trim() === '')
  return [
    ...unknown.map(({ errorMessage, id, status }) => `${id}: ${status} ${errorMessage ?? ''}`),
    ...stale.map((id) => `${id} is a success by now: take it off the list`),
    ...silent.map((id) => `${id} is on the list without a reason`),
  ]
}
