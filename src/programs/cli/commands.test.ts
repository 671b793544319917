import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import type { Command } from 'commander'
import { freePorts } from '../../../test/ports.ts'
import { Secret } from '../../platform/lib/secret.ts'
import { checkedPath } from './ledger.ts'
import { createProgram } from './program.ts'
import { StoredSessions } from './server/sessions.ts'
import { systemWorld } from './system-world.ts'
import { fakeServer, type Owner, sink, type TestCli, testCli } from './testing.ts'

type ServerReply = { status?: number; body?: unknown; type?: string; location?: string }
type Request = { method: string; path: string; body: string }

/** A user who is signed in at a server that answers what the test says. `asked` is what it was asked, in order. */
async function signedInAt(
  owner: Owner,
  answers: (path: string, method: string) => ServerReply,
): Promise<TestCli & { asked: Request[] }> {
  const asked: Request[] = []
  const url = await fakeServer(owner, async (request, reply) => {
    const { method = '', url: path = '' } = request
    asked.push({ method, path, body: await text(request) })
    const { body = {}, location, status = 200, type = 'application/json' } = answers(path, method)
    reply.writeHead(status, { 'content-type': type, ...(location ? { location } : {}) })
    reply.end(typeof body === 'string' ? body : JSON.stringify(body))
  })
  const cli = await testCli(owner, { REMIT_URL: url })
  await keepSession(cli, url)
  return { ...cli, asked }
}

async function keepSession({ world }: TestCli, url: string): Promise<void> {
  const expiresAt = new Date(world.clock.now() + 3_600_000).toISOString()
  await new StoredSessions(world).keep({ url, token: new Secret('session-token'), expiresAt })
}

/** A server that is an issuer, and nothing else. */
function issuerServer(owner: Owner): Promise<string> {
  return fakeServer(owner, (request, reply) => {
    reply.end(JSON.stringify({ issuer: `http://${request.headers.host}` }))
  })
}

function problem(code: string, status: number, members: object = {}) {
  const body = { title: `title of ${code}`, status, detail: 'why it is so', code, ...members }
  return { status, body, type: 'application/problem+json' }
}

test('what is not understood ends with 2 and says what would be, on standard error', async (t) => {
  const cli = await testCli(t)
  for (const args of [
    ['nonsense'],
    ['agents', 'nonsense'],
    ['agents', 'show'],
    ['agents', 'add', 'x', '--ceiling', 'a.b'],
    ['agents', 'add', 'x', '--trust', '7', '--ceiling', 'a.b'],
    ['tasks', 'list', '--state', 'opn'],
    ['tasks', 'list', '--limit', '0'],
    ['call', 'FETCH', 'orders/x', '--purpose', 'x'],
    ['call', 'GET'],
    ['resources', 'connect', 'orders'],
    ['resources', 'import', 'desk'],
    ['resources', 'import', 'desk', '--mcp', 'http://x', '--openapi', 'x.yaml'],
    [
      'resources',
      'import',
      'x',
      '--openapi',
      'x.yaml',
      '--upstream',
      'http://x',
      '--direct',
      'http://y',
    ],
    ['--url', 'http://remit.example', 'whoami'],
    ['--url', 'https://remit.example/path', 'whoami'],
  ]) {
    const { exit, out, said } = await cli.remit(...args)
    assert.equal(exit, 2, args.join(' '))
    assert.equal(out, '', args.join(' '))
    assert.match(said, /^✗ /, args.join(' '))
  }
})

test('help begins with what it is for and examples, and is what was asked for', async (t) => {
  const cli = await testCli(t)
  for (const args of [
    [],
    ['--help'],
    ['help'],
    ['agents', 'add', '--help'],
    ['help', 'agents', 'add'],
  ]) {
    const { exit, out, said } = await cli.remit(...args)
    assert.equal(exit, 0)
    assert.equal(said, '')
    assert.ok(out.indexOf('Examples') < out.indexOf('Usage'), args.join(' '))
    assert.ok(out.indexOf('Examples') > 0, args.join(' '))
  }
})

test('every command has a sentence and an example, and the examples are commands', async () => {
  const program = await createProgram(worldOf())
  for (const each of commandsOf(program)) {
    const help = each.helpInformation()
    assert.ok(each.description().endsWith('.'), each.name())
    assert.match(help, /\nExamples\n {2}\S/, each.name())
    for (const line of help.split('\nExamples\n')[1]?.split('\n\n')[0]?.split('\n') ?? []) {
      assertCommand(program, line.trim(), each.name())
    }
  }
})

test('an unknown command is told the ones that there are, wherever it stands', async (t) => {
  const cli = await testCli(t)
  const program = await createProgram(worldOf())
  for (const each of commandsOf(program).filter((one) => one.commands.length > 0)) {
    // A word that it does not know is one too many for the command that it stands for.
    if (each.name() === 'approvals' || each.name() === 'allowances') continue
    const path = pathOf(each)
    const { exit, said } = await cli.remit(...path, 'nonsense')
    assert.equal(exit, 2, path.join(' '))
    const names = each.commands.map((sub) => sub.name()).join(', ')
    assert.ok(said.includes(`  there are: ${names}\n`), `${path.join(' ')}: ${said}`)
  }
  const near = await cli.remit('spaces', 'creat')
  assert.match(near.said, /no command `creat` of `remit spaces`\n {2}did you mean `create`\?\n/)
})

test('no option of a command has the name of one that every command takes', async () => {
  const program = await createProgram(worldOf())
  const taken = program.options.map(({ long }) => long)
  for (const each of commandsOf(program)) {
    if (each === program) continue
    // The server would get what was meant for the command.
    for (const { long } of each.options) assert.ok(!taken.includes(long), `${each.name()} ${long}`)
  }
})

function pathOf(of: Command): string[] {
  return of.parent ? [...pathOf(of.parent), of.name()] : []
}

test('of the commands only the one that a line names is loaded', async () => {
  const names = (program: Command) => program.commands.map((each) => each.name())
  const all = names(await createProgram(worldOf()))
  for (const name of all) {
    const line = ['--url', 'http://remit.example', '--json', name, 'show', 'serve']
    // The script of a shell completes all of them.
    const loaded = name === 'completion' ? all : [name]
    assert.deepEqual(names(await createProgram(worldOf(), line)), loaded)
  }
  for (const line of [['agnts'], ['--help'], ['agnts', 'agents'], ['--unknown', 'agents']])
    assert.deepEqual(names(await createProgram(worldOf(), line)), all, line.join(' '))
})

test('every command that a page tells people to run exists', async () => {
  const program = await createProgram(worldOf())
  const root = join(import.meta.dirname, '..', '..', '..')
  const pages = [
    'README.md',
    ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.md'))
      .map((name) => join('docs', name)),
  ]
  for (const page of pages) {
    const content = readFileSync(join(root, page), 'utf8').replaceAll('npm run remit --', 'remit')
    for (const [, line = ''] of content.matchAll(/(?:`|^)(remit [a-z][^`\n]*)/gm)) {
      assertCommand(program, line, page)
    }
  }
})

/** The words of a line lead to a command. What comes before or after `remit` in a shell is left out. */
function assertCommand(program: Command, line: string, where: string): void {
  const words = (line.split(/\bremit(?: -- | )/)[1] ?? '').split(' ')
  const named = words.slice(words[0] === '--url' ? 2 : 0)
  let at = program
  for (const word of named) {
    if (at.commands.length === 0) return
    const found = at.commands.find((each) => each.name() === word)
    if (!found && /^(?:-|$|…|help)/.test(word)) return
    assert.ok(found, `${where}: \`${line}\``)
    at = found
  }
}

function commandsOf(parent: Command): Command[] {
  return [parent, ...parent.commands.flatMap(commandsOf)]
}

function worldOf() {
  const silent = sink(() => {})
  const nothing = { environment: {}, home: '/', directory: '/', interactive: false }
  return {
    ...nothing,
    output: silent,
    talk: silent,
    readInput: async () => new Uint8Array(),
    input: () => Readable.from([]),
    untilStopped: async () => {},
    askSecret: async () => undefined,
    askYes: async () => false,
    openBrowser: () => {},
    clock: { now: () => 0, monotonic: () => 0 },
    random: { bytes: (count: number) => new Uint8Array(count) },
    wait: async () => {},
  }
}

/** Lists the files that are loaded with these files of `cli`, as paths below their wing. */
async function loadedWith(...names: readonly string[]): Promise<string[]> {
  const loaded = new Set<string>()
  const read = async (file: string): Promise<void> => {
    if (loaded.has(file)) return
    loaded.add(file)
    const source = await readFile(file, 'utf8')
    for (const [, target = ''] of source.matchAll(STATIC_IMPORT))
      await read(join(file, '..', target))
  }
  for (const name of names) await read(join(import.meta.dirname, name))
  const src = join(import.meta.dirname, '..', '..')
  return [...loaded].map((file) => relative(src, file).split(sep).slice(1).join('/'))
}

test('nothing of the server is loaded for a command that does not need it', async () => {
  const program = await readFile(join(import.meta.dirname, 'program.ts'), 'utf8')
  const commands = [...program.matchAll(/import\('(\.[^']+)'\)/g)].map(([, file = '']) => file)
  const extensions = join('..', '..', 'extensions')
  const descriptionsOf = await Promise.all(
    (await loadedWith('program.ts'))
      .filter((file) => /^[\w-]+\/commands\.ts$/.test(file))
      .map(async (file) => {
        const text = await readFile(join(import.meta.dirname, extensions, file), 'utf8')
        return [...text.matchAll(/import\('(\.[^']+)'\)/g)].map(([, name = '']) =>
          join(extensions, file, '..', name),
        )
      }),
  )
  const files = await loadedWith(
    'run.ts',
    'system-world.ts',
    ...[...commands, ...descriptionsOf.flat()],
  )
  assert.ok(files.includes('cli/call/call.ts'))
  // From an extension, a command loads its commands and descriptions of operations, and nothing else.
  const descriptions = files.filter((file) =>
    /^[\w-]+\/(?:[\w-]+\/)?(?:commands|operations)(?:\.ts$|\/)/.test(file),
  )
  assert.ok(descriptions.includes('retention/operations.ts'))
  const rooms = new Set(
    files.flatMap((file) => (descriptions.includes(file) ? [] : file.split('/')[0])),
  )
  assert.deepEqual([...rooms].toSorted(), [
    'api-operations',
    'cli',
    'completion',
    'config',
    'dev',
    'lib',
    'module-commands.ts',
    'operation-kit',
  ])
  assert.deepEqual(
    files.filter((file) => file.startsWith('dev')),
    ['dev/sample.ts'],
  )
  for (const server of ['serve', 'dev', 'migrate']) assert.ok(!files.includes(`cli/${server}.ts`))
  assert.ok(!files.includes('operation-kit/schemas.ts'), 'schemas take longer to load than to run')
})

test('nothing for terminals is loaded with the API', async () => {
  const files = await loadedWith('../../console/api/index.ts')
  assert.ok(files.includes('api-operations/groups.ts'))
  assert.deepEqual(
    files.filter((file) => file.startsWith('lib/terminal') || file.startsWith('cli/')),
    [],
  )
})

test('no other command is loaded with one', async () => {
  const files = await loadedWith('run.ts', 'system-world.ts', 'server-commands.ts')
  for (const command of ['call/call.ts', 'agents.ts', 'session/login.ts'])
    assert.ok(!files.includes(`cli/${command}`))
})

/** Imports that are loaded when it runs: those of types are gone by then. */
const STATIC_IMPORT = /^(?:import|export) (?!type )[^'"]*?from '(\.[^']+)'/gm

test('who is not signed in is told how, and a program gets the code', async (t) => {
  const cli = await testCli(t, { REMIT_URL: await issuerServer(t) })
  const told = await cli.remit('whoami')
  assert.equal(told.exit, 1)
  assert.equal(told.out, '')
  assert.match(told.said, /next +remit login/)
  assert.match(told.said, /session\.required docs\/problems\/session\.required\.md/)
  const program = await cli.remit('whoami', '--json')
  const { error } = program.json as { error: { code: string } } // as: how failures look
  assert.equal(error.code, 'session.required')
  assert.equal(program.said, '', 'an error is told once')
})

test('a wrong address is told as that, before anybody is told to sign in', async (t) => {
  const [port] = await freePorts(1)
  const gateway = await fakeServer(t, (_request, reply) => {
    reply.writeHead(404, { 'content-type': 'application/problem+json' })
    reply.end(JSON.stringify({ title: 'x', code: 'resource.unknown' }))
  })
  const cli = await testCli(t)
  for (const command of [['agents', 'list'], ['whoami'], ['login', '--no-open']]) {
    const nobody = await cli.remit('--url', `http://127.0.0.1:${port}`, ...command)
    assert.equal(nobody.exit, 1)
    assert.match(nobody.said, /cannot be reached[\s\S]*ECONNREFUSED/, command.join(' '))
    const other = await cli.remit('--url', gateway, ...command)
    assert.match(other.said, /✗ This is not a Remit issuer/, command.join(' '))
    assert.doesNotMatch(nobody.said + other.said, /Sign in/)
  }
})

test('help tells the address that is used: the port that this checkout kept', async (t) => {
  const cli = await testCli(t)
  assert.match((await cli.remit('--help')).out, /else http:\/\/127\.0\.0\.1:7480/)
  await mkdir(join(cli.home, '.remit'))
  await writeFile(join(cli.home, '.remit', 'dev.json'), '{"port":8480,"secret":"kept"}\n')
  assert.match((await cli.remit('--help')).out, /else http:\/\/127\.0\.0\.1:8480/)
})

test('the session goes to its own server and nowhere else', async (t) => {
  const elsewhere: string[] = []
  const other = await fakeServer(t, (request, reply) => {
    elsewhere.push(request.headers.authorization ?? request.url ?? '')
    reply.end('{}')
  })
  const cli = await signedInAt(t, () => ({}))
  assert.equal((await cli.remit('agents', 'list', '--url', other)).exit, 1)
  const redirecting = await signedInAt(t, () => ({ status: 302, location: other }))
  assert.equal((await redirecting.remit('agents', 'list')).exit, 1)
  // Asked, without a session, whether it is an issuer.
  assert.deepEqual(elsewhere, ['/.well-known/oauth-authorization-server'])
})

test('a problem is told with its detail, its code, its page and what to do', async (t) => {
  const cli = await signedInAt(t, () => problem('agent.exists', 409))
  const { exit, said } = await cli.remit('agents', 'suspend', 'bot')
  assert.equal(exit, 1)
  assert.match(said, /✗ title of agent\.exists/)
  assert.match(said, /why +why it is so/)
  assert.match(said, /do +Choose another name\./)
  assert.match(said, /code +agent\.exists docs\/problems\/agent\.exists\.md/)
})

test('a code that is no code leads to no file', async (t) => {
  const cli = await signedInAt(t, () => problem('../../../package', 400))
  const { exit, said } = await cli.remit('agents', 'list')
  assert.equal(exit, 1)
  assert.doesNotMatch(said, /\bdo /)
})

test('an answer that is not Remit’s is told as that, and so is a server that is not there', async (t) => {
  const cli = await signedInAt(t, () => ({
    status: 404,
    body: '<h1>nginx</h1>',
    type: 'text/html',
  }))
  assert.match((await cli.remit('agents', 'list')).said, /right address\?/)
  const [port] = await freePorts(1)
  const nobody = `http://127.0.0.1:${port}`
  const lost = await testCli(t, { REMIT_URL: nobody })
  await keepSession(lost, nobody)
  assert.match((await lost.remit('agents', 'list')).said, /cannot be reached[\s\S]*ECONNREFUSED/)
})

test('names that would lead elsewhere stay names', async (t) => {
  const cli = await signedInAt(t, () => problem('agent.unknown', 404))
  await cli.remit('agents', 'show', '../people?x=1#y')
  assert.equal(cli.asked[0]?.path, '/api/v1/agents/..%2Fpeople%3Fx%3D1%23y')
  assert.equal((await cli.remit('agents', 'show', '..')).exit, 2)
  assert.equal((await cli.remit('agents', 'show', '')).exit, 2)
  assert.equal(cli.asked.length, 1)
})

test('what a server says about an agent cannot paint over the terminal', async (t) => {
  const agent = {
    id: 'bot',
    description: '\u001b[2Jall good',
    status: 'active',
    trust: 3,
    owner: 'psn_x',
  }
  const cli = await signedInAt(t, () => ({ body: { agents: [agent] } }))
  const { out } = await cli.remit('agents', 'list')
  assert.match(out, /\\u\{1b\}\[2Jall good/)
})

test('colours are for terminals, and not for those who said no', async (t) => {
  const cli = await signedInAt(t, () => ({ body: { agents: [] } }))
  const { out: piped } = await cli.remit('agents', 'list')
  assert.equal(piped.includes('\u001b'), false)
  for (const [environment, coloured] of [
    [{}, true],
    [{ NO_COLOR: '1' }, false],
    [{ TERM: 'dumb' }, false],
    [{ NO_COLOR: '' }, true],
  ] as const) {
    const seen = await testCli(t, environment, { output: sink(() => {}, true) })
    const { out } = await seen.remit('--help')
    assert.equal(out.includes('\u001b['), coloured, JSON.stringify(environment))
  }
})

test('a credential is read from standard input, a file or a person, and never from an argument', async (t) => {
  const cli = await signedInAt(t, () => ({ body: { name: 'k', header: 'authorization' } }))
  const secretOf = () => (JSON.parse(cli.asked.at(-1)?.body ?? '{}') as { secret?: string }).secret // as: what was sent
  await cli.piped('s3cret\n', 'connections', 'add', 'k', '--bearer')
  assert.equal(secretOf(), 's3cret')
  await writeFile(join(cli.home, 'key.txt'), 'from-file\r\n')
  await cli.remit('connections', 'add', 'k', '--bearer', '--from-file', 'key.txt')
  assert.equal(secretOf(), 'from-file')
  const before = cli.asked.length
  assert.equal((await cli.piped('', 'connections', 'add', 'k', '--bearer')).exit, 2)
  assert.equal((await cli.remit('connections', 'add', 'k', '--bearer', 's3cret')).exit, 2)
  assert.equal((await cli.remit('connections', 'add', 'k', '--secret', 's3cret')).exit, 2)
  assert.equal(cli.asked.length, before)
})

test('somebody at a terminal is asked, and may change their mind', async (t) => {
  const answers = ['typed', undefined]
  const questions: string[] = []
  const server = await signedInAt(t, () => ({ body: { name: 'k', header: 'authorization' } }))
  const ask = async (question: string) => {
    questions.push(question)
    return answers.shift()
  }
  const cli = await testCli(t, server.world.environment, {
    interactive: true,
    askSecret: ask,
    home: server.home,
  })
  assert.equal((await cli.remit('connections', 'add', 'k', '--bearer')).exit, 0)
  assert.match(server.asked[0]?.body ?? '', /"secret":"typed"/)
  assert.equal((await cli.remit('connections', 'add', 'k', '--bearer')).exit, 1)
  assert.equal(server.asked.length, 1)
  assert.deepEqual(questions, ['Credential of k', 'Credential of k'])
})

test('what changed is shown field by field, and accepted exactly as it was shown', async (t) => {
  const changed = {
    action: 'desk.look',
    kind: 'changed',
    state: 'waiting',
    digest: 'digest-of-look',
    source: 'server',
    offered_at: '2026-01-02T03:04:05Z',
    reviewed_at: '2026-01-01T00:00:00Z',
    unreadable: null,
    differences: [{ field: 'description', before: 'Looks.', after: 'Looks.\u001b[2J\nAnd sends.' }],
  }
  const added = { ...changed, action: 'desk.new', kind: 'added', digest: 'other', differences: [] }
  const cli = await signedInAt(t, () => ({ body: { changes: [changed, added] } }))
  const seen = await cli.remit('resources', 'review', 'desk')
  assert.equal(seen.exit, 0)
  assert.match(seen.out, /~ desk\.look changed: no calls are permitted/)
  assert.match(seen.out, /description\n +- +Looks\.\n +\+ +Looks\.\\u\{1b\}\[2J\n +\+ +And sends\./)
  assert.match(seen.out, /\+ desk\.new is new/)
  assert.equal(cli.asked.length, 1, 'looking changes nothing')
  const done = await cli.remit('resources', 'review', 'desk', '--accept', 'desk.look')
  assert.equal(done.exit, 0)
  assert.match(done.said, /- +Looks\./, 'it is shown before it is accepted')
  const sent = cli.asked.at(-1)
  assert.equal(sent?.path, '/api/v1/resources/desk/changes/accept')
  assert.deepEqual(JSON.parse(sent.body), {
    changes: [{ action: 'desk.look', digest: 'digest-of-look' }],
  })
  await cli.remit('resources', 'review', 'desk', '--reject', 'desk.new')
  assert.equal(cli.asked.at(-1)?.path, '/api/v1/resources/desk/changes/reject')
  assert.equal((await cli.remit('resources', 'review', 'desk', '--accept', 'desk.none')).exit, 1)
  const both = ['--accept-all', '--reject', 'desk.new']
  assert.equal((await cli.remit('resources', 'review', 'desk', ...both)).exit, 2)
  assert.equal((await cli.remit('resources', 'remove', 'desk')).exit, 2)
})

test('an MCP server is imported by its address; what it offers is shown with the risk that is proposed', async (t) => {
  const read = { name: 'desk.read', risk: 'low', risk_proposed: true }
  const cli = await signedInAt(t, (_path, method) => ({
    body:
      method === 'PUT'
        ? {
            resource: 'desk',
            unchanged: false,
            added: ['desk.read'],
            changed: ['desk.send-it'],
            removed: ['desk.old'],
            quarantined: ['desk.pulled'],
            waiting: ['desk.new'],
            restored: [],
            notes: ['a note\u001b[2J'],
            uncallable: [{ action: 'desk.send-it', reason: 'it takes XML' }],
            untyped: [{ reason: 'it is a map', count: 2, examples: ['desk.read /tags'] }],
          }
        : { actions: [read, { name: 'desk.send-it', risk: 'high', risk_proposed: false }] },
  }))
  const address = ['--mcp', 'http://desk.internal/mcp', '--connection', 'desk-key', '--trusted']
  const { exit, out } = await cli.remit('resources', 'import', 'desk', ...address)
  assert.equal(exit, 0)
  const [sent, shown] = cli.asked
  assert.deepEqual(JSON.parse(sent?.body ?? ''), {
    mcp: 'http://desk.internal/mcp',
    connection: 'desk-key',
    trusted: true,
  })
  assert.equal(shown?.path, '/api/v1/resources/desk')
  const none = ['--mcp', 'http://desk.internal/mcp', '--no-connection', '--no-trusted']
  assert.equal((await cli.remit('resources', 'import', 'desk', ...none)).exit, 0)
  assert.deepEqual(JSON.parse(cli.asked[2]?.body ?? ''), {
    mcp: 'http://desk.internal/mcp',
    connection: null,
    trusted: false,
  })
  assert.match(out, /! desk\.pulled +quarantined\n +\? desk\.new +waits for review\n/)
  assert.match(out, /~ desk\.send-it +high\n +- desk\.old\n +\+ desk\.read +low proposed\n/)
  assert.match(out, /The gateway cannot call 1 operation\n +! desk\.send-it: it takes XML\n/)
  assert.match(out, /cannot see 2 arguments\n +2 +it is a map\n +desk\.read \/tags, …/)
  assert.match(out, /Worth reading\n +a note/)
  assert.ok(!out.includes('\u001b'), 'nothing in a note reaches the terminal as it is')
})

const BOT = { id: 'bot', description: '', ceiling: [], keys: [], clients: [], status: 'active' }

test('a new key is registered by its public half; the private half stays in a file of its owner', async (t) => {
  const cli = await signedInAt(t, (path) => ({
    body: path.endsWith('/resources/orders')
      ? { name: 'orders', identifier: 'http://gw/orders', actions: [{ name: 'orders.read' }] }
      : { ...BOT, instances: [] },
  }))
  const args = [
    'agents',
    'add',
    'bot',
    '--trust',
    '3',
    '--ceiling',
    'orders.*',
    '--key-out',
    'k/bot.jwk',
  ]
  assert.equal((await cli.remit(...args)).exit, 0)
  const sent = cli.asked.at(-1)?.body ?? ''
  const body = JSON.parse(sent)
  assert.deepEqual(body.ceiling, [
    { type: 'remit_call', locations: ['http://gw/orders'], actions: ['orders.read'], bounds: [] },
  ])
  assert.equal('d' in body.keys[0], false)
  const file = join(cli.home, 'k', 'bot.jwk')
  const kept = JSON.parse(await readFile(file, 'utf8'))
  assert.ok(kept.d)
  assert.ok(!sent.includes(kept.d))
  assert.equal(kept.x, body.keys[0].x)
  assert.equal((await stat(file)).mode & 0o777, 0o600)
  const again = await cli.remit(...args)
  assert.match(again.said, /already/)
  assert.deepEqual(JSON.parse(await readFile(file, 'utf8')), kept, 'it is not written over')
})

test('an agent is shown with the clients by which people let it in', async (t) => {
  const instances = [{ client_id: 'client-1', people: 2, last_let_in_at: '2026-01-01T00:00:00Z' }]
  const cli = await signedInAt(t, () => ({ body: { ...BOT, origin: 'dynamic', instances } }))
  const { out } = await cli.remit('agents', 'show', 'bot')
  assert.match(out, /Instances[^\n]*\n +CLIENT ID +PEOPLE +LAST *\n +client-1 +2 /)
})

test('when registering fails no key is left behind, and a private key is never sent', async (t) => {
  const cli = await signedInAt(t, (path, method) =>
    method === 'GET' && path.endsWith('/orders')
      ? {
          body: {
            name: 'orders',
            identifier: 'http://gw/orders',
            actions: [{ name: 'orders.read' }],
          },
        }
      : problem('agent.exists', 409),
  )
  const add = ['agents', 'add', 'bot', '--trust', '3', '--ceiling', 'orders.read']
  assert.equal((await cli.remit(...add, '--key-out', 'bot.jwk')).exit, 1)
  assert.equal((await readdir(cli.home)).includes('bot.jwk'), false)
  await writeFile(
    join(cli.home, 'private.jwk'),
    '{"kty":"EC","crv":"P-256","x":"x","y":"y","d":"private-half"}',
  )
  const { exit, said } = await cli.remit(...add, '--key', 'private.jwk')
  assert.equal(exit, 1)
  assert.match(said, /That is a private key/)
  assert.ok(cli.asked.every(({ body }) => !body.includes('private-half')))
})

test('a person that several people could be is nobody', async (t) => {
  const people = ['psn_1', 'psn_2'].map((id) => ({
    id,
    name: 'Sam',
    email: null,
    subject: id,
    issuer: 'i',
  }))
  const cli = await signedInAt(t, () => ({ body: { people } }))
  const { exit, said } = await cli.remit('groups', 'add', 'finance', 'Sam')
  assert.equal(exit, 1)
  assert.match(said, /Several people/)
  assert.ok(cli.asked.every(({ method }) => method === 'GET'))
  assert.equal((await cli.remit('groups', 'add', 'finance', 'psn_2')).exit, 0)
})

test('an export goes into an empty directory, whole or not at all', async (t) => {
  const line = (path: string, data: string) =>
    `${JSON.stringify({ path, data: Buffer.from(data).toString('base64') })}\n`
  let lines = line('tile/0/000.p/1', 'a') + line('tile/0/000.p/1', 'b') + line('checkpoint', 'c')
  const cli = await signedInAt(t, () => ({ body: lines, type: 'application/x-ndjson' }))
  const done = await cli.remit('ledger', 'export', 'out', '--json')
  assert.equal(done.exit, 0)
  assert.equal(done.json.files, 2)
  assert.equal(await readFile(join(cli.home, 'out/tile/0/000.p/1'), 'utf8'), 'ab')
  assert.match((await cli.remit('ledger', 'export', 'out')).said, /not empty/)
  lines = line('tile/0/000.p/1', 'a')
  const cut = await cli.remit('ledger', 'export', 'cut')
  assert.equal(cut.exit, 1)
  assert.match(cut.said, /not complete/)
})

test('an export writes nothing outside its directory, whatever the server says', async (t) => {
  for (const path of [
    '../x',
    '/etc/x',
    'a/../../x',
    'a//b',
    '.ssh/x',
    'a\\..\\x',
    'C:x',
    '',
    'a/.',
    '\u0000',
  ]) {
    assert.throws(() => checkedPath(path), /none of a ledger/, path)
  }
  const line = JSON.stringify({ path: '../outside', data: '' })
  const cli = await signedInAt(t, () => ({ body: `${line}\n` }))
  await mkdir(join(cli.home, 'work'))
  assert.equal((await cli.remit('ledger', 'export', 'work/out')).exit, 1)
  assert.deepEqual(await readdir(join(cli.home, 'work')), [])
})

test('a confirmation that leads elsewhere is printed, never opened', async (t) => {
  const opened: string[] = []
  const server = await signedInAt(t, (path, method) =>
    path.includes('/confirmations/')
      ? { body: { id: 'cnf_1', state: 'refused' } }
      : method === 'POST'
        ? {
            status: 202,
            body: {
              confirmation: {
                id: 'cnf_1',
                url: 'https://evil.example/confirm',
                expires_at: new Date().toISOString(),
              },
            },
          }
        : {},
  )
  const cli = await testCli(t, server.world.environment, {
    home: server.home,
    talk: sink(() => {}, true),
    openBrowser: (url) => opened.push(url),
  })
  const { exit, said } = await cli.remit('agents', 'resume', 'bot')
  assert.equal(exit, 1)
  assert.match(said, /nothing was changed/)
  assert.deepEqual(opened, [])
  assert.equal(server.asked.filter(({ method }) => method === 'POST').length, 1)
})

test('a name that cannot be one, and a credential of no kind, are told in words', async (t) => {
  const cli = await signedInAt(t, () => ({}))
  const named = await cli.remit('agents', 'add', 'Bad_Name', '--trust', '1', '--ceiling', 'a.*')
  assert.equal(named.exit, 2)
  assert.match(named.said, /✗ The agent name is not valid/)
  assert.match(named.said, /do +Use 2 to 63 lower-case letters/)
  const kept = await cli.remit('connections', 'add', 'key', '--header', 'x-api-key')
  assert.equal(kept.exit, 2)
  assert.match(kept.said, /kind of credential is missing/)
  assert.match(kept.said, /next +remit connections add key --bearer --header x-api-key/)
  assert.deepEqual(cli.asked, [])
})

test('a question is a no where nobody is at a terminal', async () => {
  const world = systemWorld()
  assert.equal(world.interactive, false, 'the runner of tests gives no terminal')
  assert.equal(await world.askYes('Approve exactly this, once?'), false)
})
