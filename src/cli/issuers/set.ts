import type { Command } from 'commander'
import { bold, green, text } from '../../lib/terminal/text.ts'
import { command, type Start } from '../command.ts'
import { CommandFailure } from '../failure.ts'
import { readSecret } from '../secret.ts'
import { type IssuerTerms, showIssuer } from './issuer.ts'
import { readJsonFile } from './read-json-file.ts'

/** `remit issuers set NAME --file …` */
export function setCommand(start: Start): Command {
  return command(
    'set',
    'Sets everything about an issuer that can change, from a file: the member `terms` of `remit issuers show NAME --json`.',
    [
      'remit issuers show prod-cluster --json > prod-cluster.json',
      'remit issuers set prod-cluster --file prod-cluster.json',
    ],
  )
    .argument('<name>', 'of `remit issuers list`')
    .requiredOption('--file <file>', 'the terms, or what `show --json` printed, changed')
    .option('--secret-file <file>', 'with which introspection is asked; - for standard input')
    .action(
      async (name: string, options: { file: string; secretFile?: string }, invoked: Command) => {
        const cli = await start(invoked)
        const { file, secretFile } = options
        const terms = termsIn(
          await readJsonFile<IssuerTerms | { terms: IssuerTerms }>(cli, file),
          file,
        )
        const secret =
          secretFile === undefined ? {} : { secret: await readSecret(cli, 'Secret', secretFile) }
        const issuer = await cli.api.call('PUT', '/issuers/:name/terms', {
          params: { name },
          body: { ...terms, ...secret },
        })
        cli.say(text`${green('✓')} ${bold(issuer.name)} has new terms`, '')
        showIssuer(cli, issuer)
      },
    )
}

function termsIn(read: IssuerTerms | { readonly terms: IssuerTerms }, file: string): IssuerTerms {
  if (typeof read === 'object' && read !== null && !Array.isArray(read)) {
    if (!('terms' in read)) return read
    if (typeof read.terms === 'object' && read.terms !== null) return read.terms
  }
  throw new CommandFailure('The file holds no terms', { detail: file })
}
