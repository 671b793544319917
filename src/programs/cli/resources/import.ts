import { readFile, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { readOwners } from '../../../console/api-operations/resources/owners.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import { dim, text } from '../../../platform/lib/terminal/text.ts'
import type { Cli } from '../cli.ts'
import { command, type Start } from '../command.ts'
import { CommandFailure, usage } from '../failure.ts'
import { lookUpPerson } from '../person.ts'
import type { World } from '../world.ts'
import { importedLines, previewLines } from './imported.ts'

interface ImportOptions {
  readonly openapi?: string
  readonly mcp?: string
  readonly a2a?: string
  readonly graphql?: string
  readonly upstream?: string
  readonly title?: string
  readonly trusted?: boolean
  /** `false`: `--no-connection`. */
  readonly connection?: string | false
  readonly direct?: string
  readonly owners?: readonly string[]
  readonly accept?: true
  readonly preview?: true
}

const MAX_BYTES = 32 * 1024 * 1024

/** `remit resources import NAME --openapi FILE|URL`, `--graphql FILE|URL`, `--mcp URL` or `--a2a URL` */
export function importCommand(start: Start): Command {
  return command(
    'import',
    'Puts an API into the catalog from its OpenAPI document or GraphQL schema, or an MCP server or an A2A agent from what it offers; or updates it.',
    [
      'remit resources import billing --openapi billing.yaml --upstream http://127.0.0.1:9000',
      'remit resources import droplets --openapi ./specification',
      'remit resources import orders --openapi https://orders.internal/openapi.json --trusted',
      'remit resources import shop --openapi shop.yaml --direct https://shop.example/api',
      'remit resources import desk --mcp http://127.0.0.1:7484/mcp --connection desk-key',
      'remit resources import graph --graphql schema.graphql --upstream http://127.0.0.1:9000/graphql',
      'remit resources import planner --a2a https://planner.example',
      'remit resources import billing --openapi billing.yaml --preview',
    ],
  )
    .argument('<name>', 'what it is called here, for ever')
    .option(
      '--openapi <file|dir|url>',
      'its OpenAPI 3 document, JSON or YAML, or a directory that has it in several files; - for standard input',
    )
    .option(
      '--graphql <file|url>',
      'or its GraphQL schema: definition language, or the answer to an introspection query; - for standard input',
    )
    .option('--mcp <url>', 'or the address of an MCP server: Remit asks it what it offers')
    .option('--a2a <url>', 'or the address of an A2A agent: Remit reads its card there')
    .option(
      '--upstream <url>',
      'where it really is; else where it was, or the first server of the document',
    )
    .option('--title <text>', "what people call it; else the document's title")
    .option(
      '--trusted',
      'inside the trust domain: it receives the transaction token; else as it was',
    )
    .option('--no-trusted', 'not inside it any more')
    .option('--connection <name>', 'the credential that the gateway puts in; else as it was')
    .option('--no-connection', 'none any more')
    .option(
      '--direct <url>',
      'not behind the gateway: agents call it there, and it asks about each call',
    )
    .option('--owners <who...>', 'who owns it: `group:NAME`, or people by id, e-mail or name')
    .option('--preview', 'only show what would be added, changed, removed and quarantined')
    .option(
      '--accept',
      'of what is there already: what changed, and what is new, counts at once; else it waits for review',
    )
    .action(async (name: string, options: ImportOptions, invoked: Command) => {
      await importResource(await start(invoked), name, options)
    })
}

/** Imports what the options name, and prints what that changed. */
export async function importResource(
  cli: Cli,
  name: string,
  options: ImportOptions,
): Promise<void> {
  const { a2a, connection, graphql, mcp, openapi, owners, preview, ...rest } = options
  if ([a2a, graphql, mcp, openapi].filter((source) => source !== undefined).length !== 1) {
    throw usage(
      'Say --openapi, --graphql, --mcp or --a2a',
      `remit resources import ${name} --openapi FILE`,
    )
  }
  if (rest.direct !== undefined && rest.upstream !== undefined) {
    throw usage(
      'Say --upstream or --direct: an API that agents call directly is at that one address',
      `remit resources import ${name} --openapi FILE --upstream URL`,
    )
  }
  const offered = { ...(mcp === undefined ? {} : { mcp }), ...(a2a === undefined ? {} : { a2a }) }
  const source =
    graphql !== undefined
      ? { graphql: (await documentOf(cli, graphql)).document }
      : openapi === undefined
        ? offered
        : await documentOf(cli, openapi)
  const credential = connection === undefined ? {} : { connection: connection || null }
  const personOf = async (who: string) => (await lookUpPerson(cli.api, who)).id
  const owned = owners ? { owners: await readOwners(owners, personOf) } : {}
  const wanted = { params: { name }, body: { ...source, ...rest, ...credential, ...owned } }
  if (preview) {
    cli.say(dim(text`Asking ${cli.url} what an import would change …`))
    const seen = await cli.api.call('POST', '/resources/:name/preview', wanted)
    cli.answer(seen, () => previewLines(seen))
    return
  }
  cli.say(dim(text`Asking ${cli.url} to import it as ${name} …`))
  const done = await cli.api.call('PUT', '/resources/:name', wanted)
  const { actions } = await cli.api.call('GET', '/resources/:name', { params: { name } })
  cli.answer(done, () => importedLines(done, actions))
  if (done.quarantined.length + done.waiting.length > 0)
    cli.say('', dim(text`Look at the changes: remit resources review ${done.resource}`))
  else if (!done.unchanged) {
    cli.say(
      '',
      dim(text`Look at arguments and risk classes: remit resources show ${done.resource}`),
    )
  }
}

async function documentOf(cli: Cli, openapi: string): Promise<{ readonly document: string }> {
  cli.say(dim(text`Reading ${openapi} …`))
  return { document: await readDocument(cli.world, openapi) }
}

/** The document's text. What it refers to is not fetched: it has to refer only to itself, or to files of its directory. */
async function readDocument(world: World, from: string): Promise<string> {
  try {
    if (await isDirectory(world, from)) {
      // Files of the server, which no other command needs.
      const { documentIn } = await import('./openapi-directory.ts')
      return await documentIn(resolve(world.directory, from))
    }
    const bytes = await bytesOf(world, from)
    if (bytes.byteLength > MAX_BYTES) throw new Error('it is longer than 32 MiB')
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    const said = cause instanceof Problem ? cause.detail : undefined
    const why = said ?? (cause instanceof Error ? cause.message : String(cause))
    throw new CommandFailure('The document cannot be read', {
      detail: `${from}: ${why}`,
      cause,
    })
  }
}

async function isDirectory(world: World, from: string): Promise<boolean> {
  if (from === '-' || /^https?:\/\//.test(from)) return false
  return (await stat(resolve(world.directory, from))).isDirectory()
}

async function bytesOf(world: World, from: string): Promise<Uint8Array> {
  if (from === '-') return world.readInput()
  if (!/^https?:\/\//.test(from)) return readFile(resolve(world.directory, from))
  const answer = await fetch(from, { signal: AbortSignal.timeout(60_000) })
  if (!answer.ok) throw new Error(`the server answered ${answer.status}`)
  return new Uint8Array(await answer.arrayBuffer())
}
