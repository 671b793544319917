import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Detail } from '@remit/engine'
import {
  ALL_OF_ORDERS,
  GATEWAY,
  ISSUER,
  newKey,
  ORDERS,
  TOKEN_URL,
  worldsOver,
} from '../../../calls/calls/testing.ts'
import { retireAgent, setCeiling, setTrust, suspendAgent } from '../../../identity/agents/index.ts'
import { suspendPerson } from '../../../identity/sessions/index.ts'
import { checkResourceToken, checkTaskToken } from '../../../identity/tokens/index.ts'
import { forEachEngine } from '../../../platform/storage/testing.ts'
import { answerConsent, basesFor, grantBasis } from '../../../tasks/consent/index.ts'
import { endBasis, findTask, listTasks } from '../../../tasks/tasks/index.ts'
import type { Opening, OpeningAnswer } from '../opening.ts'
import { openTask } from './open-task.ts'

const only = (...actions: string[]): Detail => ({ ...ALL_OF_ORDERS, actions })
const reasonOf = (answer: OpeningAnswer) =>
  answer.outcome === 'refused' ? answer.reason : answer.outcome
const actionsOf = (details: readonly Detail[]) =>
  details.flatMap(({ actions }) => actions).toSorted()

forEachEngine('opening a task for a person', (open) => {
  const worlds = worldsOver(open)

  /** Begins a world; give the test when it changes agents, people or bases. */
  async function begin(t?: TestContext) {
    const world = await (t ? worlds.own(t) : worlds.shared())
    const { parts } = world
    const count = async () => (await listTasks(parts.storage.read, { limit: 1000 })).length
    const before = await count()
    const openings = async () => (await count()) - before
    const attempt = async (over: Partial<Opening> = {}, key = newKey()) =>
      openTask(parts, 'token_exchange', await world.opening(key, over))
    const endBases = async () => {
      const now = parts.clock.now()
      const between = { personId: world.sam.id, agentId: 'refund-bot', now }
      for (const { id } of await basesFor(parts.storage.read, between))
        await endBasis(parts, { basisId: id, by: world.sam.id })
    }
    return { world, parts, attempt, endBases, openings }
  }

  test('gives a task token bound to the fresh key, with person, agent, purpose and details', async () => {
    const { parts, world } = await begin()
    const { opened } = await world.open()
    const own = { issuer: ISSUER, keys: parts.keys, clock: parts.clock }
    const claims = await checkTaskToken(opened.token.token, own)
    assert.equal(claims.sub, world.sam.id)
    assert.equal(claims.act?.sub, 'refund-bot')
    assert.equal(claims.client_id, opened.task.id)
    assert.equal(claims.task.purpose, 'refund order 1042')
    assert.deepEqual(claims.cnf, { jkt: opened.task.keyThumbprint })
    assert.deepEqual(claims.authorization_details, opened.details)
    assert.equal(opened.task.deadline - opened.task.openedAt, 3_600_000)
    assert.deepEqual(await findTask(parts.storage.read, opened.task.id), opened.task)
    const types = (await parts.recorded()).map(({ type }) => type)
    assert.ok(types.includes('task.opened'))
  })

  test('a named resource gives a token for it instead', async () => {
    const { parts, world } = await begin()
    const { opened } = await world.open({ resource: ORDERS })
    assert.equal(opened.kind, 'resource')
    const own = { issuer: ISSUER, keys: parts.keys, clock: parts.clock }
    const claims = await checkResourceToken(opened.token.token, ORDERS, own)
    assert.equal(claims.task.id, opened.task.id)
    assert.ok(opened.token.expiresIn <= 300)
    const issued = (await parts.recorded()).filter(({ type }) => type === 'token.issued')
    assert.deepEqual(
      issued.map((each) => each.task),
      [opened.task.id],
    )
  })

  test('grants what was requested within ceiling and basis, and no more', async (t) => {
    const { endBases, parts, world } = await begin(t)
    const ceiling = [only('orders.read', 'orders.refund')]
    await setCeiling(parts, { agentId: 'refund-bot', ceiling, by: 'operator' })
    const all = await world.open()
    assert.deepEqual(actionsOf(all.opened.details), ['orders.read', 'orders.refund'])
    await endBases()
    await world.allow([only('orders.read', 'orders.list')])
    const less = await world.open()
    assert.deepEqual(actionsOf(less.opened.details), ['orders.read'])
    const asked = await world.open({ details: [only('orders.read')] })
    assert.deepEqual(actionsOf(asked.opened.details), ['orders.read'])
  })

  test('scopes are actions without bounds', async () => {
    const { attempt, world } = await begin()
    const { opened } = await world.open({ details: undefined, scope: 'orders.read orders.list' })
    assert.deepEqual(actionsOf(opened.details), ['orders.list', 'orders.read'])
    assert.equal(opened.scope, 'orders.read orders.list')
    assert.equal(
      reasonOf(await attempt({ details: undefined, scope: 'orders.nothing' })),
      'task.bad_scope',
    )
    assert.equal(reasonOf(await attempt({ details: undefined, scope: 'a  b' })), 'task.bad_scope')
  })

  test('action groups become the actions that are in them now', async () => {
    const { world } = await begin()
    const { opened } = await world.open({ details: [only('write')] })
    assert.deepEqual(actionsOf(opened.details), ['orders.refund'])
  })

  test('lasts as long as asked for, a day at most, and never longer than its basis', async (t) => {
    const { endBases, parts, world } = await begin(t)
    const lifeOf = async (lifeSeconds: number) => {
      const { task } = (await world.open({ lifeSeconds })).opened
      return (task.deadline - task.openedAt) / 1000
    }
    assert.equal(await lifeOf(60), 60)
    assert.equal(await lifeOf(1_000_000), 86_400)
    await endBases()
    await grantBasis(parts, {
      personId: world.sam.id,
      agentId: 'refund-bot',
      kind: 'admin',
      details: [ALL_OF_ORDERS],
      grantedBy: 'psn_admin',
      expiresAt: parts.clock.now() + 120_000,
    })
    assert.equal(await lifeOf(3600), 120)
  })

  test('is refused for what cannot be granted or read, with a reason', async () => {
    const { attempt, openings } = await begin()
    const refusals: [Partial<Opening>, string][] = [
      [{ details: undefined }, 'task.nothing_requested'],
      [{ details: [] }, 'task.nothing_requested'],
      [{ details: 'all' }, 'task.bad_details'],
      [{ details: [{ ...ALL_OF_ORDERS, datatypes: ['x'] }] }, 'task.bad_details'],
      [{ details: [{ ...ALL_OF_ORDERS, type: 'payment' }] }, 'task.bad_details'],
      [
        {
          details: [
            { ...only('orders.read'), bounds: [{ path: '/nothing', op: 'eq', value: '1' }] },
          ],
        },
        'task.bad_details',
      ],
      [{ details: [only('orders.delete')] }, 'task.beyond_ceiling'],
      [{ details: [{ ...ALL_OF_ORDERS, locations: [`${GATEWAY}/crm`] }] }, 'task.beyond_ceiling'],
      [{ lifeSeconds: 0 }, 'task.bad_life'],
      [{ lifeSeconds: -60 }, 'task.bad_life'],
      [{ lifeSeconds: Number.NaN }, 'task.bad_life'],
      [{ lifeSeconds: 1.5 }, 'task.bad_life'],
      [{ purpose: '' }, 'task.bad_purpose'],
      [{ purpose: 'x\u202ey' }, 'task.bad_purpose'],
      [{ purpose: 'x'.repeat(201) }, 'task.bad_purpose'],
      [{ resource: `${GATEWAY}/crm` }, 'task.resource_not_granted'],
    ]
    for (const [over, reason] of refusals) assert.equal(reasonOf(await attempt(over)), reason)
    assert.equal(await openings(), 0)
  })

  test('is refused to whom it does not belong', async () => {
    const { attempt, openings, world } = await begin()
    const other = newKey()
    const refusals: [Partial<Opening>, RegExp][] = [
      [{ assertion: undefined }, /^agent\.unauthenticated$/],
      [{ assertion: world.assertion({}, other) }, /^agent\.unauthenticated$/],
      [{ assertion: world.assertion({ aud: TOKEN_URL }) }, /^agent\.unauthenticated$/],
      [{ assertion: world.assertion({ aud: [ISSUER] }) }, /^agent\.unauthenticated$/],
      [{ assertionType: 'x' }, /^agent\.unauthenticated$/],
      [
        { subjectToken: await world.subjectToken('sam', { aud: 'other-client' }) },
        /^subject_token\.not_for_agent$/,
      ],
      [
        { subjectToken: await world.subjectToken('sam', { iss: 'https://evil.example' }) },
        /^subject_token\.unknown_issuer$/,
      ],
      [{ subjectToken: await world.subjectToken('sam', { iat: 1, exp: 2 }) }, /^token\./],
      [{ subjectToken: 'x.y.z' }, /^(subject_)?token\./],
      [
        { subjectTokenType: 'urn:ietf:params:oauth:token-type:saml2' },
        /^subject_token\.unsupported_type$/,
      ],
      [{ proof: undefined }, /^proof\.missing$/],
      [
        { proof: world.proof(other, { method: 'POST', url: `${ISSUER}/other` }) },
        /^proof\.wrong_request$/,
      ],
    ]
    for (const [over, reason] of refusals) assert.match(reasonOf(await attempt(over)), reason)
    const { opened } = await world.open()
    const own = { subjectToken: opened.token.token }
    assert.equal(reasonOf(await attempt(own)), 'subject_token.issued_by_remit')
    assert.equal(await openings(), 1)
  })

  test('is refused to those who are stopped', async (t) => {
    const { attempt, parts, world } = await begin(t)
    const by = 'operator'
    await setTrust(parts, { agentId: 'refund-bot', trust: 0, by })
    assert.equal(reasonOf(await attempt()), 'agent.quarantined')
    await setTrust(parts, { agentId: 'refund-bot', trust: 1, by })
    assert.equal(reasonOf(await attempt()), 'opened')
    await suspendPerson(parts, { personId: world.ada.id, by, reason: '' })
    assert.equal(reasonOf(await attempt()), 'agent.owner_suspended')
    await suspendPerson(parts, { personId: world.sam.id, by, reason: '' })
    assert.equal(reasonOf(await attempt()), 'person.suspended')
    await suspendAgent(parts, { agentId: 'refund-bot', by, reason: '' })
    assert.equal(reasonOf(await attempt()), 'agent.unauthenticated')
    await retireAgent(parts, { agentId: 'refund-bot', by, reason: '' })
    assert.equal(reasonOf(await attempt()), 'agent.unauthenticated')
  })

  test('uses key, assertion and subject token once: any of them again is refused', async () => {
    const { attempt, openings, world } = await begin()
    const key = newKey()
    const first = await world.opening(key)
    assert.equal((await openTask(world.parts, 'token_exchange', first)).outcome, 'opened')
    const fresh = () => world.proof(key, { method: 'POST', url: TOKEN_URL })
    assert.equal(reasonOf(await openTask(world.parts, 'token_exchange', first)), 'proof.replayed')
    assert.equal(reasonOf(await attempt({ assertion: first.assertion })), 'assertion.replayed')
    assert.equal(
      reasonOf(await attempt({ subjectToken: first.subjectToken })),
      'subject_token.replayed',
    )
    assert.equal(reasonOf(await attempt({ proof: fresh() }, key)), 'task.key_used')
    assert.equal(await openings(), 1)
  })

  test('16 copies of one opening: one task', async () => {
    const { openings, world } = await begin()
    const opening = await world.opening(newKey())
    const all = await Promise.all(
      Array.from({ length: 16 }, () => openTask(world.parts, 'token_exchange', opening)),
    )
    assert.equal(all.filter(({ outcome }) => outcome === 'opened').length, 1)
    assert.equal(await openings(), 1)
  })

  test('a refused exchange uses up nothing but its proof', async () => {
    const { world, parts } = await begin()
    const key = newKey()
    const first = await world.opening(key, { purpose: '' })
    assert.equal(reasonOf(await openTask(parts, 'token_exchange', first)), 'task.bad_purpose')
    const again = { ...first, purpose: 'refund order 1042' }
    assert.equal(reasonOf(await openTask(parts, 'token_exchange', again)), 'proof.replayed')
    const proof = world.proof(key, { method: 'POST', url: TOKEN_URL })
    assert.equal((await openTask(parts, 'token_exchange', { ...again, proof })).outcome, 'opened')
    const refused = (await parts.recorded()).filter(({ type }) => type === 'task.refused')
    assert.deepEqual(
      refused.slice(-2).map(({ reason }) => reason),
      ['task.bad_purpose', 'proof.replayed'],
    )
  })

  test('without a basis the person is asked, may narrow, and the agent repeats the exchange', async (t) => {
    const { endBases, parts, world } = await begin(t)
    await endBases()
    const key = newKey()
    const opening = await world.opening(key)
    const asked = await openTask(parts, 'token_exchange', opening)
    assert.ok(asked.outcome === 'needs_consent')
    assert.equal(asked.page, `${ISSUER}/consent/${asked.consentId}`)
    const proof = () => world.proof(key, { method: 'POST', url: TOKEN_URL })
    const again = await openTask(parts, 'token_exchange', { ...opening, proof: proof() })
    assert.deepEqual(again, asked)
    const { kindOf } = await parts.catalog.current()
    const details = [only('orders.read')]
    const grant = {
      consentId: asked.consentId,
      person: world.sam,
      answer: 'grant',
      authTime: 0,
    } as const
    await answerConsent(parts, { ...grant, details }, kindOf)
    const opened = await openTask(parts, 'token_exchange', { ...opening, proof: proof() })
    assert.ok(opened.outcome === 'opened')
    assert.deepEqual(actionsOf(opened.details), ['orders.read'])
    assert.equal(opened.task.bases.length, 1)
    const beyond = await openTask(
      parts,
      'token_exchange',
      await world.opening(newKey(), { details: [only('orders.refund')] }),
    )
    assert.equal(beyond.outcome, 'needs_consent')
  })

  test('a yes given in the moment of asking opens the task, and is not followed by the same question', async (t) => {
    const { endBases, parts, world } = await begin(t)
    await endBases()
    let said = false
    const storage = new Proxy(parts.storage, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name)
        if (typeof value !== 'function') return value
        if (name !== 'transaction' || said) return value.bind(target)
        return async (work: Parameters<typeof target.transaction>[0]) => {
          said = true
          await world.allow([ALL_OF_ORDERS])
          return target.transaction(work)
        }
      },
    })
    const answer = await openTask(
      { ...parts, storage },
      'token_exchange',
      await world.opening(newKey()),
    )
    assert.equal(answer.outcome, 'opened')
  })

  test('a no is a no, and nothing beyond the ceiling is ever asked for', async (t) => {
    const { attempt, endBases, parts, world } = await begin(t)
    await endBases()
    const asked = await attempt()
    assert.ok(asked.outcome === 'needs_consent')
    const { kindOf } = await parts.catalog.current()
    const deny = {
      consentId: asked.consentId,
      person: world.sam,
      answer: 'deny',
      authTime: 0,
    } as const
    await answerConsent(parts, deny, kindOf)
    assert.equal(reasonOf(await attempt()), 'consent.denied')
    assert.equal(
      reasonOf(await attempt({ details: [only('orders.delete')] })),
      'task.beyond_ceiling',
    )
  })

  test('consent cannot widen what administrators allow', async (t) => {
    const { attempt, endBases, parts, world } = await begin(t)
    await endBases()
    await grantBasis(parts, {
      personId: world.sam.id,
      agentId: 'refund-bot',
      kind: 'admin',
      details: [only('orders.read')],
      grantedBy: 'psn_admin',
    })
    assert.equal(reasonOf(await attempt({ details: [only('orders.refund')] })), 'task.beyond_basis')
    assert.deepEqual(actionsOf((await world.open()).opened.details), ['orders.read'])
    await world.allow([ALL_OF_ORDERS])
    assert.deepEqual(actionsOf((await world.open()).opened.details), ['orders.read'])
  })

  test('ending the basis ends what was opened on it', async (t) => {
    const { endBases, parts, world } = await begin(t)
    const { opened } = await world.open()
    await endBases()
    const task = await findTask(parts.storage.read, opened.task.id)
    assert.deepEqual([task?.state, task?.closeReason], ['closed', 'basis.ended'])
  })

  test('when the books cannot be written nothing opens and nothing is used up', async () => {
    const { openings, parts, world } = await begin()
    const opening = await world.opening(newKey())
    const broken = {
      ...parts,
      ledger: {
        append: parts.ledger.append.bind(parts.ledger),
        refusals: parts.ledger.refusals,
        appendStep: () => {
          throw new Error('disk full')
        },
        broken: undefined,
      },
    }
    await assert.rejects(openTask(broken, 'token_exchange', opening), /disk full/)
    assert.equal(await openings(), 0)
    assert.equal((await openTask(parts, 'token_exchange', opening)).outcome, 'opened')
  })

  test('suspending the agent in the last moment leaves no open task behind', async (t) => {
    const { parts, world } = await begin(t)
    const opening = await world.opening(newKey())
    const racing = {
      ...parts,
      storage: {
        ...parts.storage,
        read: parts.storage.read,
        commit: async (steps: Parameters<typeof parts.storage.commit>[0]) => {
          const done = await parts.storage.commit(steps)
          await suspendAgent(parts, { agentId: 'refund-bot', by: 'operator', reason: '' })
          return done
        },
        transaction: parts.storage.transaction.bind(parts.storage),
      },
    }
    assert.equal(reasonOf(await openTask(racing, 'token_exchange', opening)), 'task.overtaken')
    const [task] = await listTasks(parts.storage.read, { limit: 1 })
    assert.deepEqual([task?.state, task?.closeReason], ['closed', 'overtaken'])
  })
})
