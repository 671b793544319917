import { spawn } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

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
  const out = await mkdtemp(join(tmpdir(), 'remit-mcp-conformance-'))
  try {
    await run(tested, out)
    return await read(out, 'authorization-server')
  } finally {
    await rm(out, { recursive: true, force: true })
  }
}

/** Program of the suite, and the end of it. */
function start(args: readonly string[]) {
  const child = spawn(process.execPath, [PROGRAM, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
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

/** Reads the results of scenarios. Each has a folder, named after its kind, itself and the time. */
async function read(out: string, kind: string): Promise<ReadonlyMap<string, readonly Check[]>> {
  const found = new Map<string, readonly Check[]>()
  for (const name of await readdir(out)) {
    const scenario = name.slice(kind.length + 1).replace(/-\d{4}-\d\d-\d\dT.*$/, '')
    found.set(scenario, JSON.parse(await readFile(join(out, name, 'checks.json'), 'utf8')))
  }
  return found
}

/** Names of scenarios for servers that the suite offers, with what they apply to: revisions, or `extension`. */
export async function serverScenarios(): Promise<ReadonlyMap<string, readonly string[]>> {
  const { child, ended } = start(['list'])
  const [said] = await Promise.all([child.stdout.toArray(), ended])
  const [, list = ''] = Buffer.concat(said)
    .toString()
    .split(/^Server scenarios.*$/m)
  const rows = (list.split(/^\w.*:$/m)[0] ?? '').matchAll(/^ {2}- (\S+) \[(.*)\]$/gm)
  return new Map([...rows].map(([, name = '', applies = '']) => [name, applies.split(',')]))
}

/** Runs scenarios for servers: one of them, or all of a revision. Answers every check, by scenario. */
export async function testServer(
  url: string,
  only: { readonly scenario: string } | { readonly revision: string },
): Promise<ReadonlyMap<string, readonly Check[]>> {
  const out = await mkdtemp(join(tmpdir(), 'remit-mcp-conformance-'))
  const which =
    'scenario' in only
      ? ['--scenario', only.scenario]
      : ['--suite', 'all', '--spec-version', only.revision]
  try {
    const { child, ended } = start(['server', '--url', url, ...which, '-o', out])
    child.stdout.resume()
    child.stderr.resume()
    await ended
    return await read(out, 'server')
  } finally {
    await rm(out, { recursive: true, force: true })
  }
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
