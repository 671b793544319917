import type { Command } from 'commander'
import { bold, green, text } from '../../lib/terminal/text.ts'
import { command, type Start } from '../command.ts'
import { usage } from '../failure.ts'
import type { InputOf } from '../server/operation-types.ts'

type Tokens = NonNullable<InputOf<'PUT', '/resources/:name/tokens'>['body']>

interface Options {
  readonly jwt?: true
  readonly opaque?: true
  readonly public?: true
  readonly pairwise?: true
}

/** `remit resources tokens NAME [--jwt | --opaque] [--public | --pairwise]` */
export function tokensCommand(start: Start): Command {
  return command('tokens', 'Says what the tokens for an API look like, and whom they name.', [
    'remit resources tokens billing --opaque',
    'remit resources tokens billing --pairwise',
  ])
    .argument('<name>', 'the API')
    .option('--jwt', 'they say everything themselves')
    .option('--opaque', 'they say nothing; Remit tells the API what they stand for (introspection)')
    .option('--public', 'people have the name that they have at every API')
    .option('--pairwise', 'people have a name that they have at no other API')
    .action(async (name: string, options: Options, invoked: Command) => {
      const body = wishOf(options, name)
      const cli = await start(invoked)
      const resource = await cli.api.call('PUT', '/resources/:name/tokens', {
        params: { name },
        body,
      })
      const { form, subjects } = resource.tokens
      const whom = subjects === 'pairwise' ? 'with names of its own' : 'with the usual names'
      cli.say(text`${green('✓')} tokens for ${bold(resource.name)} are ${FORMS[form]}, ${whom}`)
      cli.answer(resource, () => [])
    })
}

const FORMS = { jwt: 'JWTs', opaque: 'opaque' } as const

function wishOf(options: Options, name: string): Tokens {
  const { jwt, opaque, pairwise } = options
  const command = `remit resources tokens ${name}`
  if (jwt && opaque) throw usage('Say --jwt or --opaque', `${command} --opaque`)
  if (options.public && pairwise) throw usage('Say --public or --pairwise', `${command} --pairwise`)
  const form = jwt ? 'jwt' : opaque && 'opaque'
  const subjects = options.public ? 'public' : pairwise && 'pairwise'
  if (!form && !subjects)
    throw usage('Say --jwt, --opaque, --public or --pairwise', `${command} --opaque`)
  return { form, subjects }
}
