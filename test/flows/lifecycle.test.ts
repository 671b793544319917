import assert from 'node:assert/strict'
import { it } from 'node:test'
import { setOwner } from '../../src/identity/agents/change-limits.ts'
import { setCertification, suspendUncertified } from '../../src/identity/agents/index.ts'
import { suspendPerson } from '../../src/identity/sessions/index.ts'
import { manualClock } from '../../src/platform/lib/clock.ts'
import { JWT_BEARER, postForm } from '../agent.ts'
import { addAgent, spawn } from '../delegation.ts'
import { assertDenied, assertNoToken, assertRefused } from '../refusals.ts'
import { inEachWorld } from '../world.ts'

const DAY = 24 * 3_600_000
// The orders API has a clock of its own.
const READ = '/echo/things/1'
const BOT = '/agents/refund-bot'

inEachWorld('the life of an agent', (world) => {
  it('past its date it stops under a running task; its owner sees why, recertifies it, and the task goes on', async () => {
    const w = world()
    const ada = await w.api('ada')
    const set = await ada.send('PUT', `${BOT}/certification`, { days: 1 })
    assert.deepEqual([set.status, set.body.recertify_days], [200, 1], set.text)
    // As it is a day later, a minute before the date: identity providers have clocks of their own.
    const clock = manualClock(w.clock.now() - DAY + 60_000)
    const change = { agentId: 'refund-bot', days: 1, by: 'operator' }
    await setCertification({ ...w.rooms.agents, clock }, change)
    const task = await w.open()
    const token = await w.agent.token(task, `${w.gateway}/echo`)
    assert.match((await (await w.browser('ada')).get(w.issuer)).html, /stops in/)
    assert.doesNotMatch((await (await w.browser('fiona')).get(w.issuer)).html, /still wanted/)
    w.clock.advance(60_000)
    // Nobody has looked for such agents: the date counts by itself.
    assertDenied(await w.agent.call(task, 'GET', READ, { token }), 'agent.suspended')
    assertNoToken(
      await w.agent.askToken(task, `${w.gateway}/echo`),
      'unauthorized_client',
      'agent.suspended',
    )
    assert.equal((await ada.send('GET', BOT)).body.status, 'active')
    const ask = { subjectToken: await w.idToken(), scope: 'orders.read' }
    assertNoToken(await w.agent.ask(ask), 'invalid_client', 'agent.unauthenticated')
    assert.equal((await ada.send('GET', BOT)).body.suspended_for, 'uncertified')
    assert.equal(await suspendUncertified(w.rooms.agents), 0, 'asking has stopped it')
    assertDenied(await w.agent.call(task, 'GET', READ, { token }), 'agent.suspended')
    const page = await (await w.browser('ada')).get(w.issuer)
    assert.match(page.html, /remit agents recertify refund-bot/)
    assertRefused(await ada.send('POST', `${BOT}/resume`, {}), 'agent.uncertified')
    const fiona = await w.api('fiona')
    assertRefused(await fiona.send('POST', `${BOT}/recertify`), 'agent.not_owner')

    const woken = await ada.send('POST', `${BOT}/recertify`)
    assert.deepEqual([woken.body.status, woken.body.suspended_for], ['active', null], woken.text)
    assertDenied(await w.agent.call(task, 'GET', READ, { token }), 'token.stale')
    assert.equal((await w.agent.call(task, 'GET', READ)).status, 200)
    const never = await ada.send('PUT', `${BOT}/certification`, { days: null })
    assert.equal(never.body.recertify_by, null)
  })

  it('one that slept too long is stopped by asking for anything, and goes on when an administrator resumes it', async () => {
    const w = world()
    const clock = manualClock(w.clock.now() - 181 * DAY)
    const sleeper = await addAgent(w, 'sleeper', 'ada', { clock })
    const { id: login_hint } = await w.person('sam')
    const ask = async () =>
      postForm(
        `${w.issuer}/oauth/bc-authorize`,
        {
          client_assertion_type: JWT_BEARER,
          client_assertion: await sleeper.assertion(),
          ...{ scope: 'orders.read', purpose: 'look at orders', login_hint },
        },
        [],
      )
    const asked = await ask()
    assert.equal(asked.status, 400, asked.text)
    assert.equal(asked.body.error, 'unauthorized_client')
    assert.equal(asked.headers['remit-problem'], 'agent.suspended')
    const ada = await w.api('ada')
    assert.equal((await ada.send('GET', '/agents/sleeper')).body.suspended_for, 'dormant')
    const parent = await w.open()
    const spawned = spawn(w, [w.agent, parent], sleeper)
    await assert.rejects(spawned, /agent.suspended/)
    assert.equal((await ada.send('POST', '/agents/sleeper/resume', {})).status, 200)
    assert.equal((await ask()).status, 200)
    const late = await addAgent(w, 'late-sleeper', 'ada', { clock })
    await assert.rejects(spawn(w, [w.agent, parent], late), /agent.suspended/)
    const found = (await ada.send('GET', '/agents/late-sleeper')).body
    assert.equal(found.suspended_for, 'dormant')
  })

  it('when its owner leaves it stops, whatever its own status says', async () => {
    const w = world()
    const { id } = await w.person('fiona')
    const agentId = 'refund-bot'
    await setOwner(w.rooms.agents, { agentId, ownerId: id, by: 'operator' })
    const task = await w.open()
    const token = await w.agent.token(task, `${w.gateway}/echo`)
    await suspendPerson(w.rooms.people, { personId: id, by: 'operator', reason: 'left' })
    assertDenied(await w.agent.call(task, 'GET', READ, { token }), 'agent.owner_suspended')
    const ada = await w.api('ada')
    assert.equal((await ada.send('GET', BOT)).body.status, 'active')
  })
})
