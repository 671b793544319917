import assert from 'node:assert/strict'
import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { clientWith } from '../../../src/identity/machine-clients/testing.ts'
import { ID_TOKEN, JWT_BEARER, TOKEN_EXCHANGE } from '../../agent.ts'
import { type SelfSigned, selfSigned } from '../../certificates/certificate.ts'
import { TlsProxy } from '../../certificates/proxy.ts'
import { enforcerOf } from '../../introspection/asking.ts'
import { freePorts } from '../../ports.ts'
import { allOf, catalogue, letIn } from '../../sdk/shops.ts'
import { World } from '../../world.ts'
import { PythonProject } from './installed.ts'

describe('the package for Python in services, with a Remit', () => {
  let w: World
  let project: PythonProject
  before(async () => {
    w = await World.start('sqlite', { certificatesFrom: '127.0.0.1' })
    project = await PythonProject.make('NEWEST')
    await cp(join(import.meta.dirname, 'services.py'), join(project.folder, 'services.py'))
  })
  after(async () => {
    await project?.remove()
    await w?.stop()
  })

  it('a call goes on inside the trust domain, by a service that is named, until its task ends', async () => {
    await w.trustEcho()
    const { secret } = await enforcerOf(w, { name: 'echo' })
    let token = ''
    w.echo.answer = (request, reply) => {
      token = String(request.headers['txn-token'])
      reply.end()
    }
    const task = await w.open()
    assert.equal((await w.agent.call(task, 'GET', '/echo/things/1')).status, 200)
    const running = project.start(['services.py', 'inside'], {
      ...{ REMIT_ISSUER: w.issuer, REMIT_GATEWAY: w.gateway },
      ...{ REMIT_SECRET: secret, TOKEN: token },
    })
    await running.says(/as it came transaction\.other_sender/)
    const [, passed = ''] = await running.says(/passed on (\{.*\})\n/)
    for (const part of [
      ...[
        "'by': 'refund-bot'",
        "'for': 'sam'",
        `'task': '${task.id}'`,
        "'arguments': {'thing': '1'}",
      ],
      `'via': ['${w.gateway}', '${w.gateway}/echo']`,
    ])
      assert.ok(passed.includes(part), `${part}: ${passed}`)
    await running.says(/another transaction\.other_arguments/)
    const closed = await (await w.api('ada')).send('POST', `/tasks/${task.id}/close`, {})
    assert.equal(closed.status, 200, closed.text)
    running.tell('ended\n')
    const { code, said } = await running.ended
    assert.equal(code, 0, said)
    assert.match(said, /^ended task\.closed$/m)
  })

  it('a direct API learns the certificate from its proxy, and from nobody else', async () => {
    const [port = 0] = await freePorts(1)
    const identifier = `http://127.0.0.1:${port}`
    const shop = { name: 'python-shop', identifier }
    await catalogue(w, { ...shop, upstream: identifier, mode: 'direct' })
    await letIn(w, [{ ...shop, origin: identifier } as Parameters<typeof letIn>[1][number]]) // names are all that it reads
    const asking = { resource: shop.name }
    const { secret } = await clientWith(w.rooms.clients, 'python-shop-api', 'enforcer', asking)
    const server = project.start(['services.py', 'direct'], {
      ...{ REMIT_ISSUER: w.issuer, REMIT_SECRET: secret, RESOURCE: identifier },
      ...{ ACTION: `${shop.name}.list`, PORT: String(port) },
    })
    const proxies = [await TlsProxy.start(w.issuer), await TlsProxy.start(identifier)] as const
    w.onStop(async () => {
      for (const each of proxies) await each.close()
    })
    const [issuer, front] = proxies
    const certificate = selfSigned()
    const post = async (form: Readonly<Record<string, string>>) => {
      const answer = await issuer.send(`${w.issuer}/oauth/token`, certificate, {
        method: 'POST',
        headers: [['Content-Type', 'application/x-www-form-urlencoded']],
        body: new URLSearchParams(form).toString(),
      })
      assert.equal(answer.status, 200, answer.text)
      return answer.body
    }
    const opened = await post({
      ...{ grant_type: TOKEN_EXCHANGE, client_assertion_type: JWT_BEARER },
      ...{ client_assertion: await w.agent.assertion(), subject_token: await w.idToken() },
      ...{ subject_token_type: ID_TOKEN, purpose: 'look what there is' },
      authorization_details: JSON.stringify([allOf(shop)]),
    })
    const { access_token } = await post({
      ...{ grant_type: TOKEN_EXCHANGE, client_id: String(opened.task_id), resource: identifier },
      ...{ subject_token: String(opened.access_token) },
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    })
    await server.says(/running on/)
    const ask = (shown: SelfSigned | undefined) =>
      front.send(`${identifier}/items`, shown, {
        headers: [['Authorization', `Bearer ${access_token}`]],
      })
    const answer = await ask(certificate)
    assert.equal(answer.status, 200, answer.text)
    assert.equal(answer.body.by, 'refund-bot')
    assert.equal((await ask(selfSigned())).body.code, 'certificate.wrong')
    assert.equal((await ask(undefined)).body.code, 'certificate.missing')
    await server.stop()
  })
})
