import assert from 'node:assert/strict'
import { before, it } from 'node:test'
import { addAdmissionRule } from '../../src/agents/index.ts'
import { latestSet, publishPolicies } from '../../src/policy/index.ts'
import { listTasks } from '../../src/tasks/index.ts'
import { deskActions, openDesk, ping, Stranger } from '../mcp/stranger.ts'
import { inEachWorld } from '../world.ts'

inEachWorld('policies gate the tokens of clients that come with a code', (world) => {
  const desk = () => `${world().gateway}/desk`
  let permits = ''

  before(async () => {
    await openDesk(world())
    const { id } = await world().person('ada')
    await addAdmissionRule(world().rooms.agents, {
      name: 'this-computer',
      redirectHosts: ['localhost'],
      trust: 2,
      ceiling: deskActions(world()),
      ownerId: id,
      by: id,
    })
    permits = (await latestSet(world().rooms.storage.read))?.text ?? ''
  })

  /** Until the next one. */
  async function forbid(action: string): Promise<void> {
    const rule = `@id("no-such-token") forbid (principal, action == Action::"${action}", resource);`
    const { id: by } = await world().person('ada')
    const text = action === '' ? permits : `${permits}\n${rule}\n`
    await publishPolicies(world().rooms.policy, { text, by, note: 'for a test' })
  }

  const tasksOf = ({ id: agentId }: Stranger) =>
    listTasks(world().rooms.storage.read, { agentId, limit: 5 })

  it('a code opens nothing where its tokens may not be issued, and does when they may', async () => {
    const stranger = await Stranger.arrive(world())
    const back = await stranger.codeFor(desk())
    await forbid('issue:access_token:authorization_code')
    const refused = await stranger.redeem(back, desk())
    assert.equal(refused.status, 400)
    assert.equal(refused.body.error, 'invalid_target')
    assert.equal(refused.body.code, 'issuance.forbidden')
    assert.doesNotMatch(JSON.stringify(refused.body), /no-such-token/)
    assert.deepEqual(await tasksOf(stranger), [])
    await forbid('issue:access_token:refresh_token')
    const issued = await stranger.redeem(back, desk())
    assert.equal(issued.status, 200)
    assert.equal((await ping(desk(), String(issued.body.access_token))).status, 200)
  })

  it('refreshing ends where it is forbidden, and the person is asked anew', async () => {
    const stranger = await Stranger.arrive(world())
    await forbid('')
    const { body } = await stranger.redeem(await stranger.codeFor(desk()), desk())
    const refresh_token = String(body.refresh_token)
    await forbid('issue:access_token:refresh_token')
    const refused = await stranger.refresh({ refresh_token })
    assert.equal(refused.body.error, 'invalid_grant')
    assert.equal((await ping(desk(), String(body.access_token))).status, 200)
    await forbid('')
    assert.equal((await stranger.refresh({ refresh_token })).status, 200, 'it was not used up')
  })

  it('a refresh token that may not be issued is not in the answer', async () => {
    const stranger = await Stranger.arrive(world())
    await forbid('issue:refresh_token:authorization_code')
    const { body, status } = await stranger.redeem(await stranger.codeFor(desk()), desk())
    assert.equal(status, 200)
    assert.equal('refresh_token' in body, false)
    assert.equal((await ping(desk(), String(body.access_token))).status, 200)
  })

  it('nor is the next one: the last that was given works once more', async () => {
    const stranger = await Stranger.arrive(world())
    await forbid('issue:refresh_token:refresh_token')
    const { body } = await stranger.redeem(await stranger.codeFor(desk()), desk())
    const last = await stranger.refresh({ refresh_token: String(body.refresh_token) })
    assert.equal(last.status, 200)
    assert.equal('refresh_token' in last.body, false)
    assert.equal((await ping(desk(), String(last.body.access_token))).status, 200)
  })
})
