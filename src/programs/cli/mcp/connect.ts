import { extname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Command, Option } from 'commander'
import type { Detail, Task } from 'remit-sdk'
import { bold, dim, green, text, yellow } from '../../../platform/lib/terminal/text.ts'
import { ACCESS_TOKEN, ID_TOKEN } from '../agent/client.ts'
import { type ActingAgent, actingAgent } from '../call/acting-agent.ts'
import { type CallOptions, readAskedDetails } from '../call/asked.ts'
import { consentQuestion } from '../call/open-task.ts'
import {
  type RepresentedOptions,
  type RepresentedPerson,
  representedPerson,
} from '../call/represented.ts'
import { type CallTarget, findTarget } from '../call/target.ts'
import type { Cli } from '../cli.ts'
import { command, type Start } from '../command.ts'
import { CommandExit, CommandFailure, usage } from '../failure.ts'
import { dataDirectory } from '../server/address.ts'

interface ConnectOptions extends RepresentedOptions {
  readonly agent?: string
  readonly key?: string
  readonly purpose?: string
  readonly details?: string
  readonly scope?: readonly string[]
  readonly ask?: string
  readonly sponsorGrant?: string
  readonly printConfig?: true
}

/** The longest that a task may last: clients run as long as their windows are open. It is closed when they go. */
const LIFE_SECONDS = 24 * 60 * 60

/** `remit mcp connect SERVER`: an MCP server over standard input and output, which is the one at the gateway. */
export function connectCommand(start: Start): Command {
  return command(
    'connect',
    'Is an MCP server, over standard input and output, for clients that know no other: every message is a call of one task, with its own key.',
    [
      'remit mcp connect desk --agent refund-bot --sign-in --purpose "answer customers"',
      'remit mcp connect desk --agent refund-bot --ask sam@example.com --purpose "answer customers"',
      'remit mcp connect https://gateway.example/desk --agent refund-bot --sign-in --purpose "answer customers" --print-config   # for the configuration of a client',
    ],
  )
    .argument(
      '<server>',
      'the MCP server by its name in the catalog, or its address at the gateway',
    )
    .option('--agent <name>', 'as which agent; else the only one with a key here')
    .option('--key <file>', 'its private key, as JWK; else .remit/agents/NAME.jwk')
    .option('--sign-in', 'for the person who signs in now, in the browser')
    .option('--ask <person>', 'for this person (an id or an e-mail address), whom Remit asks')
    .option('--person <name>', 'for this sample person of `remit dev`')
    .option('--subject-token <file>', 'for whom this ID token speaks')
    .addOption(
      new Option('--subject-token-type <type>', 'when it is no ID token').choices([
        'id_token',
        'access_token',
      ]),
    )
    .option('--sponsor-grant <id>', 'with no person present, under this grant')
    .option('--provider <issuer>', 'where they sign in, when the agent has clients at several')
    .option('--purpose <text>', 'what it is for; people read it')
    .option('--details <json|@file>', 'what the task may do; else all that the agent may do there')
    .option(
      '--scope <scope>',
      'the same by an OAuth scope, such as desk.search-notes; once for each',
      (scope: string, before: readonly string[] = []) => [...before, scope],
    )
    .option('--print-config', 'print what goes into the configuration of a client, and end')
    .action(async (server: string, options: ConnectOptions, invoked: Command) => {
      const cli = await start(invoked)
      const target = await findTarget(cli, server)
      const agent = await actingAgent(cli, options)
      requireOnePerson(options)
      if (options.printConfig) return printConfig(cli, target, agent, options)
      await connect(cli, target, agent, options)
    })
}

const WAYS = ['signIn', 'ask', 'person', 'subjectToken', 'sponsorGrant'] as const

function requireOnePerson(options: ConnectOptions): void {
  const { purpose, sponsorGrant, subjectToken } = options
  if (WAYS.filter((way) => options[way] !== undefined).length !== 1)
    throw usage(
      'Say for whom, once',
      '--sign-in, --ask PERSON, --subject-token FILE or --sponsor-grant ID',
    )
  if (subjectToken === '-') throw usage('Standard input is for the client', '--subject-token FILE')
  if (purpose === undefined && sponsorGrant === undefined)
    throw usage('Give a purpose: people will read it', '--purpose "answer customers"')
}

async function connect(
  cli: Cli,
  target: CallTarget,
  agent: ActingAgent,
  options: ConnectOptions,
): Promise<void> {
  const { bridge } = await import('./bridge.ts')
  const opening = await prepare(cli, target, agent, options)
  const stopped = cli.world.untilStopped()
  const input = cli.world.input()
  const gone = new AbortController()
  input.once('end', () => gone.abort())
  void stopped.then(() => gone.abort())
  let opened: Promise<Task> | undefined
  const task = () => {
    opened ??= open(cli, opening, gone.signal)
    return opened
  }
  let ended: string | undefined
  try {
    ended = await bridge({
      task: { fetch: async (...request) => (await task()).fetch(...request) },
      begun: () => opened !== undefined,
      url: target.identifier,
      input,
      output: (line) => cli.world.output.write(line),
      stopped,
      say: (words) => cli.say(text`${yellow('●')} ${words}`),
    })
  } finally {
    const open = await opened?.catch(() => undefined)
    await open?.close().catch((error: unknown) => {
      cli.say(text`${yellow('●')} the task could not be closed: ${String(error)}`)
    })
  }
  if (ended === undefined) return
  cli.say(text`${yellow('●')} ${ended}`)
  throw new CommandExit(1)
}

interface Opening {
  readonly target: CallTarget
  readonly agent: ActingAgent
  readonly options: ConnectOptions
  readonly asked: CallOptions
  /** Absent where Remit asks a person, or no person is there. */
  readonly person: RepresentedPerson | undefined
}

/** Reads what the options name, so that a mistake is told before a client waits. */
async function prepare(
  cli: Cli,
  target: CallTarget,
  agent: ActingAgent,
  options: ConnectOptions,
): Promise<Opening> {
  const { ask, details, scope, sponsorGrant } = options
  const all = details === undefined && scope === undefined ? { all: true as const } : {}
  const withoutPerson = ask !== undefined || sponsorGrant !== undefined
  return {
    ...{ target, agent, options },
    asked: await readAskedDetails(cli.world, { ...options, ...all }, target, 'POST'),
    person: withoutPerson
      ? undefined
      : await representedPerson(cli, agent.id, { ...options, opensBrowser: true }),
  }
}

/** Opens the task, unless the client goes meanwhile. */
async function open(cli: Cli, opening: Opening, signal: AbortSignal): Promise<Task> {
  const task = await Promise.race([
    openFor(cli, opening, signal),
    new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(new CommandFailure('The client has gone')))
    }),
  ])
  const { agent, target } = opening
  cli.say(text`${green('✓')} ${bold(agent.id)} in ${task.id}, for ${target.identifier}`)
  return task
}

/** Sends people to where they sign in or agree: their browser, as people do not look at the log of a client. */
async function openFor(
  cli: Cli,
  { agent, asked, options, person }: Opening,
  signal: AbortSignal,
): Promise<Task> {
  const { ask, purpose = '', sponsorGrant, subjectTokenType } = options
  const { askPerson, openTask, RemitError } = await import('remit-sdk')
  const common = {
    issuer: cli.url,
    agent: { id: agent.id, key: agent.privateJwk },
    // as: written as details, and checked by the server
    ...(asked.details === undefined ? {} : { details: asked.details as readonly Detail[] }),
    ...(asked.scope === undefined ? {} : { scope: asked.scope }),
    lifeSeconds: LIFE_SECONDS,
    signal,
  }
  try {
    if (ask !== undefined)
      return await askPerson({
        ...common,
        person: ask,
        purpose,
        onAsked: () => cli.say(text`${yellow('●')} ${ask} is asked, on their page at ${cli.url}`),
      })
    if (person === undefined) return await openTask({ ...common, sponsorGrant: sponsorGrant ?? '' })
    return await openTask({
      ...common,
      purpose,
      subjectToken: async () => (await person.subject()).token,
      subjectTokenType: subjectTokenType === 'access_token' ? ACCESS_TOKEN : ID_TOKEN,
      onConsent: ({ interactionUri }) => {
        cli.say(
          text`${yellow('●')} ${consentQuestion({ agent, person, purpose })}`,
          text`  ${bold(interactionUri)}`,
        )
        if (new URL(interactionUri).origin === cli.url) cli.world.openBrowser(interactionUri)
      },
    })
  } catch (error) {
    if (!(error instanceof RemitError)) throw error
    const { code, detail } = error
    throw new CommandFailure('The task was not opened', { code, detail, cause: error })
  }
}

/** Prints the entry for clients that keep theirs under `mcpServers`. It names files, and holds no secret. */
function printConfig(
  cli: Cli,
  target: CallTarget,
  { id }: ActingAgent,
  options: ConnectOptions,
): void {
  const { directory } = cli.world
  const key = options.key ?? join(dataDirectory(cli.world), 'agents', `${id}.jwk`)
  const { details } = options
  // Clients start programs in directories of their own.
  const placed = details?.startsWith('@') ? `@${resolve(directory, details.slice(1))}` : details
  const values: readonly (readonly [string, string | undefined])[] = [
    ['--agent', id],
    ['--key', resolve(directory, key)],
    ['--ask', options.ask],
    ['--person', options.person],
    ['--subject-token', options.subjectToken && resolve(directory, options.subjectToken)],
    ['--subject-token-type', options.subjectTokenType],
    ['--sponsor-grant', options.sponsorGrant],
    ['--provider', options.provider],
    ['--purpose', options.purpose],
    ['--details', placed],
    ...(options.scope ?? []).map((scope) => ['--scope', scope] as const),
  ]
  const args = [
    fileURLToPath(new URL(`../../../main${extname(import.meta.url)}`, import.meta.url)),
    ...['--url', cli.url, 'mcp', 'connect', target.identifier],
    ...values.flatMap(([name, value]) => (value === undefined ? [] : [name, value])),
    ...(options.signIn ? ['--sign-in'] : []),
  ]
  const name = target.identifier.split('/').at(-1) ?? 'remit'
  const entry = { command: process.execPath, args }
  cli.world.output.write(`${JSON.stringify({ mcpServers: { [name]: entry } }, null, 2)}\n`)
  cli.say(dim('Paste it into the configuration of the client, such as claude_desktop_config.json.'))
}
