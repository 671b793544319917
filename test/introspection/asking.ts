import type { PepSettings } from '../../src/identity/machine-clients/index.ts'
import { clientWith } from '../../src/identity/machine-clients/testing.ts'
import { JWT_BEARER, postForm, type TestAgent } from '../agent.ts'
import type { KnownShop } from '../sdk/shops.ts'
import type { Answer } from '../wire.ts'
import type { World } from '../world.ts'

type Headers = readonly (readonly [string, string])[]

/** Support may do everything with `echo`, through any agent: `letIn` leaves that out. */
export const ECHO_RULES = `
@id("support-echo") permit (principal in Group::"support", action, resource == Resource::"echo");
@id("agents-echo") permit (principal is Agent, action, resource == Resource::"echo") when { principal.trust >= 1 };`

/** Asks about a token (RFC 7662). */
export function askAbout(
  w: World,
  form: Readonly<Record<string, string | undefined>>,
  headers: Headers = [],
): Promise<Answer> {
  return postForm(`${w.issuer}/oauth/introspect`, form, headers)
}

export function askWith(w: World, secret: string, token: string, more: Headers = []) {
  return askAbout(w, { token }, [['Authorization', `Bearer ${secret}`], ...more])
}

/** Asks as an agent does, with its base credential. */
export async function askAs(w: World, agent: TestAgent, token: string): Promise<Answer> {
  const client_assertion = await agent.assertion()
  return askAbout(w, { token, client_assertion, client_assertion_type: JWT_BEARER })
}

/** A secret of the API's own, and its id. */
export async function enforcerOf(
  w: World,
  { name }: Pick<KnownShop, 'name'>,
): Promise<{ readonly id: string; readonly secret: string }> {
  const id = `asker-${++made}`
  const { secret } = await clientWith(w.rooms.clients, id, 'enforcer', { resource: name })
  return { id, secret }
}

let made = 0

export async function pepWith(
  w: World,
  name: string,
  settings: Partial<PepSettings>,
): Promise<string> {
  return (await clientWith(w.rooms.clients, name, 'pep', settings)).secret
}
