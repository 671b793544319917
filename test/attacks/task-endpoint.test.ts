import assert from 'node:assert/strict'
import { it } from 'node:test'
import { type OpenTask, postForm } from '../agent.ts'
import { assertRefused, assertRequestable } from '../refusals.ts'
import { newKey, tampered } from '../signing.ts'
import { send } from '../wire.ts'
import { inEachWorld } from '../world.ts'

inEachWorld('what a task may ask about itself', (world) => {
  let task: OpenTask

  it('with its token and a proof of its key', async () => {
    task = await world().open()
    const answer = await world().agent.about(task, 'GET', '')
    assert.deepEqual([answer.status, answer.body.id, answer.body.state], [200, task.id, 'open'])
  })

  it('not without, with a token of another kind, or with a session', async () => {
    const w = world()
    const { agent } = w
    const sam = await w.api('sam')
    assertRefused(await send(`${w.issuer}/v1/tasks/${task.id}`), 'token.missing')
    assertRefused(await agent.about(task, 'GET', '', { scheme: 'Bearer' }), 'token.wrong_scheme')
    assertRefused(await agent.about(task, 'GET', '', { token: sam.token }), 'token.malformed')
    const asBearer = { token: sam.token, scheme: 'Bearer' }
    assertRefused(await agent.about(task, 'GET', '', asBearer), 'token.malformed')
    const resource = await agent.token(task, w.orders)
    assertRefused(await agent.about(task, 'GET', '', { token: resource }), 'token.wrong_audience')
    const idToken = await w.idToken()
    assertRefused(await agent.about(task, 'GET', '', { token: idToken }), 'token.wrong_type')
    const changed = tampered(task.token, { claims: { task: { id: 'tsk_x', purpose: 'x' } } })
    assertRefused(await agent.about(task, 'GET', '', { token: changed }), 'token.bad_signature')
    const cookie = [['Cookie', `remit_session=${sam.token}`]] as const
    assertRefused(
      await send(`${w.issuer}/v1/tasks/${task.id}`, { headers: cookie }),
      'token.missing',
    )
  })

  it('not with a proof that is missing, doubled, used, by another key, or for something else', async () => {
    const w = world()
    const { agent } = w
    const url = `${w.issuer}/v1/tasks/${task.id}`
    const proof = () => agent.proof(task.key, { method: 'GET', url, token: task.token })
    assertRefused(await agent.about(task, 'GET', '', { proofs: [] }), 'proof.missing')
    const two = { proofs: [await proof(), await proof()] }
    assertRefused(await agent.about(task, 'GET', '', two), 'proof.malformed')
    const used = { proofs: [await proof()] }
    assert.equal((await agent.about(task, 'GET', '', used)).status, 200)
    assertRefused(await agent.about(task, 'GET', '', used), 'proof.replayed')
    const odd = (claims: Record<string, unknown>) =>
      agent.about(task, 'GET', '', { proof: { claims } })
    assertRefused(await odd({ ath: undefined }), 'proof.wrong_token')
    assertRefused(await odd({ htm: 'DELETE' }), 'proof.wrong_request')
    assertRefused(await odd({ htu: `${url}/requests` }), 'proof.wrong_request')
    assertRefused(await odd({ htu: `${w.gateway}/v1/tasks/${task.id}` }), 'proof.wrong_request')
    const stranger = { ...task, key: await newKey() }
    assertRefused(await agent.about(stranger, 'GET', ''), 'proof.wrong_key')
  })

  it('not about another task', async () => {
    const w = world()
    const other = await w.open()
    const posing = { ...task, id: other.id }
    for (const [method, path] of [
      ['GET', ''],
      ['DELETE', ''],
      ['GET', '/requests/req_x'],
    ] as const)
      assertRefused(await w.agent.about(posing, method, path), 'task.unknown')
    assert.equal((await w.agent.about(other, 'GET', '')).body.state, 'open')
    assertRefused(await w.agent.about({ ...task, id: 'tsk_nothing' }, 'GET', ''), 'task.unknown')
  })

  it('a stranger learns nothing from how a body is refused', async () => {
    const w = world()
    for (const body of ['{}', '{"request_id": 1}', '{"request_id":"req_x","more":1}']) {
      const answer = await send(`${w.issuer}/v1/tasks/${task.id}/requests`, {
        method: 'POST',
        headers: [['Content-Type', 'application/json']],
        body,
      })
      assertRefused(answer, 'token.missing', body)
    }
  })

  it('bodies that are no object of exactly that member', async () => {
    const w = world()
    for (const [body, code] of [
      ['{}', 'request.malformed'],
      ['[]', 'request.malformed'],
      ['"req_x"', 'request.malformed'],
      ['{"request_id": 1}', 'request.malformed'],
      ['{"request_id":"req_x","more":1}', 'request.malformed'],
      ['{"request_id":"a","request_id":"b"}', 'input.duplicate_key'],
      ['{"__proto__":{},"request_id":"a"}', 'input.forbidden_key'],
      ['{"request_id":', 'input.malformed'],
      [`{"request_id":${'['.repeat(100)}${']'.repeat(100)}}`, 'input.too_deep'],
      ['{"request_id":"req_nothing"}', 'approval.unknown'],
    ] as const)
      assertRefused(await w.agent.about(task, 'POST', '/requests', { body }), code, body)
    const form = await postForm(`${w.issuer}/v1/tasks/${task.id}/requests`, { request_id: 'x' }, [])
    assertRefused(form, 'token.missing')
  })

  it('a pending request cannot be answered by its agent in any way', async () => {
    const w = world()
    const { id, page } = assertRequestable(await w.agent.call(task, 'DELETE', '/echo/things/1'))
    for (const [method, path] of [
      ['POST', `/requests/${id}`],
      ['PUT', `/requests/${id}`],
      ['PATCH', `/requests/${id}`],
      ['DELETE', `/requests/${id}`],
      ['POST', `/requests/${id}/approve`],
    ] as const) {
      const answer = await w.agent.about(task, method, path, { body: '{"answer":"approve"}' })
      assertRefused(answer, 'request.not_found', path)
    }
    const asForm = await postForm(page, { answer: 'approve' }, [
      ['Authorization', `DPoP ${task.token}`],
    ])
    assertRefused(asForm, 'request.cross_site')
    const asPage = await postForm(page, { answer: 'approve' }, [['Origin', w.issuer]])
    assertRefused(asPage, 'session.required')
    const api = await w.api('fiona')
    const path = `/access-requests/${id}`
    assertRefused(await api.send('POST', path, { answer: 'approve' }), 'request.not_found')
    const { shown } = (await api.send('GET', path)).body
    const approve = (body: unknown) => api.send('POST', `${path}/approve`, body)
    assertRefused(await approve({ answer: 'approve' }), 'request.malformed')
    // The person's own session is sent to the page.
    assertRefused(await approve({ shown }), 'approval.page_required')
    assert.equal((await w.agent.about(task, 'GET', `/requests/${id}`)).body.state, 'pending')
  })
})
