import type { Command } from 'commander'
import { command, type Start } from './command.ts'
import { findPerson } from './person.ts'
import { table } from './terminal/table.ts'
import { bold, green, text } from './terminal/text.ts'

/** `remit groups …` */
export function groupsCommand(start: Start): Command {
  const groups = command('groups', 'Groups of people, which rules speak of.', [
    'remit groups create finance "Approves refunds"',
    'remit groups add finance fiona@example.com',
    'remit groups map finance --issuer https://login.example.com --value Finance-EMEA',
  ])
  for (const add of [
    listCommand,
    createCommand,
    memberCommand('add'),
    memberCommand('drop'),
    mapCommand('map'),
    mapCommand('unmap'),
  ]) {
    groups.addCommand(add(start))
  }
  return groups
}

function listCommand(start: Start): Command {
  return command('list', 'Every group.', ['remit groups list']).action(
    async (_options: object, invoked: Command) => {
      const cli = await start(invoked)
      const answer = await cli.api.call('GET', '/groups', {})
      cli.answer(answer, () =>
        table(
          ['NAME', 'DESCRIPTION'],
          answer.groups.map(({ description, name }) => [bold(name), description]),
          cli.width,
        ),
      )
    },
  )
}

function createCommand(start: Start): Command {
  return command('create', 'Makes a group.', ['remit groups create finance "Approves refunds"'])
    .argument('<name>', 'lower-case letters, digits and hyphens')
    .argument('[description]', 'what it is for', '')
    .action(async (name: string, description: string, _options: object, invoked: Command) => {
      const cli = await start(invoked)
      const made = await cli.api.call('POST', '/groups', { body: { name, description } })
      cli.say(text`${green('✓')} there is a group ${bold(name)}`)
      cli.answer(made, () => [])
    })
}

const MEMBER = {
  add: ['Puts a person into a group.', 'PUT', 'is in'],
  drop: ['Takes a person out of a group.', 'DELETE', 'is no longer in'],
} as const

function memberCommand(act: 'add' | 'drop'): (start: Start) => Command {
  const [says, method, now] = MEMBER[act]
  return (start) =>
    command(act, says, [`remit groups ${act} finance fiona@example.com`])
      .argument('<group>', 'the group')
      .argument('<person>', 'id, e-mail or name')
      .action(async (group: string, wanted: string, _options: object, invoked: Command) => {
        const cli = await start(invoked)
        const { id } = await findPerson(cli.api, wanted)
        await cli.api.call(method, '/groups/:name/members/:id', { params: { name: group, id } })
        cli.say(text`${green('✓')} ${bold(wanted)} ${now} ${bold(group)}`)
        cli.answer({ group, person: id, member: act === 'add' }, () => [])
      })
}

const MAPPING = {
  map: ["Lets an identity provider's group count as a group here.", 'POST', 'counts as'],
  unmap: [
    'Ends a mapping, and the memberships that came from it.',
    'DELETE',
    'no longer counts as',
  ],
} as const

function mapCommand(act: 'map' | 'unmap'): (start: Start) => Command {
  const [says, method, now] = MAPPING[act]
  return (start) =>
    command(act, says, [
      `remit groups ${act} finance --issuer https://login.example.com --value Finance-EMEA`,
    ])
      .argument('<group>', 'the group here')
      .requiredOption('--issuer <url>', 'the identity provider')
      .requiredOption('--value <text>', 'what it calls the group')
      .action(async (group: string, given: { issuer: string; value: string }, invoked: Command) => {
        const cli = await start(invoked)
        const body = { issuer: given.issuer, value: given.value, group }
        await cli.api.call(method, '/group-mappings', { body })
        cli.say(
          text`${green('✓')} ${bold(given.value)} at ${given.issuer} ${now} ${bold(group)}, from the next sign-in on`,
        )
        cli.answer({ ...body, mapped: act === 'map' }, () => [])
      })
}
