import { REALM } from './realm.ts'

/** Administrator of the whole server, made when it starts. */
export const ADMIN = { name: 'admin', password: 'of-all-of-keycloak' } as const

/** An administrator of Keycloak, by its management API. */
export class KeycloakAdmin {
  readonly #origin: string
  readonly #token: string

  private constructor(origin: string, token: string) {
    this.#origin = origin
    this.#token = token
  }

  static async signIn(issuer: string): Promise<KeycloakAdmin> {
    const { origin } = new URL(issuer)
    const answer = await fetch(`${origin}/realms/master/protocol/openid-connect/token`, {
      method: 'POST',
      body: new URLSearchParams({
        ...{ grant_type: 'password', client_id: 'admin-cli' },
        ...{ username: ADMIN.name, password: ADMIN.password },
      }),
    })
    const { access_token: token } = (await answer.json()) as { access_token?: string } // an object by RFC 6749
    if (!token) throw new Error(`Keycloak let no administrator in: ${answer.status}`)
    return new KeycloakAdmin(origin, token)
  }

  /** A scope of this name, which these clients may ask for. */
  async addScope(name: string, clientIds: readonly string[]): Promise<void> {
    const attributes = { 'include.in.token.scope': 'true' }
    await this.#send('POST', '/client-scopes', { name, protocol: 'openid-connect', attributes })
    const scopes = await this.#send('GET', '/client-scopes')
    const clients = await this.#send('GET', '/clients')
    const scope = idOf(scopes, 'name', name)
    for (const clientId of clientIds)
      await this.#send(
        'PUT',
        `/clients/${idOf(clients, 'clientId', clientId)}/optional-client-scopes/${scope}`,
      )
  }

  /** Says who a user is to an identity provider. */
  async link(user: string, provider: string, subject: string): Promise<void> {
    const at = `/users/${user}/federated-identity/${provider}`
    await this.#send('POST', at, { userId: subject, userName: subject })
  }

  /** Ends all sessions of a user. */
  async endSessions(user: string): Promise<void> {
    await this.#send('POST', `/users/${user}/logout`)
  }

  async #send(method: string, path: string, body?: object): Promise<unknown> {
    const answer = await fetch(`${this.#origin}/admin/realms/${REALM}${path}`, {
      method,
      headers: { authorization: `Bearer ${this.#token}`, 'content-type': 'application/json' },
      ...(body ? { body: JSON.stringify(body) } : {}),
    })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`Keycloak answered ${answer.status} to ${path}: ${text}`)
    return text === '' ? undefined : JSON.parse(text)
  }
}

function idOf(list: unknown, member: string, value: string): string {
  const all = list as readonly Record<string, unknown>[] // as Keycloak documents it
  const found = all.find((each) => each[member] === value)
  if (!found) throw new Error(`Keycloak has no \`${value}\``)
  return String(found.id)
}
