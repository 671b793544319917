import { type Command, InvalidArgumentError } from 'commander'
import { table } from '../../lib/terminal/table.ts'
import { bold, dim, green, red, text } from '../../lib/terminal/text.ts'
import { moment } from '../../lib/terminal/time.ts'
import { command, type Start } from '../command.ts'

/** `remit spaces surfaces …` */
export function surfacesCommand(start: Start): Command {
  const surfaces = command(
    'surfaces',
    'Programs that see who talks in a space, and alone may say who asks and who is there.',
    ['remit spaces surfaces add returns "chat adapter"'],
  )
  for (const add of [listCommand, addCommand, revokeCommand]) surfaces.addCommand(add(start))
  return surfaces
}

function listCommand(start: Start): Command {
  return command('list', 'Those of a space; secrets are never shown again.', [
    'remit spaces surfaces list returns',
  ])
    .argument('<space>', 'the space')
    .action(async (space: string, _options: object, invoked: Command) => {
      const cli = await start(invoked)
      const answer = await cli.api.call('GET', '/spaces/:name/surfaces', {
        params: { name: space },
      })
      cli.answer(answer, () =>
        answer.surfaces.length === 0
          ? [dim(text`None yet. \`remit spaces surfaces add ${space} NAME\` makes one.`)]
          : table(
              ['ID', 'NAME', 'HEARD OF', 'MAY BE SILENT', 'STATUS'],
              answer.surfaces.map((each) => [
                bold(each.id),
                each.name,
                moment(each.heard_at),
                `${each.silent_after} s`,
                each.revoked_at === null ? green('in use') : red('revoked'),
              ]),
              cli.width,
            ),
      )
    })
}

function addCommand(start: Start): Command {
  return command('add', 'Makes a secret for a program. It is shown once.', [
    'remit spaces surfaces add returns "chat adapter"',
    'remit spaces surfaces add acme intranet --silent-after 3600 --json',
  ])
    .argument('<space>', 'it speaks for this one and all below it')
    .argument('<name>', 'what people call it')
    .option(
      '--silent-after <seconds>',
      'silent for longer, nothing it said counts; 900 when left out',
      readSeconds,
    )
    .action(
      async (
        space: string,
        name: string,
        { silentAfter }: { silentAfter?: number },
        invoked: Command,
      ) => {
        const cli = await start(invoked)
        const added = await cli.api.call('POST', '/spaces/:name/surfaces', {
          params: { name: space },
          body: { name, silent_after: silentAfter },
        })
        cli.answer(added, () => [
          text`${green('✓')} ${bold(added.id)} says who is there, in ${bold(added.space)} and below it`,
          text`  its secret, shown this once: ${bold(added.secret)}`,
          dim('  with it the program states threads: docs/spaces.md'),
        ])
      },
    )
}

function revokeCommand(start: Start): Command {
  return command('revoke', 'Ends one, now: nothing that it said counts any more.', [
    'remit spaces surfaces revoke returns srf_…',
  ])
    .argument('<space>', 'the space')
    .argument('<id>', 'of `remit spaces surfaces list`')
    .action(async (space: string, id: string, _options: object, invoked: Command) => {
      const cli = await start(invoked)
      await cli.api.call('DELETE', '/spaces/:name/surfaces/:id', { params: { name: space, id } })
      cli.say(text`${green('✓')} ${bold(id)} is revoked`)
      cli.answer({ space, surface: id, revoked: true }, () => [])
    })
}

function readSeconds(given: string): number {
  const seconds = Number(given)
  if (!/^\d{2,5}$/.test(given) || seconds < 60 || seconds > 86_400)
    throw new InvalidArgumentError('from 60 to 86400 seconds.')
  return seconds
}
