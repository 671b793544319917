import type { TestContext } from 'node:test'
import { addIssuer, type IssuerDescription } from '../../agents/index.ts'
import { type FakeProvider, fakeProvider } from '../../people/sign-in/testing.ts'
import { openAsserted } from '../opening/open-asserted.ts'
import type { AssertedOpening, OpeningAnswer } from '../opening/opening.ts'
import { addAgent, permitAll } from '../opening/testing.ts'
import { type Held, newKey, type TestKey, TOKEN_URL, type worldsOver } from '../testing.ts'

type OpenWorld = Awaited<ReturnType<ReturnType<typeof worldsOver>['own']>>

const JWT_BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

/** Another organization, acme, whose assertions open tasks of an agent called desk. */
export async function assertedWorld(
  t: TestContext,
  world: OpenWorld,
  over: Partial<IssuerDescription> = {},
) {
  const acme = await fakeProvider()
  t.after(() => acme.close())
  const parts = { ...world.parts, loopback: true }
  const people = { provider: world.provider.issuer, delegates: true, ...Object(over.people) }
  const desk = await addAgent(world, 'desk')
  await permitAll(world, world.sam, world.ada)
  await addIssuer(parts, {
    name: 'acme',
    issuer: acme.issuer,
    uses: ['id_jag'],
    trust: 2,
    ceiling: null,
    ownerId: world.ada.id,
    by: world.ada.id,
    ...over,
    people,
  })
  let count = 0
  const jag = (
    claims: Record<string, unknown> = {},
    header: Record<string, unknown> = {},
    signer: FakeProvider = acme,
  ) => {
    const now = Math.floor(parts.clock.now() / 1000)
    return signer.sign(
      {
        ...{ iss: acme.issuer, sub: 'sam', aud: parts.issuer, client_id: 'desk' },
        ...{ iat: now, exp: now + 300, jti: `j${count++}`, scope: 'orders.read orders.list' },
        ...claims,
      },
      { typ: 'oauth-id-jag+jwt', ...header },
    )
  }
  const opening = async (
    more: Partial<AssertedOpening> = {},
    key: TestKey = newKey(),
    agent = desk,
  ): Promise<AssertedOpening> => ({
    assertion: world.assertion({ iss: agent.id, sub: agent.id }, agent.key),
    assertionType: JWT_BEARER,
    proof: world.proof(key, { method: 'POST', url: TOKEN_URL }),
    method: 'POST',
    url: TOKEN_URL,
    origin: { ip: '192.0.2.7' },
    use: 'id_jag',
    identity: more.identity ?? (await jag()),
    ...more,
  })
  const reason = async (more: Partial<AssertedOpening>, agent = desk) =>
    outcomeOf(await openAsserted(parts, await opening(more, newKey(), agent)))
  const held = async (more: Partial<AssertedOpening> = {}): Promise<Held> => {
    const key = newKey()
    const opened = await openAsserted(parts, await opening(more, key))
    if (opened.outcome !== 'opened') throw new Error(JSON.stringify(opened))
    return { opened, key }
  }
  return { world, parts, acme, desk, jag, opening, reason, held }
}

export function outcomeOf(answer: OpeningAnswer): string {
  return answer.outcome === 'refused' ? answer.reason : answer.outcome
}
