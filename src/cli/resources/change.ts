import type { Command } from 'commander'
import { bold, green, text } from '../../lib/terminal/text.ts'
import { command, type Start } from '../command.ts'
import { usage } from '../failure.ts'

/** `remit resources connect NAME CONNECTION | --none` */
export function connectCommand(start: Start): Command {
  return command('connect', 'Says which credential the gateway puts into calls to an API.', [
    'remit resources connect billing billing-key',
    'remit resources connect billing --none',
  ])
    .argument('<name>', 'the API')
    .argument('[connection]', 'of `remit connections list`')
    .option('--none', 'put in no credential')
    .action(
      async (
        name: string,
        connection: string | undefined,
        options: { none?: true },
        invoked: Command,
      ) => {
        if ((connection === undefined) === (options.none === undefined)) {
          throw usage('Say a connection, or --none', `remit resources connect ${name} CONNECTION`)
        }
        const cli = await start(invoked)
        const resource = await cli.api.call('PUT', '/resources/:name/connection', {
          params: { name },
          body: { connection: connection ?? null },
        })
        const how = connection === undefined ? 'without a credential' : `with ${connection}`
        cli.say(text`${green('✓')} ${bold(resource.name)} is called ${how}`)
        cli.answer(resource, () => [])
      },
    )
}

/** `remit resources mappings NAME --trust | --ignore` */
export function mappingsCommand(start: Start): Command {
  return command(
    'mappings',
    'Says whether what the tools of an MCP server want decision points to be asked counts.',
    ['remit resources mappings desk --trust', 'remit resources mappings desk --ignore'],
  )
    .argument('<name>', 'the MCP server')
    .option('--trust', 'it counts')
    .option('--ignore', 'it does not: decision points are asked as they are about everything else')
    .action(
      async (
        name: string,
        { ignore, trust }: { ignore?: true; trust?: true },
        invoked: Command,
      ) => {
        if ((trust === undefined) === (ignore === undefined))
          throw usage('Say --trust or --ignore', `remit resources mappings ${name} --trust`)
        const cli = await start(invoked)
        const resource = await cli.api.call('PUT', '/resources/:name/mappings', {
          params: { name },
          body: { trusted: trust === true },
        })
        const how = trust ? 'what its tools say counts' : 'what its tools say is ignored'
        cli.say(text`${green('✓')} ${bold(resource.name)}: ${how} where decision points are asked`)
        cli.answer(resource, () => [])
      },
    )
}

const ACTS = {
  suspend: ['Stops every call to an API, now.', 'is suspended'],
  resume: ['Lets calls to an API through again.', 'is open again'],
} as const

/** `remit resources suspend | resume NAME` */
export const statusCommands = (['suspend', 'resume'] as const).map(
  (act) =>
    (start: Start): Command =>
      command(act, ACTS[act][0], [`remit resources ${act} billing --reason "…"`])
        .argument('<name>', 'the API')
        .option('--reason <text>', 'why; it is recorded')
        .action(async (name: string, { reason }: { reason?: string }, invoked: Command) => {
          const cli = await start(invoked)
          const resource = await cli.api.call('POST', `/resources/:name/${act}` as const, {
            params: { name },
            body: { reason },
          })
          cli.say(text`${green('✓')} ${bold(resource.name)} ${ACTS[act][1]}`)
          cli.answer(resource, () => [])
        }),
)

/** `remit resources remove NAME` */
export function removeCommand(start: Start): Command {
  return command(
    'remove',
    'Takes an API out of the catalog, for good: its name is never used again.',
    ['remit resources remove billing --yes --reason "…"'],
  )
    .argument('<name>', 'the API')
    .option('--yes', 'you know that it cannot be taken back')
    .option('--reason <text>', 'why; it is recorded')
    .action(async (name: string, options: { reason?: string; yes?: true }, invoked: Command) => {
      const { reason, yes } = options
      if (!yes)
        throw usage(
          `Removing ${name} cannot be taken back; \`remit resources suspend ${name}\` can`,
          `remit resources remove ${name} --yes`,
        )
      const cli = await start(invoked)
      await cli.api.call('POST', '/resources/:name/remove', { params: { name }, body: { reason } })
      cli.say(text`${green('✓')} ${bold(name)} is removed`)
      cli.answer({ resource: name, removed: true }, () => [])
    })
}
