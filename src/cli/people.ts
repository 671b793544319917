import type { Command } from 'commander'
import { statusWord } from './agents/show.ts'
import { command, type Start } from './command.ts'
import { findPerson } from './person.ts'
import { at } from './server/api.ts'
import { table } from './terminal/table.ts'
import { bold, dim, green, text } from './terminal/text.ts'
import type { Person } from './whoami.ts'

/** `remit people …` */
export function peopleCommand(start: Start): Command {
  const people = command('people', 'People who have signed in.', [
    'remit people list',
    'remit people suspend sam@example.com --reason "left"',
  ])
  people.addCommand(listCommand(start))
  for (const add of statusCommands) people.addCommand(add(start))
  return people
}

function listCommand(start: Start): Command {
  return command('list', 'Every person that has signed in.', ['remit people list']).action(
    async (_options: object, invoked: Command) => {
      const cli = await start(invoked)
      const answer = await cli.api.get<{ people: readonly Person[] }>('/people')
      cli.answer(answer, () =>
        table(
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
      )
    },
  )
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
          const body = reason === undefined ? {} : { reason }
          await cli.api.send('POST', at`/people/${id}/${act}`, body)
          cli.say(text`${green('✓')} ${bold(wanted)} ${ACTS[act][1]}`)
          cli.answer({ person: id, act }, () => [])
        }),
)
