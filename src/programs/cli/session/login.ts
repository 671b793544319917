import type { Command } from 'commander'
import { base64url, sha256url } from '../../../platform/lib/bytes.ts'
import { Secret } from '../../../platform/lib/secret.ts'
import { bold, dim, green, text } from '../../../platform/lib/terminal/text.ts'
import { moment } from '../../../platform/lib/terminal/time.ts'
import type { Cli } from '../cli.ts'
import { command, type Start } from '../command.ts'
import { CommandFailure } from '../failure.ts'
import type { AnswerOf } from '../server/operation-types.ts'
import { refusedFailure, unreachableFailure } from '../server/refused.ts'
import { requireIssuer } from '../server/require-issuer.ts'
import { StoredSessions } from '../server/sessions.ts'
import { callback } from './callback.ts'

/** `remit login`: a session for the command line, given on our own pages to the person who signs in there (contract 10). */
export function loginCommand(start: Start): Command {
  return command('login', 'Signs you in, in the browser, for up to twelve hours.', [
    'remit login',
    'remit login --url https://remit.example.com',
    'remit login --no-open   # prints the address only',
  ])
    .option('--no-open', 'do not open a browser')
    .action(async (options: { open: boolean }, invoked: Command) => {
      await login(await start(invoked), options)
    })
}

async function login(cli: Cli, options: { open: boolean }): Promise<void> {
  await requireIssuer(cli.url)
  const { random } = cli.world
  // RFC 7636: the code is worth nothing to anyone who sees it in the browser.
  const verifier = base64url(random.bytes(32))
  const state = base64url(random.bytes(16))
  await using listening = await callback(state)
  const page = `${cli.url}/cli?${new URLSearchParams({
    code_challenge: sha256url(verifier),
    redirect_uri: listening.address,
    state,
  })}`
  cli.say('Sign in here:', text`  ${bold(page)}`, dim('  waiting for the browser …'))
  if (options.open) cli.open(page)
  const code = (await listening.answer).get('code')
  if (code === null)
    throw new CommandFailure('The sign-in page sent no code', { next: ['remit login'] })
  const opened = await redeem(cli, { code, verifier, redirect_uri: listening.address })
  const sessions = new StoredSessions(cli.world)
  await sessions.keep({
    url: cli.url,
    token: new Secret(opened.token),
    expiresAt: opened.expires_at,
  })
  const me = await cli.api.call('GET', '/session', {})
  const { administrator, expires_at, person } = me
  const role = administrator ? ', an administrator' : ''
  cli.say(
    text`${green('✓')} Signed in to ${cli.url} as ${bold(person.name)}${role}, until ${moment(expires_at)}`,
  )
  if (cli.json) cli.answer({ url: cli.url, ...me }, () => [])
}

async function redeem(
  cli: Cli,
  body: { code: string; verifier: string; redirect_uri: string },
): Promise<AnswerOf<'POST', '/session'>> {
  const answer = await fetch(`${cli.url}/api/v1/session`, {
    method: 'POST',
    redirect: 'error',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify(body),
  }).catch((error: unknown) => {
    throw unreachableFailure(cli.url, error)
  })
  if (!answer.ok) throw await refusedFailure(cli.url, answer)
  return (await answer.json()) as AnswerOf<'POST', '/session'> // as: the answer of the operation `session.open`
}
