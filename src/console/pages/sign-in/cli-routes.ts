import { issueCliCode } from '../../../identity/sessions/index.ts'
import type { Fields } from '../../../platform/http/index.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import type { PageParts } from '../parts.ts'
import type { PageRouter } from '../visit.ts'
import { cliPage, onwardPage } from './sign-in-page.ts'

/**
 * Sign-in request of the command line. `state` comes back to it, so that it knows its own answer.
 */
interface CliRequest {
  readonly redirectUri: string
  readonly challenge: string
  readonly state: string
  readonly port: string
}

function readRequest(fields: Fields): CliRequest {
  const redirectUri = fields.get('redirect_uri') ?? ''
  const challenge = fields.get('code_challenge') ?? ''
  const state = fields.get('state') ?? ''
  const url = URL.parse(redirectUri)
  if (url?.protocol !== 'http:' || url.port === '') {
    throw new Problem('cli_code.bad_request', '`redirect_uri` must be http on 127.0.0.1 or [::1]')
  }
  if (!/^[A-Za-z0-9_-]{1,128}$/.test(state)) {
    throw new Problem('cli_code.bad_request', '`state` is not 1 to 128 base64url characters')
  }
  return { redirectUri, challenge, state, port: url.port }
}

/** `remit login`: a person signed in here hands the command line a session of its own (contract 10). */
export function addCli(desk: PageRouter, parts: Pick<PageParts, 'people'>): void {
  desk.get('/cli', async ({ visitor, query }) => {
    const { redirectUri, challenge, state, port } = readRequest(query)
    const fields = new Map([
      ['redirect_uri', redirectUri],
      ['code_challenge', challenge],
      ['state', state],
    ])
    return cliPage({ viewer: visitor.viewer, port, fields })
  })

  desk.post('/cli', async ({ visitor, fields }) => {
    const { redirectUri, challenge, state } = readRequest(fields)
    const code = await issueCliCode(parts.people, {
      personId: visitor.person.id,
      authTime: visitor.session.authTime,
      sid: visitor.session.sid,
      challenge,
      redirectUri,
    })
    return onwardPage({
      title: 'The command line is signed in',
      text: 'It goes on by itself. If it does not, continue here.',
      label: 'Continue',
      to: `${redirectUri}?${new URLSearchParams({ code: code.reveal(), state })}`,
    })
  })
}
