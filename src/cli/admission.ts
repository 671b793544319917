import type { Command } from 'commander'
import { table } from '../lib/terminal/table.ts'
import { bold, dim, green, text } from '../lib/terminal/text.ts'
import { trustInWords } from '../lib/terminal/words.ts'
import { ceilingOf, readTrust } from './agents/add.ts'
import { readAllowed } from './authority.ts'
import { command, type Start } from './command.ts'
import { usage } from './failure.ts'
import { findPerson } from './person.ts'
import type { AnswerOf } from './server/operation-types.ts'

type Rule = AnswerOf<'POST', '/admission-rules'>

/** `remit admission …` */
export function admissionCommand(start: Start): Command {
  const admission = command(
    'admission',
    'Rules that let in agents which registered themselves, such as MCP clients that know only an address.',
    [
      'remit admission list',
      'remit admission add this-computer --redirect-host localhost --trust 2 --ceiling "desk.*"',
      'remit admission remove this-computer',
    ],
  )
  for (const add of [listCommand, addCommand, removeCommand]) admission.addCommand(add(start))
  return admission
}

function listCommand(start: Start): Command {
  return command('list', 'Every rule, in the order they are tried.', [
    'remit admission list',
  ]).action(async (_options: object, invoked: Command) => {
    const cli = await start(invoked)
    const answer = await cli.api.call('GET', '/admission-rules', {})
    cli.answer(answer, () =>
      answer.rules.length === 0
        ? [dim('No rules: agents that register themselves are quarantined until you let them in.')]
        : table(
            ['NAME', 'DOCUMENTS AT', 'ANSWERS GO TO', 'TRUST', 'OWNER', 'AT MOST'],
            answer.rules.map((rule) => [
              bold(rule.name),
              rule.document_hosts.join(' '),
              rule.redirect_hosts.join(' '),
              trustInWords(rule.trust),
              rule.owner_name ?? rule.owner,
              atMost(rule),
            ]),
            cli.width,
          ),
    )
  })
}

function atMost({ ceiling }: Rule): string {
  const actions = ceiling.flatMap((detail) => detail.actions).join(' ')
  return ceiling.some(({ bounds }) => bounds.length > 0) ? `${actions} (within bounds)` : actions
}

interface AddOptions {
  readonly redirectHost?: readonly string[]
  readonly documentHost?: readonly string[]
  readonly softwareId?: readonly string[]
  readonly keyChange?: 'accept' | 'ask' | 'suspend'
  readonly trust: number
  readonly ceiling?: readonly string[]
  readonly ceilingFile?: string
  readonly owner?: string
}

function addCommand(start: Start): Command {
  return command(
    'add',
    'Lets in clients whose every address matches, once a person brings them: with this trust, ceiling and owner.',
    [
      'remit admission add this-computer --redirect-host localhost --trust 2 --ceiling "desk.*"',
      'remit admission add claude --document-host claude.ai --redirect-host localhost --trust 2 --ceiling "desk.*"',
      'remit admission add our-apps --redirect-host "*.apps.example.com" --trust 3 --ceiling-file ceiling.json --owner ada',
    ],
  )
    .argument('<name>', 'lower-case letters, digits and hyphens')
    .option(
      '--document-host <host...>',
      'where metadata documents are: clients whose id is an address there; answers go to the same origin, and to --redirect-host',
    )
    .option(
      '--redirect-host <host...>',
      'where answers may go: a host, host:port, "*." and a host, or localhost (any program on the same computer; for this computer say localhost, not 127.0.0.1)',
    )
    .requiredOption(
      '--trust <level>',
      '0 quarantined, 1 external, 2 partner, 3 internal: the default policies let only internal ones do what is risky without proving a key',
      readTrust,
    )
    .option(
      '--software-id <id...>',
      'of clients that registered: only such software; it is their own word',
    )
    .option(
      '--key-change <what>',
      'when a document has a key that it had not: accept, ask (people are asked anew) or suspend; else ask',
    )
    .option('--ceiling <action...>', 'actions they may be given, without bounds; "desk.*" for all')
    .option('--ceiling-file <file>', 'details with bounds, as JSON')
    .option('--owner <person>', 'who answers for them: id, e-mail or name; else you')
    .action(async (name: string, options: AddOptions, invoked: Command) => {
      const cli = await start(invoked)
      const { documentHost, keyChange, owner, redirectHost, softwareId, trust } = options
      if (!documentHost && !redirectHost)
        throw usage('Say --redirect-host HOST … or --document-host HOST …')
      const ceiling = await readAllowed(cli, ceilingOf(options))
      const ownerId = owner === undefined ? undefined : (await findPerson(cli.api, owner)).id
      const rule = await cli.api.call('POST', '/admission-rules', {
        body: {
          name,
          redirect_hosts: redirectHost,
          document_hosts: documentHost,
          software_ids: softwareId,
          key_change: keyChange,
          trust,
          ceiling,
          owner: ownerId,
        },
      })
      cli.say(
        text`${green('✓')} the rule ${bold(rule.name)} lets in ${whom(rule)}: trust ${trustInWords(rule.trust)}, owner ${rule.owner_name ?? rule.owner}`,
      )
      cli.say(text`  at most ${atMost(rule)}`)
      cli.answer(rule, () => [])
    })
}

function whom({ document_hosts: documents, redirect_hosts: redirects }: Rule): string {
  if (documents.length === 0) return `clients at ${redirects.join(', ')}`
  const also = redirects.length > 0 ? `, with answers also to ${redirects.join(', ')}` : ''
  return `clients with documents at ${documents.join(', ')}${also}`
}

function removeCommand(start: Start): Command {
  return command(
    'remove',
    'Removes a rule: nobody else is let in by it. Agents that were let in stay; `remit agents retire NAME` ends one. Later rules may match instead.',
    ['remit admission remove this-computer'],
  )
    .argument('<name>', 'the rule')
    .action(async (name: string, _options: object, invoked: Command) => {
      const cli = await start(invoked)
      await cli.api.call('DELETE', '/admission-rules/:name', { params: { name } })
      cli.say(text`${green('✓')} the rule ${bold(name)} is gone`)
      cli.say(dim('  agents that it let in stay: remit agents list, remit agents retire NAME'))
      cli.answer({ rule: name, removed: true }, () => [])
    })
}
