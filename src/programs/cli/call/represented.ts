import { base64url } from '../../../platform/lib/bytes.ts'
import { isLoopback } from '../../../platform/lib/setting.ts'
import { bold, dim, text } from '../../../platform/lib/terminal/text.ts'
import { SAMPLE_PEOPLE } from '../../dev/sample.ts'
import { ACCESS_TOKEN, ID_TOKEN } from '../agent/client.ts'
import type { Cli } from '../cli.ts'
import { CommandFailure, usage } from '../failure.ts'
import { besideDevelopment } from '../server/address.ts'
import { callback } from '../session/callback.ts'
import { readTextFile } from './asked.ts'

/** The person that a call is made for. */
export interface RepresentedPerson {
  /** Name that they have here; it tells their tasks apart. */
  readonly label: string
  /** Signs in, if that is how: called only when a task has to be opened. Each call gives a token that is good now. */
  subject(): Promise<{ token: string; type: string }>
}

export interface RepresentedOptions {
  readonly person?: string
  readonly subjectToken?: string
  readonly subjectTokenType?: 'id_token' | 'access_token'
  readonly signIn?: true
  readonly provider?: string
  /** Shows the sign-in in the browser, also without a terminal. */
  readonly opensBrowser?: true
}

/** `--person`, `--subject-token` or `--sign-in`: exactly one of them. */
export async function representedPerson(
  cli: Cli,
  agentId: string,
  options: RepresentedOptions,
): Promise<RepresentedPerson> {
  const { person, signIn, subjectToken } = options
  const ways = [person, subjectToken, signIn].filter((way) => way !== undefined)
  if (ways.length !== 1) {
    throw usage(
      'Say for whom, once',
      '--person NAME (with `remit dev`), --sign-in (in the browser), or --subject-token FILE',
    )
  }
  if (person !== undefined) return samplePerson(cli, agentId, person, options.provider)
  if (subjectToken !== undefined) return bearer(cli, subjectToken, options.subjectTokenType)
  return whoeverSignsIn(cli, agentId, options)
}

/** Younger than this, an ID token of the development provider (five minutes) is used again. */
const YOUNG_MS = 3 * 60_000

/** A sample person: their clicks at the development provider are made by this program. */
async function samplePerson(
  cli: Cli,
  agentId: string,
  person: string,
  provider: string | undefined,
): Promise<RepresentedPerson> {
  const client = await clientOf(cli, agentId, provider)
  if (!isLoopback(new URL(client.issuer).hostname)) {
    throw usage('--person works with the development identity provider only', '--sign-in')
  }
  return {
    label: person,
    subject: whileYoung(cli, async () => ({
      token: await scriptedSignIn(cli, client, person),
      type: ID_TOKEN,
    })),
  }
}

/** Signs in again only when the token is not young any more: while people are waited for, an opening is repeated. */
function whileYoung(cli: Cli, signIn: RepresentedPerson['subject']): RepresentedPerson['subject'] {
  let kept: { token: Awaited<ReturnType<typeof signIn>>; at: number } | undefined
  return async () => {
    if (!kept || cli.now - kept.at > YOUNG_MS) kept = { token: await signIn(), at: cli.now }
    return kept.token
  }
}

async function scriptedSignIn(cli: Cli, client: Client, person: string): Promise<string> {
  const { clickThrough } = await import('../../dev/identity-provider/click.ts')
  const { signIn } = await import('../agent/sign-in.ts')
  const state = base64url(cli.world.random.bytes(16))
  return signIn(client, 'http://127.0.0.1/callback', state, (url) =>
    clickThrough(url, person),
  ).catch((cause: unknown) => {
    const known = SAMPLE_PEOPLE.some(({ id }) => id === person)
    throw new CommandFailure(
      known ? 'The sign-in failed' : `No person there is called \`${person}\``,
      {
        detail: known
          ? causeWords(cause)
          : `the sample people are ${SAMPLE_PEOPLE.map(({ id }) => id).join(', ')}`,
        cause,
      },
    )
  })
}

/** Represents a person by a token that is there already: an agent platform, another program. */
async function bearer(
  cli: Cli,
  from: string,
  type: 'id_token' | 'access_token' = 'id_token',
): Promise<RepresentedPerson> {
  const text =
    from === '-'
      ? Buffer.from(await cli.world.readInput()).toString('utf8')
      : await readTextFile(cli.world, from)
  const token = text.trim()
  return {
    label: labelOf(token),
    subject: async () => ({ token, type: type === 'id_token' ? ID_TOKEN : ACCESS_TOKEN }),
  }
}

/** Not checked: it only tells the tasks of different people apart here. The server checks. */
function labelOf(token: string): string {
  try {
    const payload = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8')
    const { iss, sub }: { iss?: unknown; sub?: unknown } = JSON.parse(payload)
    if (typeof iss === 'string' && typeof sub === 'string') return `${sub} of ${iss}`
  } catch {
    // Told below.
  }
  throw usage('The subject token is no JWT')
}

/** The person at this machine, in the browser. */
async function whoeverSignsIn(
  cli: Cli,
  agentId: string,
  { opensBrowser, provider }: RepresentedOptions,
): Promise<RepresentedPerson> {
  const client = await clientOf(cli, agentId, provider)
  return {
    label: 'you',
    subject: whileYoung(cli, async () => {
      const state = base64url(cli.world.random.bytes(16))
      await using listening = await callback(state)
      const { address } = listening
      const { signIn } = await import('../agent/sign-in.ts')
      const token = await signIn(client, address, state, async (url) => {
        cli.say(
          'Sign in, as the person it is done for:',
          text`  ${bold(url)}`,
          dim('  waiting for the browser …'),
        )
        if (opensBrowser || cli.world.talk.isTerminal) cli.world.openBrowser(url)
        return `${address}?${await listening.answer}`
      }).catch((cause: unknown) => {
        if (cause instanceof CommandFailure) throw cause
        throw new CommandFailure('The sign-in failed', { detail: causeWords(cause), cause })
      })
      return { token, type: ID_TOKEN }
    }),
  }
}

interface Client {
  readonly issuer: string
  readonly clientId: string
}

/** The agent's client at a provider: as registered, for those who may look; else as `remit dev` sets it up. */
async function clientOf(cli: Cli, agentId: string, provider: string | undefined): Promise<Client> {
  if (await cli.api.signedIn()) {
    const agent = await cli.api
      .call('GET', '/agents/:name', { params: { name: agentId } })
      .catch(notShown)
    const found = agent?.clients.find(({ issuer }) => provider === undefined || issuer === provider)
    if (found) return { issuer: found.issuer, clientId: found.client_id }
  }
  const issuer = provider ?? besideDevelopment(cli.url)?.provider
  if (issuer === undefined) {
    throw new CommandFailure(`No identity provider knows ${agentId}`, {
      detail: 'people sign in at a client of the agent, and none is known here',
      next: [
        'remit login, to look it up',
        `remit agents link ${agentId} ISSUER=CLIENT_ID, when it has none`,
      ],
    })
  }
  return { issuer, clientId: agentId }
}

/** Only who answers for an agent, and administrators, may look it up; a session that the server no longer knows is as good as none. */
function notShown(error: unknown): undefined {
  const code = error instanceof CommandFailure ? error.code : undefined
  if (code === 'agent.unknown' || code === 'session.required') return undefined
  throw error
}

function causeWords(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause)
  return cause.cause instanceof Error ? `${cause.message}: ${cause.cause.message}` : cause.message
}
