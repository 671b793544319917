import assert from 'node:assert/strict'
import { it } from 'node:test'
import { JWT_BEARER, TestAgent } from '../agent.ts'
import { Stranger } from '../mcp/stranger.ts'
import { newKey } from '../signing.ts'
import { type Answer, send } from '../wire.ts'
import { inEachWorld } from '../world.ts'

const SHARE = 3
const LIFE_MS = 60_000

inEachWorld(
  'A/LOW 11: room for requests that were pushed',
  (world) => {
    const push = (ip: string, form: object): Promise<Answer> =>
      send(`${world().issuer}/oauth/par`, {
        method: 'POST',
        headers: [
          ['Content-Type', 'application/x-www-form-urlencoded'],
          ['X-Forwarded-For', ip],
        ],
        body: new URLSearchParams({ ...form }).toString(),
      })

    const askedBy = (stranger: Stranger, over: Record<string, string> = {}) =>
      Object.fromEntries(stranger.asking(`${world().gateway}/desk`, over).searchParams)

    async function arrive(over: object = {}): Promise<Stranger> {
      const stranger = await Stranger.arrive(world())
      const answer = await stranger.register({ ...over })
      assert.equal(answer.status, 201, answer.text)
      return stranger
    }

    const statuses = async (count: number, one: () => Promise<Answer>) => {
      const all: string[] = []
      for (let i = 0; i < count; i++) {
        const { body, status } = await one()
        all.push(`${status} ${body.code ?? body.error ?? ''}`.trim())
      }
      return all
    }

    const FULL = '429 authorization.too_many'
    const share = Array.from({ length: SHARE }, () => '201')

    it('what is refused takes none, however much of it comes', async () => {
      const stranger = await arrive()
      const wrong = askedBy(stranger, { code_challenge_method: 'plain' })
      for (const status of await statuses(2 * SHARE, () => push('203.0.113.1', wrong)))
        assert.match(status, /^400 /)
      assert.equal((await push('203.0.113.1', askedBy(stranger))).status, 201)
    })

    it('what is accepted keeps its place: an address has its share, and others have theirs, until it runs out', async () => {
      const stranger = await arrive()
      const from = (ip: string) => () => push(ip, askedBy(stranger))
      const expected = [...share, FULL, FULL]
      assert.deepEqual(await statuses(SHARE + 2, from('203.0.113.2')), expected)
      assert.equal((await from('203.0.113.3')()).status, 201, 'the name of a client is no key')
      world().clock.advance(LIFE_MS)
      assert.equal((await from('203.0.113.2')()).status, 201)
    })

    it('a client that authenticates has a share of its own, wherever it is', async () => {
      const key = await newKey()
      const proves = {
        token_endpoint_auth_method: 'private_key_jwt',
        jwks: { keys: [{ ...key.publicJwk, kid: 'k1' }] },
      }
      const stranger = await arrive(proves)
      const agent = new TestAgent(world(), stranger.id, key)
      let hosts = 0
      const one = async () =>
        push(`198.51.100.${++hosts}`, {
          ...askedBy(stranger),
          client_assertion_type: JWT_BEARER,
          client_assertion: await agent.assertion({ header: { kid: 'k1' } }),
        })
      assert.deepEqual(await statuses(SHARE + 1, one), [...share, FULL])
      assert.equal((await push('198.51.100.1', askedBy(await arrive()))).status, 201)
    })

    it('W4: a stranger with many clients of their own has no more than the share of an address', async () => {
      const key = await newKey()
      const jwks = { keys: [{ ...key.publicJwk, kid: 'k1' }] }
      const one = async (stranger: Stranger, ip = '203.0.113.9') =>
        push(ip, {
          ...askedBy(stranger),
          client_assertion_type: JWT_BEARER,
          client_assertion: await new TestAgent(world(), stranger.id, key).assertion({
            header: { kid: 'k1' },
          }),
        })
      const proves = { token_endpoint_auth_method: 'private_key_jwt', jwks }
      const another = async () => one(await arrive(proves))
      assert.deepEqual(await statuses(SHARE + 1, another), [...share, FULL])
      assert.equal((await one(await arrive(proves), '203.0.113.10')).status, 201)
    })
  },
  { settings: { REMIT_TRUSTED_PROXIES: '127.0.0.1', REMIT_MOST_WAITING_OF_AGENT: String(SHARE) } },
)
