import { generateKeyPairSync } from 'node:crypto'
import { SAMPLE_PEOPLE } from '../../../src/programs/dev/sample.ts'

export const CLIENT_SECRET = 'secret-of-remit-at-canaille'
/** A second client of Remit, whose ID tokens are said to be for somebody else. */
export const CLIENT_FOR_OTHERS = 'remit-for-others'

export function passwordOf(person: string): string {
  return `${person}-knows-this`
}

/** Builds `canaille.toml` for a server at this port. */
export function configuration(port: number): string {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const key = Object.entries({ ...privateKey.export({ format: 'jwk' }), kid: 'one' })
  const members = key.map(([name, value]) => `${name} = ${JSON.stringify(value)}`)
  return `SECRET_KEY = "of-canaille-for-tests"
SERVER_NAME = "127.0.0.1:${port}"
PREFERRED_URL_SCHEME = "http"
[CANAILLE]
DATABASE = "sql"
LANGUAGE = "en"
[CANAILLE_SQL]
DATABASE_URI = "sqlite:///canaille.sqlite"
[CANAILLE_OIDC]
TRUSTED_DOMAINS = []
ACTIVE_JWKS = [{ ${members.join(', ')} }]
`
}

/** The sample people, their groups and the clients of Remit at `remit`, as `canaille restore` reads them. */
export function content(remit: string): string {
  const groups = new Set(SAMPLE_PEOPLE.flatMap((person): readonly string[] => person.groups))
  const client = (id: string, audience: string) => ({
    id,
    client_id: id,
    client_secret: CLIENT_SECRET,
    client_name: 'Remit',
    client_uri: remit,
    redirect_uris: [`${remit}/sign-in/callback`],
    grant_types: ['authorization_code'],
    response_types: ['code'],
    scope: ['openid', 'profile', 'email', 'groups'],
    token_endpoint_auth_method: 'client_secret_basic',
    audience: [audience],
  })
  return JSON.stringify({
    user: SAMPLE_PEOPLE.map(({ email, id, name }) => ({
      ...{ id, user_name: id, password: passwordOf(id), emails: [email] },
      ...{ formatted_name: name, family_name: name.split(' ')[1] },
    })),
    group: [...groups].map((name) => ({
      id: name,
      display_name: name,
      members: SAMPLE_PEOPLE.filter(({ groups: of }) => of.some((one) => one === name)).map(
        ({ id }) => id,
      ),
    })),
    client: [client('remit', 'remit'), client(CLIENT_FOR_OTHERS, 'remit')],
  })
}
