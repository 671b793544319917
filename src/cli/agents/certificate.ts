import type { Command } from 'commander'
import { bold, dim, green, text } from '../../lib/terminal/text.ts'
import { command, type Start } from '../command.ts'
import { usage } from '../failure.ts'

const KINDS = {
  subject: 'subject_dn',
  dns: 'san_dns',
  uri: 'san_uri',
  ip: 'san_ip',
  email: 'san_email',
} as const

type Options = Partial<Record<keyof typeof KINDS, string>> & { readonly remove?: true }

/** `remit agents certificate NAME` */
export function certificateCommand(start: Start): Command {
  return command(
    'certificate',
    'Says how client certificates of an authority call an agent; without a name in them, lists those.',
    [
      'remit agents certificate invoice-bot',
      'remit agents certificate invoice-bot --subject "CN=invoice-bot,O=Acme"',
      'remit agents certificate invoice-bot --dns invoices.internal.example --remove',
    ],
  )
    .argument('<name>', 'the agent')
    .option('--subject <dn>', 'the whole subject, as RFC 4514 writes it')
    .option('--dns <host>', 'a host of its subjectAltName')
    .option('--uri <uri>', 'a URI of it')
    .option('--ip <address>', 'an IP address of it')
    .option('--email <address>', 'an e-mail address of it')
    .option('--remove', 'take it back')
    .action(async (name: string, options: Options, invoked: Command) => {
      const cli = await start(invoked)
      const params = { name }
      const route = '/agents/:name/certificate-names'
      const given = namesIn(options)
      const [one, ...more] = given
      if (more.length > 0 || (options.remove && !one)) throw usage('Say one name at a time')
      const { certificate_names: names } = one
        ? await cli.api.call('POST', options.remove ? `${route}/remove` : route, {
            params,
            body: one,
          })
        : await cli.api.call('GET', route, { params })
      if (one)
        cli.say(
          options.remove
            ? text`${green('✓')} ${one.kind} ${one.value} is not ${bold(name)} any more`
            : text`${green('✓')} certificates with ${one.kind} ${one.value} are ${bold(name)}`,
        )
      cli.answer({ agent: name, certificate_names: names }, () => {
        if (names.length === 0) return [dim('No certificate says that somebody is this agent.')]
        return names.map(({ kind, value }) => text`${kind.padEnd(10)} ${value}`)
      })
    })
}

function namesIn(options: Options) {
  return (Object.keys(KINDS) as (keyof typeof KINDS)[]).flatMap((option) => {
    const value = options[option]
    return value === undefined ? [] : [{ kind: KINDS[option], value }]
  })
}
