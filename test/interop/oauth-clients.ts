import assert from 'node:assert/strict'
import { mkdir, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setTokens } from '../../src/catalog/catalog-changes/index.ts'
import { addAdmissionRule } from '../../src/identity/client-metadata/index.ts'
import { publishPolicies } from '../../src/policy/policy/index.ts'
import { Stranger } from '../mcp/stranger.ts'
import { Project, type RunningProgram } from '../sdk/project.ts'
import { World } from '../world.ts'

/** Program that is an OAuth client without DPoP, with what comes before its own arguments. */
export interface OAuthClient {
  /** Library that it is made with. */
  readonly name: string
  readonly program: string
  readonly args: readonly string[]
}

/** Folder in which a client runs. */
class ClientProject extends Project {
  static async make(program: string): Promise<ClientProject> {
    const project = new ClientProject(await mkdtemp(join(tmpdir(), 'remit-oauth-')), program)
    await mkdir(project.folder)
    return project
  }
}

/** Libraries of some of these refuse plain HTTP, which this machine speaks to itself, without these. */
const PLAIN_HTTP = { AUTHLIB_INSECURE_TRANSPORT: '1', OAUTHLIB_INSECURE_TRANSPORT: '1' }

const RULE = `
@id("let-in-at-orders")
permit (principal is Agent, action, resource == Resource::"orders")
when { principal.trust >= 1 && context has person };
`

/** A world whose people let programs on their computers in at an HTTP API. */
async function worldForClients(): Promise<World> {
  const w = await World.start('sqlite')
  const { id: by } = await w.person('ada')
  const actions = ['orders.read', 'orders.refund']
  await addAdmissionRule(w.rooms.agents, {
    ...{ name: 'this-computer', redirectHosts: ['localhost'], trust: 2, ownerId: by, by },
    ceiling: [{ type: 'remit_call', locations: [w.orders], actions, bounds: [] }],
  })
  const { version } = await w.rooms.policies.active()
  const { text } = await w.rooms.policies.version(version)
  await publishPolicies(w.rooms.policy, { text: text + RULE, by, note: 'for tests' })
  return w
}

/**
 * Declares the tests of clients that have no DPoP at an HTTP API. A client is told its issuer, its id, its redirect URI and the
 * API. It says `open URL`, reads the address that its person came back to, and says `token TYPE SECONDS`, `read STATUS` before
 * and behind a refresh, and `refund STATUS`; or `refused ERROR`.
 */
export function testClientsWithoutKeys(suite: string, clients: readonly OAuthClient[]): void {
  describe(suite, () => {
    let w: World
    before(async () => {
      w = await worldForClients()
    })
    after(async () => w?.stop())

    const set = (bearer: 'allowed' | 'refused') =>
      setTokens(w.rooms.connections, { name: 'orders', bearer, by: 'operator' })

    async function run(
      { args, program }: OAuthClient,
      stranger: Stranger,
      converse: (running: RunningProgram, url: URL) => Promise<void>,
    ): Promise<void> {
      const project = await ClientProject.make(program)
      try {
        const told = [w.issuer, stranger.id, stranger.redirectUrl, w.orders]
        const running = project.start([...args, ...told], PLAIN_HTTP)
        const [, url = ''] = await running.says(/open (\S+)\n/)
        await converse(running, new URL(url))
        running.end()
        const { code, said } = await running.ended
        assert.equal(code, 0, said)
      } finally {
        await project.remove()
      }
    }

    for (const client of clients) {
      const arrive = async () => {
        const stranger = await Stranger.arrive(w, client.name)
        await stranger.register()
        return stranger
      }

      it(`M4: ${client.name} gets a token, calls and refreshes where an administrator lets it in`, async () => {
        await set('allowed')
        const stranger = await arrive()
        await run(client, stranger, async (running, url) => {
          const page = await stranger.ask('sam', url)
          assert.doesNotMatch(page.text, /shown no key yet/)
          running.tell(`${await stranger.answered(page)}\n`)
          const [, type = '', seconds] = await running.says(/token (\S+) (\d+)\n/)
          assert.equal(type.toLowerCase(), 'bearer')
          assert.ok(Number(seconds) <= 300, seconds)
          await running.says(/read 200\n/)
          await running.says(/read 200\n/)
          // High risk: people are asked about the call itself.
          await running.says(/refund 403\n/)
          const last = (await w.ledger()).findLast(({ action }) => action === 'orders.refund')
          assert.equal(last?.reason, 'approval.required')
        })
      })

      it(`M4: ${client.name} is told elsewhere, the second time before its person is asked`, async () => {
        await set('refused')
        const stranger = await arrive()
        await run(client, stranger, async (running, url) => {
          const page = await stranger.ask('sam', url)
          assert.match(page.text, /shown no key yet/)
          running.tell(`${await stranger.answered(page)}\n`)
          await running.says(/refused invalid_dpop_proof\n/)
        })
        await run(client, stranger, async (running, url) => {
          const before = stranger.arrived.length
          await stranger.ask('sam', url)
          const back = stranger.arrived[before]
          assert.match(back?.searchParams.get('error_description') ?? '', /dpop_jkt/)
          running.tell(`${back}\n`)
          await running.says(/refused invalid_request\n/)
        })
      })
    }
  })
}
