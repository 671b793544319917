import type { Command } from 'commander'
import { table } from '../../lib/terminal/table.ts'
import { bold, dim, green, text } from '../../lib/terminal/text.ts'
import { trustInWords } from '../../lib/terminal/words.ts'
import { command, type Start } from '../command.ts'
import { addCommand } from './add.ts'
import { showIssuer, stateInWords } from './issuer.ts'
import { setCommand } from './set.ts'

/** `remit issuers …` */
export function issuersCommand(start: Start): Command {
  const issuers = command(
    'issuers',
    'Issuers of others that are trusted: clusters, pipelines and platforms that say which agent somebody is, servers whose access tokens count, partners.',
    [
      'remit issuers list',
      'remit issuers add prod-cluster --issuer https://oidc.example.com/prod --use workload --trust 3 --any --rules-file rules.json',
      'remit issuers suspend prod-cluster --reason "a node was taken over"',
      'remit issuers revoke old-platform',
    ],
  )
  for (const add of [listCommand, showCommand, addCommand, setCommand, ...stateCommands])
    issuers.addCommand(add(start))
  return issuers
}

function listCommand(start: Start): Command {
  return command('list', 'All of them, also those that were revoked.', [
    'remit issuers list',
  ]).action(async (_options: object, invoked: Command) => {
    const cli = await start(invoked)
    const answer = await cli.api.call('GET', '/issuers', {})
    cli.answer(answer, () =>
      answer.issuers.length === 0
        ? [dim('No issuer of others is trusted with anything.')]
        : table(
            ['NAME', 'ISSUER', 'FOR', 'TRUST', 'AGENTS', 'STATE'],
            answer.issuers.map((each) => [
              bold(each.name),
              each.tenant ? `${each.issuer} (${each.tenant.value})` : each.issuer,
              each.terms.uses.join(', '),
              trustInWords(each.terms.trust),
              String(each.agents),
              stateInWords(each),
            ]),
            cli.width,
          ),
    )
  })
}

function showCommand(start: Start): Command {
  return command('show', 'One of them, with its terms. With --json they can be set again.', [
    'remit issuers show prod-cluster',
  ])
    .argument('<name>', 'of `remit issuers list`')
    .action(async (name: string, _options: object, invoked: Command) => {
      const cli = await start(invoked)
      showIssuer(cli, await cli.api.call('GET', '/issuers/:name', { params: { name } }))
    })
}

const ACTS = {
  suspend: [
    'Stops everything that rests on an issuer, now: its agents, and tasks that began with its tokens.',
    'is suspended',
  ],
  resume: ['Lets a suspended issuer count again.', 'counts again'],
  revoke: [
    'Ends the trust in an issuer for good, and with it everything that came of it.',
    'is revoked; everything that came of it has ended',
  ],
} as const

/** Done when no replica permits any more. */
const stateCommands = (['suspend', 'resume', 'revoke'] as const).map(
  (act) =>
    (start: Start): Command =>
      command(act, ACTS[act][0], [`remit issuers ${act} prod-cluster --reason "…"`])
        .argument('<name>', 'of `remit issuers list`')
        .option('--reason <text>', 'why; it is recorded')
        .action(async (name: string, { reason }: { reason?: string }, invoked: Command) => {
          const cli = await start(invoked)
          const issuer = await cli.api.call('POST', `/issuers/:name/${act}` as const, {
            params: { name },
            body: { reason },
          })
          cli.say(text`${green('✓')} ${bold(issuer.name)} ${ACTS[act][1]}`)
          cli.answer(issuer, () => [])
        }),
)
