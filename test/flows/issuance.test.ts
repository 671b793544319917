import assert from 'node:assert/strict'
import { before, it } from 'node:test'
import { listForApprover } from '../../src/approvals/access-requests/index.ts'
import { addAdmissionRule } from '../../src/identity/client-metadata/index.ts'
import { findPerson } from '../../src/identity/people/index.ts'
import { latestSet, publishPolicies } from '../../src/policy/policy/index.ts'
import { explain } from '../../src/tasks/explanations/index.ts'
import { listTasks } from '../../src/tasks/tasks/index.ts'
import { say } from '../mcp/asking.ts'
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

  /** Publishes a rule that forbids it, until the next one is published. */
  async function forbid(action: string): Promise<void> {
    const rule = `@id("no-such-token") forbid (principal, action == Action::"${action}", resource);`
    const { id: by } = await world().person('ada')
    const text = action === '' ? permits : `${permits}\n${rule}\n`
    await publishPolicies(world().rooms.policy, { text, by, note: 'for a test' })
  }

  /** Publishes a rule by which finance is asked, until the next one is published. */
  async function ask(action: string): Promise<void> {
    const rule = `@id("such-tokens-ask") @requestable("Finance looks at it") @approvers("group:finance") @lifetime("PT20M")
      forbid (principal, action == Action::"${action}", resource);`
    const { id: by } = await world().person('ada')
    const text = `${permits}\n${rule}\n`
    await publishPolicies(world().rooms.policy, { text, by, note: 'for a test' })
  }

  /** Finds the access request that finance is asked now. */
  async function question() {
    const fiona = await findPerson(world().rooms.storage.read, (await world().person('fiona')).id)
    assert.ok(fiona)
    const [asked] = await listForApprover(world().rooms.decisions, fiona)
    assert.ok(asked)
    return asked
  }
  const answer = async (button: RegExp) =>
    say(world(), `${world().issuer}/approvals/${(await question()).id}`, button)

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
    const told = await explain(
      world().rooms.decisions,
      String(refused.body.decision_id),
      'operator',
    )
    assert.equal(told.gates[0]?.policies[0]?.id, 'no-such-token')
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

  it('others are asked after the person, and the code opens the task that they approved', async () => {
    const stranger = await Stranger.arrive(world())
    await ask('issue:access_token:authorization_code')
    await stranger.knock(desk())
    const sam = await stranger.browser('sam')
    const waiting = await sam.allow(await stranger.ask())
    assert.match(waiting.text, /others are asked first.*anyone in finance/)
    const { pathname } = new URL(waiting.url)
    const onward = `${world().issuer}/oauth${pathname}`
    const still = await sam.get(onward)
    assert.match(still.text, /others are asked first/)
    assert.deepEqual(stranger.arrived, [], 'no code yet')
    const { taskId } = await question()
    await answer(/^Approve once/)
    await sam.get(onward)
    const [back] = stranger.arrived
    assert.ok(back)
    const issued = await stranger.redeem(back, desk())
    assert.equal(issued.status, 200, JSON.stringify(issued.body))
    assert.equal(issued.body.task_id, taskId)
    const [task] = await tasksOf(stranger)
    assert.ok(task && task.deadline - task.openedAt <= 20 * 60_000, 'no longer than the approval')
    assert.equal((await ping(desk(), String(issued.body.access_token))).status, 200)
  })

  it('a no of others is told to the program, and a person who gave up waiting need not ask them twice', async () => {
    const stranger = await Stranger.arrive(world())
    await ask('issue:access_token:authorization_code')
    const sam = await stranger.browser('sam')
    await stranger.knock(desk())
    await sam.allow(await stranger.ask())
    const first = await question()
    await stranger.knock(desk())
    const again = await stranger.ask()
    assert.match(again.text, /others are asked first/, 'nor is the person')
    assert.equal((await question()).id, first.id, 'the same question')
    await answer(/^deny$/)
    await sam.get(`${world().issuer}/oauth${new URL(again.url).pathname}`)
    const [back] = stranger.arrived
    assert.equal(back?.searchParams.get('error'), 'access_denied')
    assert.deepEqual(await tasksOf(stranger), [])
  })

  it('refreshing waits where people are asked, and goes on with the same token', async () => {
    const stranger = await Stranger.arrive(world())
    await forbid('')
    const { body } = await stranger.redeem(await stranger.codeFor(desk()), desk())
    const refresh_token = String(body.refresh_token)
    await ask('issue:access_token:refresh_token')
    const waiting = await stranger.refresh({ refresh_token })
    assert.equal(waiting.body.error, 'authorization_pending')
    assert.equal(waiting.body.code, 'issuance.approval_pending')
    assert.equal(Object(waiting.body.access_request).id, (await question()).id)
    await answer(/^Approve once/)
    const next = await stranger.refresh({ refresh_token })
    assert.equal(next.status, 200, JSON.stringify(next.body))
    const more = await stranger.refresh({ refresh_token: String(next.body.refresh_token) })
    assert.equal(more.status, 200, 'their yes lasts')
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
