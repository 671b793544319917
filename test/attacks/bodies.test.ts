import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { OpenTask } from '../agent.ts'
import { assertDenied, assertRefused } from '../refusals.ts'
import { inOneWorld, type World } from '../world.ts'

inOneWorld('arguments and bodies at the gateway', (world) => {
  let task: OpenTask
  let token = ''
  const create = async (
    body: string | Buffer | undefined,
    headers: readonly (readonly [string, string])[] = [],
  ) => {
    const w = world()
    task ??= await w.open()
    token ||= await w.agent.token(task, `${w.gateway}/echo`)
    return w.agent.call(task, 'POST', '/echo/things', {
      token,
      headers,
      ...(body === undefined ? {} : { body }),
    })
  }
  const get = (w: World, path: string) => w.agent.call(task, 'GET', path, { token })

  it('a right body goes through as it was, numbers to the last digit', async () => {
    const w = world()
    w.echo.forget()
    const body = '{"name":"a","size":7,"price":40.00,"tags":["x","y"],"owner":{"id":"1"}}'
    const answer = await create(body)
    assert.equal(answer.status, 200, answer.text)
    assert.equal(w.echo.reached[0]?.body, body)
    assert.equal(w.echo.reached[0]?.headers['content-type'], 'application/json')
  })

  it('a body that is no JSON, or not the same JSON for every parser', async () => {
    const w = world()
    const before = w.echo.connections
    const deep = (levels: number) => `{"name":${'['.repeat(levels)}${']'.repeat(levels)}}`
    for (const [body, code] of [
      ['', 'arguments.missing'],
      ['x', 'input.malformed'],
      ['{"name":"a"', 'input.malformed'],
      ['{"name":"a"}{}', 'input.malformed'],
      ['{"name":"a",}', 'input.malformed'],
      ["{'name':'a'}", 'input.malformed'],
      ['{"name":"a"} // x', 'input.malformed'],
      ['\ufeff{"name":"a"}', 'input.malformed'],
      [Buffer.from('{"name":"\xff"}', 'latin1'), 'input.malformed'],
      ['{"name":"\\ud800"}', 'input.malformed'],
      ['{"name":"a\u0000"}', 'input.malformed'],
      ['{"name":NaN}', 'input.malformed'],
      ['{"name":01}', 'input.malformed'],
      ['{"name":"a","name":"b"}', 'input.duplicate_key'],
      ['{"name":"a","n\\u0061me":"b"}', 'input.duplicate_key'],
      ['{"name":"a","owner":{"id":"1","id":"2"}}', 'input.duplicate_key'],
      [deep(64), 'input.too_deep'],
      [deep(100_000), 'input.too_deep'],
      [`{"name":"${'a'.repeat(1_100_000)}"}`, 'input.too_large'],
    ] as const)
      assertRefused(await create(body), code, body.toString().slice(0, 60))
    assert.equal(w.echo.connections, before)
  })

  it('names that mean something to someone behind us, at any depth', async () => {
    const w = world()
    const before = w.echo.connections
    for (const name of ['__proto__', '__entity', '__extn', '__expr'])
      for (const body of [
        `{"name":"a","${name}":{"type":"Person","id":"x"}}`,
        `{"name":{"${name}":{"type":"Person","id":"x"}}}`,
        `{"name":"a","owner":{"id":{"${name}":1}}}`,
        `{"name":"a","tags":[{"${name}":1}]}`,
        `{"name":"a","${[...name].map((each) => `\\u00${each.charCodeAt(0).toString(16)}`).join('')}":1}`,
      ])
        assertRefused(await create(body), 'input.forbidden_key', body)
    for (const name of ['constructor', 'prototype', 'toString', 'hasOwnProperty'])
      assertRefused(await create(`{"name":"a","${name}":{}}`), 'arguments.unknown', name)
    for (const name of ['__proto__', '__entity', 'constructor'])
      assertRefused(await get(w, `/echo/things?${name}=1`), 'arguments.unknown', name)
    assert.equal(w.echo.connections, before)
  })

  it('as values of typed arguments they are texts like any other', async () => {
    const w = world()
    w.echo.forget()
    for (const value of [
      '__proto__',
      'constructor',
      '{"__entity":{"type":"Person","id":"x"}}',
      "'; DROP TABLE tasks; --",
      '\u202e',
    ])
      assert.equal((await create(JSON.stringify({ name: value }))).status, 200, value)
    assert.equal((await get(w, '/echo/things/__proto__')).status, 200)
    assert.deepEqual(
      w.echo.reached.map(({ body, target }) => (body === '' ? target : JSON.parse(body).name)),
      [
        '__proto__',
        'constructor',
        '{"__entity":{"type":"Person","id":"x"}}',
        "'; DROP TABLE tasks; --",
        '\u202e',
        '/things/__proto__',
      ],
    )
  })

  it('unknown resources, operations, fields and kinds', async () => {
    const w = world()
    const before = w.echo.connections
    const { agent } = w
    const call = (method: string, path: string, body?: string) =>
      agent.call(task, method, path, { token, ...(body === undefined ? {} : { body }) })
    assertRefused(await call('GET', '/nothing/at/all'), 'resource.unknown')
    assertRefused(await call('GET', '/__proto__/x'), 'resource.unknown')
    for (const [method, path] of [
      ['GET', '/echo/others'],
      ['PUT', '/echo/things/1'],
      ['PATCH', '/echo/things'],
      ['HEAD', '/echo/things/1'],
      ['GET', '/echo'],
      ['GET', '/echo/things/1/parts'],
      ['GET', '/echo/things/1/parts/2/more'],
      ['DELETE', '/echo/things'],
    ] as const) {
      const answer = await call(method, path)
      if (method === 'HEAD') assert.equal(answer.status, 404)
      else assertRefused(answer, 'action.unknown', `${method} ${path}`)
    }
    for (const [body, code] of [
      ['{"name":"a","unknown":1}', 'arguments.unknown'],
      ['{"name":"a","owner":{"id":"1","more":1}}', 'arguments.unknown'],
      ['{}', 'arguments.missing'],
      ['[]', 'arguments.wrong_kind'],
      ['null', 'arguments.wrong_kind'],
      ['"x"', 'arguments.wrong_kind'],
      ['{"name":1}', 'arguments.wrong_kind'],
      ['{"name":null}', 'arguments.wrong_kind'],
      ['{"name":["a"]}', 'arguments.wrong_kind'],
      ['{"name":"a","size":1.5}', 'arguments.wrong_kind'],
      ['{"name":"a","size":"1"}', 'arguments.wrong_kind'],
      ['{"name":"a","size":9223372036854775808}', 'arguments.wrong_kind'],
      ['{"name":"a","price":0.00001}', 'arguments.wrong_kind'],
      ['{"name":"a","price":1e400}', 'arguments.wrong_kind'],
      ['{"name":"a","tags":"x"}', 'arguments.wrong_kind'],
      ['{"name":"a","tags":[1]}', 'arguments.wrong_kind'],
    ] as const)
      assertRefused(await create(body), code, body)
    for (const [path, code] of [
      ['/echo/things?unknown=1', 'arguments.unknown'],
      ['/echo/things?q=1&q=2', 'arguments.repeated'],
      ['/echo/things?n=x', 'arguments.wrong_kind'],
      ['/echo/things?n=1.0', 'arguments.wrong_kind'],
      ['/echo/things/1?q=1', 'arguments.unknown'],
      ['/echo/things?q=a]=1', 'request.ambiguous_target'],
      ['/echo/things?q=a%5D=1', 'request.ambiguous_target'],
    ] as const)
      assertRefused(await get(w, path), code, path)
    assertRefused(await call('GET', '/echo/things/1', '{}'), 'arguments.unexpected_body')
    assert.equal(w.echo.connections, before)
  })

  it('a body by another name', async () => {
    const w = world()
    const before = w.echo.connections
    const url = `${w.gateway}/echo/things`
    const { send } = await import('../wire.ts')
    for (const type of [
      undefined,
      'text/plain',
      'application/x-www-form-urlencoded',
      'application/json; charset=utf-16',
      'application/json, text/plain',
      'application/json;text/plain',
      'application/problem+json',
      ' application/json x',
    ]) {
      const proof = await w.agent.proof(task.key, { method: 'POST', url, token })
      const answer = await send(url, {
        method: 'POST',
        headers: [
          ['Authorization', `DPoP ${token}`],
          ['DPoP', proof],
          ...(type === undefined ? [] : [['Content-Type', type] as const]),
        ],
        body: '{"name":"a"}',
      })
      assertRefused(answer, 'request.unsupported_media_type', type)
    }
    const twice = await create('{"name":"a"}', [['Content-Type', 'text/plain']])
    assertRefused(twice, 'request.bad_header')
    assert.equal(w.echo.connections, before)
  })

  it('what is refused before a decision has used up nothing: the same proof works for the right request', async () => {
    const w = world()
    w.echo.forget()
    const url = `${w.gateway}/echo/things`
    const proofs = [await w.agent.proof(task.key, { method: 'POST', url, token })]
    const wrong = await w.agent.call(task, 'POST', '/echo/things', {
      token,
      proofs,
      body: '{"nam":1}',
    })
    assertRefused(wrong, 'arguments.unknown')
    const right = await w.agent.call(task, 'POST', '/echo/things', {
      token,
      proofs,
      body: '{"name":"a"}',
    })
    assert.equal(right.status, 200, right.text)
    const again = await w.agent.call(task, 'POST', '/echo/things', {
      token,
      proofs,
      body: '{"name":"a"}',
    })
    assertDenied(again, 'proof.replayed')
    assert.equal(w.echo.reached.length, 1)
  })
})
