import type { Command } from 'commander'
import { command, type Start } from './command.ts'
import { findPerson } from './person.ts'
import { howToGoOn, type Pages, withPages } from './server/pages.ts'
import { statusWord } from './terminal/status-word.ts'
import { facts, indented, table } from './terminal/table.ts'
import { bold, dim, green, text } from './terminal/text.ts'
import { moment } from './terminal/time.ts'

/** `remit people …` */
export function peopleCommand(start: Start): Command {
  const people = command('people', 'People who have signed in.', [
    'remit people list',
    'remit people show sam@example.com',
    'remit people suspend sam@example.com --reason "left"',
  ])
  people.addCommand(listCommand(start))
  people.addCommand(showCommand(start))
  for (const add of statusCommands) people.addCommand(add(start))
  return people
}

function listCommand(start: Start): Command {
  const list = command('list', 'People who have signed in, by name.', [
    'remit people list',
    'remit people list --after psn_…',
  ])
  return withPages(list).action(async (options: Pages, invoked: Command) => {
    const cli = await start(invoked)
    const answer = await cli.api.call('GET', '/people', { query: { ...options } })
    cli.answer(answer, () => [
      ...table(
        ['NAME', 'STATUS', 'EMAIL', 'GROUPS', 'ID'],
        answer.people.map((person) => [
          bold(person.name),
          statusWord(person.status),
          person.email ?? dim('–'),
          person.groups.join(', ') || dim('none'),
          person.id,
        ]),
        cli.width,
      ),
      ...howToGoOn('remit people list', answer.more, answer.people),
    ])
  })
}

function showCommand(start: Start): Command {
  return command('show', 'One person, and what their identity provider says of them.', [
    'remit people show sam@example.com',
  ])
    .argument('<person>', 'id, e-mail or name')
    .action(async (wanted: string, _options: object, invoked: Command) => {
      const cli = await start(invoked)
      const { id } = await findPerson(cli.api, wanted)
      const person = await cli.api.call('GET', '/people/:id', { params: { id } })
      const attributes = Object.entries(person.attributes)
      cli.answer(person, () => [
        text`${bold(person.name)} · ${statusWord(person.status)}`,
        ...indented(
          facts(
            [
              ['id', person.id],
              ['email', person.email ?? undefined],
              ['groups', person.groups.join(', ') || 'none'],
              ...attributes.map(([name, value]) => [name, String(value)] as const),
              ['known from', text`${person.issuer} as ${person.subject}`],
              ['confirmed', moment(person.confirmed_at)],
            ],
            cli.room,
          ),
        ),
      ])
    })
}

const ACTS = {
  suspend: ['Stops everything that is done for a person, and signs them out.', 'is suspended'],
  resume: ['Lets what is done for a person continue.', 'is active again'],
} as const

const statusCommands = (['suspend', 'resume'] as const).map(
  (act) =>
    (start: Start): Command =>
      command(act, ACTS[act][0], [`remit people ${act} sam@example.com`])
        .argument('<person>', 'id, e-mail or name')
        .option('--reason <text>', 'why; it is recorded')
        .action(async (wanted: string, { reason }: { reason?: string }, invoked: Command) => {
          const cli = await start(invoked)
          const { id } = await findPerson(cli.api, wanted)
          const route = `/people/:id/${act}` as const
          await cli.api.call('POST', route, { params: { id }, body: { reason } })
          cli.say(text`${green('✓')} ${bold(wanted)} ${ACTS[act][1]}`)
          cli.answer({ person: id, act }, () => [])
        }),
)
