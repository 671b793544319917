import assert from 'node:assert/strict'
import { after, before, it } from 'node:test'
import { listForTask } from '../../src/approvals/access-requests/index.ts'
import { onlyOf } from '../../src/extensions/authzen/open.ts'
import { readQuestion } from '../../src/extensions/authzen/question.ts'
import { bindingHash } from '../../src/extensions/authzen/requests/binding.ts'
import { forgetEvaluated, setCallback } from '../../src/extensions/authzen/submissions/index.ts'
import { AUTHZEN_TABLES } from '../../src/extensions/authzen/tables.ts'
import { taskMode } from '../../src/extensions/authzen/tasks/task-mode.ts'
import { newId } from '../../src/platform/lib/id.ts'
import { isObject, parseJson } from '../../src/platform/lib/json.ts'
import { systemRandom } from '../../src/platform/lib/random.ts'
import { publishPolicies } from '../../src/policy/policy/index.ts'
import { closeTask } from '../../src/tasks/tasks/index.ts'
import type { OpenTask } from '../agent.ts'
import { Pep } from '../conformance/authzen/pdp.ts'
import { until } from '../until.ts'
import { startUpstream } from '../upstream.ts'
import type { Answer } from '../wire.ts'
import { inEachWorld } from '../world.ts'

// Enforcement points of others have people asked about what they were denied (docs/authzen.md, ARAP).

const ENDPOINT = '/access/v1/requests'
const MINUTE = 60_000
const URN = 'urn:openid:authzen:access-request:error:'

interface Context {
  readonly evaluation_id: string
  readonly evaluated_at: string
  readonly reason?: string
  readonly denied_by?: string
  readonly next_action?: string
  readonly access_request?: {
    readonly endpoint: string
    readonly expires_at: string
    readonly binding_token: string
  }
  readonly approval?: { readonly id: string; readonly approved_until: string }
}

interface Task {
  readonly id: string
  readonly status: string
  readonly status_endpoint: string
  readonly expires_at?: string
  readonly links: { readonly review: string; readonly cancel?: string }
}

interface Approval {
  readonly id: string
  readonly approved_at: string
  readonly approved_until: string
}

type Question = ReturnType<typeof questionOf>

function questionOf(person: string, task: string, amount: number) {
  return {
    subject: { type: 'user', id: person },
    action: { name: 'orders.refund' },
    resource: { type: 'resource', id: 'orders' },
    context: { task, args: { order_id: '1042', amount } },
  }
}

function toldOf({ body }: Answer): Context {
  return body.context as Context // as: every decision of ours says this
}

function taskOf({ body, status, text }: Answer): Task {
  assert.ok(status < 300, text)
  return body.task as Task // as: ARAP, Access Request Response
}

function approvalOf({ body, text }: Answer): Approval {
  const { approval, mode } = body.result as { mode: string; approval: Approval } // as: ARAP, Completion Semantics
  assert.equal(mode, 'reevaluate', text)
  return approval
}

const ears = await startUpstream()
after(() => ears.close())

inEachWorld(
  'what an enforcement point was denied and people can lift',
  (world) => {
    let pep: Pep
    let other: Pep
    let task: OpenTask
    let sam: string
    let amount = 200
    before(async () => {
      const w = world()
      pep = await Pep.add(w, 'mesh', { namesTasks: true })
      other = await Pep.add(w, 'other', { namesTasks: true })
      task = await w.open()
      sam = (await w.person('sam')).id
    })

    /** Question about a call that nobody was asked about. */
    function fresh(): Question {
      return questionOf(sam, task.id, ++amount)
    }

    async function denied(question: object, by = pep): Promise<Context> {
      const answer = await by.evaluate(question)
      assert.deepEqual([answer.status, answer.body.decision], [200, false], answer.text)
      return toldOf(answer)
    }

    function bodyOf(question: object, context: Context, over: object = {}): object {
      const { access_request: offer, evaluation_id, evaluated_at, reason } = context
      const denial = { evaluation_id, evaluated_at, expires_at: offer?.expires_at, reason, ...over }
      return { ...question, denial }
    }

    function submit(body: object, key?: string, by = pep): Promise<Answer> {
      const headers = key === undefined ? [] : ([['Idempotency-Key', key]] as const)
      return by.ask(ENDPOINT, body, { headers })
    }

    function at(url: string, method = 'GET', by = pep): Promise<Answer> {
      return by.ask(new URL(url).pathname, undefined, { method, type: undefined })
    }

    async function asked(question: Question, by = pep): Promise<Task> {
      const answer = await submit(bodyOf(question, await denied(question, by)), undefined, by)
      assert.equal(answer.status, 202, answer.text)
      return taskOf(answer)
    }

    async function answered(page: string, button = /^Approve once/): Promise<void> {
      const fiona = await world().browser('fiona')
      const { status } = await fiona.submit(await fiona.get(page), button)
      assert.equal(status, 200)
    }

    async function approved(question: Question, by = pep): Promise<Approval> {
      const { links, status_endpoint: url } = await asked(question, by)
      await answered(links.review)
      return approvalOf(await at(url, 'GET', by))
    }

    function withApproval<Q extends Question>(question: Q, approval: unknown): object {
      return { ...question, context: { ...question.context, approval } }
    }

    function refused(answer: Answer, status: number, type: string): void {
      assert.deepEqual([answer.status, answer.body.type], [status, URN + type], answer.text)
      assert.match(String(answer.headers['content-type']), /^application\/problem\+json/)
    }

    it('is asked, answered, and evaluated again: once', async () => {
      const question = fresh()
      const context = await denied(question)
      assert.equal(context.reason, 'approval.required')
      assert.equal(context.access_request?.endpoint, world().issuer + ENDPOINT)
      const ends = Date.parse(String(context.access_request?.expires_at))
      const left = ends - Date.parse(context.evaluated_at)
      assert.ok(left <= 10 * MINUTE && left > 9 * MINUTE, String(left))

      const made = await submit(bodyOf(question, context))
      const pending = taskOf(made)
      assert.deepEqual(
        [made.status, pending.status, made.headers.location, made.headers['retry-after']],
        [202, 'pending', pending.status_endpoint, '5'],
      )
      assert.equal(made.body.result, undefined, 'nothing is approved yet')
      const before = await at(pending.status_endpoint)
      assert.deepEqual(taskOf(before), pending)

      const fiona = await world().browser('fiona')
      const page = await fiona.get(pending.links.review)
      assert.match(page.text, /mesh/, 'people see who asks')
      await answered(pending.links.review)
      const done = await at(pending.status_endpoint)
      assert.equal(taskOf(done).status, 'approved')
      const approval = approvalOf(done)

      assert.equal((await denied(question)).reason, 'approval.required', 'unless it is shown')
      const permit = await pep.evaluate(withApproval(question, approval))
      assert.equal(permit.body.decision, true, permit.text)
      const { id, approved_until } = approval
      assert.deepEqual(toldOf(permit).approval, { id, approved_until })

      const replayed = await denied(withApproval(question, approval))
      assert.deepEqual(
        [replayed.reason, replayed.next_action, replayed.approval],
        ['approval_expired', 'request', undefined],
      )
      assert.ok(replayed.access_request, 'people can be asked anew')
      const types = (await world().ledger())
        .filter((each) => each.decision_id === toldOf(permit).evaluation_id)
        .map(({ type }) => type)
      assert.deepEqual(types.toSorted(), ['approval.used', 'evaluation.answered'])
    })

    it('a permit that nobody heard of gives the approval back', async () => {
      const w = world()
      const question = fresh()
      const again = withApproval(question, await approved(question))
      const clients = w.rooms.authenticator
      const shown = { kind: 'secret', secret: pep.secret } as const
      const known = await clients.authenticate(shown, 'evaluations')
      const only = onlyOf(w.rooms.centre)
      const ports = { ...w.rooms, only, clock: w.clock, random: systemRandom, clients }
      const answering = await taskMode(ports, known)
      const body = parseJson(JSON.stringify(again))
      assert.ok(isObject(body))
      const alone = { bindingHash: () => bindingHash(body) }
      const answer = await answering.answer(readQuestion(body), alone)
      assert.equal(answer.permitted, true)
      const id = newId('decision', systemRandom)
      const booked = { id, kind: 'evaluation', answers: 1, permitted: 1, private: {} } as const
      assert.equal(await answering.book(booked, answer), undefined)
      await answering.withdraw(id)
      assert.equal((await pep.evaluate(again)).body.decision, true)
      assert.equal((await pep.evaluate(again)).body.decision, false)
    })

    it('many at once with one approval: one permit', async () => {
      const question = fresh()
      const again = withApproval(question, await approved(question))
      const answers = await Promise.all(Array.from({ length: 6 }, () => pep.evaluate(again)))
      assert.equal(answers.filter(({ body }) => body.decision === true).length, 1)
    })

    it('another enforcement point finds, uses, submits and cancels nothing of it', async () => {
      const question = fresh()
      const context = await denied(question)
      const pending = taskOf(await submit(bodyOf(question, context)))
      refused(await submit(bodyOf(question, context), undefined, other), 400, 'not_requestable')
      refused(await at(pending.status_endpoint, 'GET', other), 404, 'unknown_task')
      refused(await at(String(pending.links.cancel), 'POST', other), 404, 'unknown_task')
      await answered(pending.links.review)
      const approval = approvalOf(await at(pending.status_endpoint))
      const stolen = await denied(withApproval(question, approval), other)
      assert.deepEqual([stolen.reason, stolen.next_action], ['approval_unverifiable', 'none'])
      assert.equal(stolen.access_request, undefined)
      // Nor does it profit from what was approved for the first one, under a request of its own.
      const own = await asked(question, other)
      assert.equal(own.status, 'pending')
      assert.equal((await pep.evaluate(withApproval(question, approval))).body.decision, true)
    })

    it('an approval of one question is none of another', async () => {
      const question = fresh()
      const approval = await approved(question)
      const args = { ...question.context.args, amount: amount + 1000 }
      const properties = { role: 'admin' }
      for (const changed of [
        { ...question, context: { ...question.context, args } },
        { ...question, subject: { ...question.subject, properties } },
        { ...question, subject: { type: 'identity', id: sam } },
        { ...question, context: { ...question.context, agent: 'refund-bot' } },
      ]) {
        const context = await denied(withApproval(changed as Question, approval)) // as: of the same members
        assert.deepEqual([context.reason, context.next_action], ['out_of_scope', 'request'])
      }
      for (const wrong of [{ ...approval, id: 'apr_nothing' }, { id: 7 }, 'yes', [], {}, true])
        assert.equal((await denied(withApproval(question, wrong))).reason, 'approval_unverifiable')
      const several = await pep.evaluateAll({
        ...{ subject: question.subject, resource: question.resource, action: question.action },
        evaluations: [{ context: { ...question.context, approval } }, {}],
      })
      assert.ok(!several.text.includes('"decision":true'), 'in a batch no approval counts')
      assert.ok(!several.text.includes('access_request'))
      assert.equal((await pep.evaluate(withApproval(question, approval))).body.decision, true)
    })

    it('an approval is nothing where policies deny whatever people say', async () => {
      const question = fresh()
      const approval = await approved(question)
      const ada = await world().api('ada')
      await ada.send('POST', '/agents/refund-bot/suspend', {})
      const context = await denied(withApproval(question, approval))
      assert.deepEqual(
        [context.denied_by, context.reason, context.next_action, context.access_request],
        ['agent.suspended', 'policy_denied', 'none', undefined],
      )
      await ada.send('POST', '/agents/refund-bot/resume', {})
      assert.equal((await pep.evaluate(withApproval(question, approval))).body.decision, true)
    })

    it('what people refused is not asked again, with whichever denial', async () => {
      const question = fresh()
      const [first, second] = [await denied(question), await denied(question)]
      const pending = taskOf(await submit(bodyOf(question, first)))
      await answered(pending.links.review, /^Deny/)
      assert.equal(taskOf(await at(pending.status_endpoint)).status, 'denied')
      const context = await denied(question)
      assert.deepEqual([context.reason, context.access_request], ['approval.denied', undefined])
      refused(await submit(bodyOf(question, second)), 400, 'not_requestable')
    })

    it('nobody says yes to what is asked for themselves', async () => {
      const { links } = await asked(fresh())
      const browser = await world().browser('sam')
      const page = await browser.get(links.review)
      assert.ok(!/Approve once/.test(page.text))
    })

    const tokenIn = ({ access_request: offer }: Context) =>
      offer?.binding_token ?? assert.fail('no token')

    it('is bound by its token as well as by its id', async () => {
      for (const evaluation_id of [undefined, 'kept'] as const) {
        const question = fresh()
        const context = await denied(question)
        const binding_token = tokenIn(context)
        assert.doesNotMatch(Buffer.from(binding_token, 'base64url').toString('latin1'), /dec_/)
        const over = evaluation_id === undefined ? { evaluation_id } : {}
        const made = await submit(bodyOf(question, context, { binding_token, ...over }))
        const { links, status } = taskOf(made)
        assert.equal(status, 'pending')
        await at(String(links.cancel), 'POST')
      }
      const question = fresh()
      const context = await denied(question)
      const theirs = { binding_token: tokenIn(context), evaluation_id: undefined }
      refused(
        await submit(bodyOf(question, context, theirs), undefined, other),
        400,
        'not_requestable',
      )
    })

    it('a submission is of the denial and of nothing else', async () => {
      const question = fresh()
      const context = await denied(question)
      const body = bodyOf(question, context)
      const args = { ...question.context.args, amount: 150 }
      const token = tokenIn(context)
      const elsewhere = tokenIn(await denied(fresh()))
      for (const wrong of [
        { ...body, subject: { type: 'user', id: 'psn_other' } },
        { ...body, resource: { type: 'resource', id: 'echo' } },
        { ...body, action: { name: 'orders.read' } },
        { ...body, context: { ...question.context, args } },
        { ...body, context: { ...question.context, task: 'tsk_other' } },
        { ...body, context: undefined },
        bodyOf(question, context, { evaluation_id: 'dec_nothing' }),
        bodyOf(question, context, { evaluation_id: undefined }),
        ...[
          ...[
            'e30.e30.e30',
            '',
            7,
            null,
            'A'.repeat(600),
            token.slice(0, -2),
            token.replace(/^./, (first) => (first === 'A' ? 'B' : 'A')),
          ],
          ...[elsewhere, token.toLowerCase()],
        ].flatMap((binding_token) => [
          bodyOf(question, context, { binding_token }),
          bodyOf(question, context, { binding_token, evaluation_id: undefined }),
        ]),
        bodyOf(question, context, { binding_token: token, evaluation_id: 'dec_nothing' }),
        bodyOf(question, context, { expires_at: '2099-01-01T00:00:00Z' }),
        { ...body, client: { actor: { id: 'other-bot' } } },
        { ...body, client: { actor: { id: 'refund-bot', act: { sub: 'other-bot' } } } },
      ])
        refused(await submit(wrong), 400, 'invalid_denial_binding')
      for (const wrong of [
        { ...body, denial: undefined },
        { ...body, items: [] },
        { ...body, callback: {} },
        { ...body, callback: { endpoint: 'https://pep.example/', state: 7 } },
        { ...body, callback: { endpoint: 'https://pep.example/', events: ['approved', 7] } },
        bodyOf(question, context, { expires_at: 'tomorrow' }),
      ]) {
        const answer = await submit(wrong)
        assert.deepEqual([answer.status, answer.body.code], [400, 'evaluation.malformed'])
      }
      const foreign = await submit({ ...body, callback: { endpoint: 'https://pep.example/' } })
      assert.deepEqual(
        [foreign.status, foreign.body.code],
        [400, 'access_request.unknown_callback'],
      )
      const final = await denied({ ...question, subject: { type: 'user', id: 'psn_other' } })
      const missing = bodyOf(question, final, {
        expires_at: context.access_request?.expires_at,
      })
      refused(await submit(missing), 400, 'not_requestable')
      const business = { ...question.context, business_justification: 'the customer waits' }
      const client = { id: 'mesh-1', actor: { id: 'refund-bot' } }
      assert.equal((await submit({ ...body, context: business, client })).status, 202)
    })

    interface Item {
      readonly status: string
      readonly resource: object
      readonly action: object
      readonly result?: { readonly approval: Approval }
    }

    const itemsOf = (answer: Answer) => (taskOf(answer) as Task & { items: readonly Item[] }).items // as: ARAP, of several items

    /** Submission of several denied questions, each with a denial and a context of its own. */
    async function severalOf(questions: readonly Question[], over: object = {}) {
      const items = []
      for (const question of questions) {
        const { subject: _, ...rest } = bodyOf(question, await denied(question)) as Question &
          object // as: made of it
        items.push(rest)
      }
      return { subject: questions[0]?.subject, items, ...over }
    }

    it('several at once: one task, each decided by itself, each used by itself', async () => {
      const w = world()
      const own = await w.open()
      const deletion = {
        ...questionOf(sam, own.id, 0),
        action: { name: 'echo.delete' },
        resource: { type: 'resource', id: 'echo' },
        context: { task: own.id, args: { thing: 'several' } },
      }
      const refunds = [++amount, ++amount].map((each) => questionOf(sam, own.id, each))
      const questions = [...refunds, deletion as unknown as Question] // as: a question all the same
      const body = await severalOf(questions)
      const made = await submit(body, 'several')
      const pending = taskOf(made)
      assert.deepEqual([made.status, pending.status], [202, 'pending'], made.text)
      assert.deepEqual(
        itemsOf(made).map(({ action, resource, status }) => ({ action, resource, status })),
        questions.map(({ action, resource }) => ({ action, resource, status: 'pending' })),
      )
      assert.match(pending.links.review, /\/approvals\/req_[\w-]+\/together$/)
      assert.equal(taskOf(await submit(body, 'several')).id, pending.id)
      refused(
        await submit({ ...body, items: body.items.slice(1) }, 'several'),
        409,
        'duplicate_request',
      )
      refused(await at(pending.status_endpoint, 'GET', other), 404, 'unknown_task')

      const fiona = await w.browser('fiona')
      const page = await fiona.get(pending.links.review)
      const ticked = Array.from(page.html.matchAll(/name="(pick-req_[\w-]+)"/g), ([, name]) => name)
      assert.equal(ticked.length, 3, 'all of them on one page')
      const fields = { [String(ticked[1])]: undefined }
      assert.equal((await fiona.submit(page, /^Approve what is ticked/, fields)).status, 200)
      const between = await at(pending.status_endpoint)
      assert.deepEqual([taskOf(between).status, between.body.result], ['pending', undefined])
      await answered(taskOf(between).links.review, /^Deny/)

      const done = await at(pending.status_endpoint)
      assert.deepEqual([taskOf(done).status, done.body.result], ['partial', undefined])
      const items = itemsOf(done)
      assert.deepEqual(items.map(({ status }) => status).toSorted(), [
        'approved',
        'approved',
        'denied',
      ])
      refused(await at(`${pending.status_endpoint}/cancel`, 'POST'), 409, 'invalid_task_state')
      const approvals = items.flatMap(({ result }) => (result ? [result.approval] : []))
      assert.equal(new Set(approvals.map(({ id }) => id)).size, 2)
      for (const [i, question] of questions.entries()) {
        const mine = items[i]?.result?.approval
        const wrong = approvals.find(({ id }) => id !== mine?.id)
        assert.notEqual((await pep.evaluate(withApproval(question, wrong))).body.decision, true)
        const right = mine && (await pep.evaluate(withApproval(question, mine)))
        assert.equal(right?.body.decision, mine && true)
      }
    })

    it('several at once: all or none, bounded, and cancelled together', async () => {
      const questions = [fresh(), fresh()]
      const count = async () => (await listForTask(world().rooms.decisions, task.id)).length
      const before = await count()
      const body = await severalOf(questions)
      const [first = assert.fail(), second = assert.fail()] = body.items
      const denial = { evaluation_id: 'dec_nothing', expires_at: '2099-01-01T00:00:00Z' }
      for (const items of [
        [first, { ...second, denial }],
        [first, { ...second, denial: undefined }],
        [first, { ...second, context: { ...second.context, task: 'tsk_other' } }],
        [first, { ...second, action: { name: 'orders.read' } }],
      ])
        refused(await submit({ ...body, items }), 400, 'invalid_denial_binding')
      for (const wrong of [
        { ...body, items: {} },
        { ...body, items: [first, 'second'] },
        { ...body, items: [first, first] },
        { ...body, items: Array(11).fill(first) },
        { ...body, action: { name: 'orders.refund' } },
        { ...body, subject: undefined },
      ]) {
        const answer = await submit(wrong)
        assert.deepEqual(
          [answer.status, answer.body.code],
          [400, 'evaluation.malformed'],
          answer.text,
        )
      }
      const stolen = await severalOf([fresh()])
      refused(await submit(stolen, undefined, other), 400, 'not_requestable')
      assert.equal(await count(), before, 'no half of it waits')
      const requested_access = { requested_until: '2099-01-01T00:00:00Z' }
      const context = { business_justification: 'the customer waits' }
      const pending = taskOf(await submit({ ...body, requested_access, context }))
      const cancelled = await at(String(pending.links.cancel), 'POST')
      assert.equal(taskOf(cancelled).status, 'cancelled')
      assert.deepEqual(
        itemsOf(cancelled).map(({ status }) => status),
        ['cancelled', 'cancelled'],
      )
    })

    it('is called back where that was registered, by the server itself', async () => {
      const w = world()
      const by = (await w.person('ada')).id
      const set = (url: string | null) =>
        setCallback(
          { ...w.rooms.centre, outbound: w.rooms.messages, origins: [ears.origin] },
          { id: 'mesh', url, by },
        )
      await set(`${ears.origin}/ended`)
      ears.forget()
      const question = fresh()
      const callback = { endpoint: `${ears.origin}/ended`, state: 'flow' }
      const body = { ...bodyOf(question, await denied(question)), callback }
      const pending = taskOf(await submit(body, 'called-back'))
      assert.equal(taskOf(await submit(body, 'called-back')).id, pending.id)
      await answered(pending.links.review)
      await ears.arrived(1)
      const [{ body: told, headers } = assert.fail()] = ears.reached
      const { id, status_endpoint } = pending
      assert.deepEqual(JSON.parse(told), {
        state: 'flow',
        task: { id, status: 'approved', status_endpoint },
      })
      assert.match(String(headers['webhook-signature']), /^v1,/)
      await until(async () => {
        const waiting = AUTHZEN_TABLES.in(w.rooms.storage.read)
          .selectFrom('submission_callbacks')
          .select('id')
        return (await waiting.execute()).length === 0 ? true : undefined
      })
      assert.equal(ears.reached.length, 1)
      await set(null)
    })

    it('the same key with the same body is the same submission, and never another one', async () => {
      const question = fresh()
      const body = bodyOf(question, await denied(question))
      const made = taskOf(await submit(body, 'k-1'))
      const twice = await Promise.all([submit(body, 'k-1'), submit(body, 'k-1')])
      for (const each of twice) assert.equal(taskOf(each).id, made.id)
      refused(await submit({ ...body, note: 'x' }, 'k-1'), 409, 'duplicate_request')
      const another = taskOf(await submit(body))
      assert.notEqual(another.id, made.id)
      assert.equal(another.links.review, made.links.review, 'people are asked once')
    })

    it('can be cancelled while it waits, and then it is over', async () => {
      const question = fresh()
      const { links, status_endpoint: url } = await asked(question)
      const cancelled = await at(String(links.cancel), 'POST')
      assert.equal(taskOf(cancelled).status, 'cancelled')
      assert.equal(cancelled.body.result, undefined)
      refused(await at(String(links.cancel), 'DELETE'), 409, 'invalid_task_state')
      assert.equal(taskOf(await at(url)).status, 'cancelled')
    })

    it('by break-glass, where the rule offers it, as any call: once', async () => {
      const w = world()
      const { version } = await w.rooms.policies.active()
      const { text } = await w.rooms.policies.version(version)
      const { id: nils } = await w.person('nils')
      const publish = (policies: string) =>
        w
          .person('ada')
          .then(({ id: by }) =>
            publishPolicies(w.rooms.policy, { text: policies, by, note: 'for tests' }),
          )
      await publish(
        text.replaceAll('@requestable(', `@break_glass("person:${nils}") @requestable(`),
      )
      const question = fresh()
      const { links, status_endpoint: url } = await asked(question)
      const onCall = await w.browser('nils')
      const emergency = 'customers cannot pay, finance is asleep'
      const offer = await onCall.get(links.review)
      const spelled = await onCall.submit(offer, /^Look at it first/, { emergency })
      assert.equal(taskOf(await at(url)).status, 'pending', 'it was looked at')
      assert.equal((await onCall.submit(spelled, /^Approve alone/)).status, 200)
      const again = withApproval(question, approvalOf(await at(url)))
      assert.equal((await pep.evaluate(again)).body.decision, true)
      assert.equal((await denied(again)).reason, 'approval_expired', 'once')
      await publish(text)
    })

    it('is for those who enforce by the answer: others are asked by the call itself', async () => {
      const w = world()
      const taking = await Pep.add(w, 'taking', { namesTasks: true, takes: true })
      const records = await Pep.ofRecords(w)
      assert.equal((await denied(fresh(), taking)).access_request, undefined)
      const plain = {
        ...fresh(),
        denial: { evaluation_id: 'dec_x', expires_at: '2026-01-01T00:00:00Z' },
      }
      refused(await submit(plain, undefined, records), 400, 'invalid_denial_binding')
      const stranger = await pep.ask(ENDPOINT, {}, { authorization: undefined })
      assert.equal(stranger.status, 401)
      assert.ok(stranger.headers['www-authenticate'])
      const put = await pep.ask(ENDPOINT, {}, { method: 'PUT' })
      assert.deepEqual([put.status, put.headers.allow], [405, 'POST'])
    })

    it('an approval ends, and earlier where that was asked for', async () => {
      const w = world()
      const question = fresh()
      const body = bodyOf(question, await denied(question))
      const until = new Date(w.clock.now() + 2 * MINUTE).toISOString()
      const pending = taskOf(
        await submit({ ...body, requested_access: { requested_until: until } }),
      )
      await answered(pending.links.review)
      const approval = approvalOf(await at(pending.status_endpoint))
      assert.equal(approval.approved_until, until)
      w.clock.advance(2 * MINUTE)
      const context = await denied(withApproval(question, approval))
      assert.deepEqual([context.reason, context.next_action], ['approval_expired', 'request'])
    })

    it('a denial can be submitted for ten minutes, and only while its task is open', async () => {
      const w = world()
      const kept = await asked(fresh())
      const question = fresh()
      const context = await denied(question)
      const body = bodyOf(question, context)
      const byToken = { binding_token: tokenIn(context), evaluation_id: undefined }
      const short = await w.open()
      const its = questionOf(sam, short.id, amount)
      const late = bodyOf(its, await denied(its))
      const closing = { taskId: short.id as `tsk_${string}`, reason: 'person', by: sam } as const // as: an id of ours
      await closeTask(w.rooms.decisions, closing)
      refused(await submit(late), 400, 'not_requestable')
      w.clock.advance(10 * MINUTE)
      refused(await submit(body), 410, 'expired_denial')
      refused(await submit(bodyOf(question, context, byToken)), 410, 'expired_denial')
      await forgetEvaluated(w.rooms.storage, w.clock.now() + 11 * MINUTE)
      refused(await submit(body), 400, 'not_requestable')
      assert.equal(taskOf(await at(kept.status_endpoint)).id, kept.id, 'what was submitted is kept')
    })
  },
  { settings: () => ({ REMIT_WEBHOOK_ORIGINS: ears.origin }) },
)
