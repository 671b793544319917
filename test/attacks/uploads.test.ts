import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { before, it } from 'node:test'
import type { OpenTask } from '../agent.ts'
import { assertRequestable } from '../refusals.ts'
import { decode } from '../signing.ts'
import { until } from '../until.ts'
import { abandon, send } from '../wire.ts'
import { inOneWorld } from '../world.ts'

const CONTENT = '%PDF-1.7\r\n\r\nof 1042\n'

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** A form with a file, as clients write it. */
function formOf(
  filename: string,
  { boundary = 'b0undary', content = CONTENT, note = 'a & b' } = {},
): { readonly type: string; readonly body: string } {
  const part = (head: string, text: string) => `--${boundary}\r\n${head}\r\n\r\n${text}\r\n`
  const disposition = 'Content-Disposition: form-data; name='
  const body = `${part(`${disposition}"name"`, note)}${part(
    `${disposition}"file"; filename="${filename}"\r\nContent-Type: application/pdf`,
    content,
  )}--${boundary}--\r\n`
  return { type: `multipart/form-data; boundary=${boundary}`, body }
}

/** Number of files without a name that this process holds below a directory. */
function waitingIn(directory: string): number {
  const targets = readdirSync('/proc/self/fd').map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`)
    } catch {
      return '' // closed meanwhile
    }
  })
  return targets.filter((target) => target.startsWith(directory)).length
}

inOneWorld('files, text and bytes through the gateway', (world) => {
  let task: OpenTask
  let token: string
  let spool: string
  before(async () => {
    await world().trustEcho()
    task = await world().open()
    token = await world().agent.token(task, `${world().gateway}/echo`)
    spool = join(world().data, 'spool')
  })

  const call = (given: { type: string; body: string }, path = '/echo/files') =>
    world().agent.call(task, 'POST', path, { token, ...given })

  const seen = () => {
    const [reached, ...more] = world().echo.reached
    assert.ok(reached)
    assert.equal(more.length, 0)
    const { tctx } = decode(String(reached.headers['txn-token'])).claims as {
      tctx: { arguments: Record<string, unknown> } // contract 4
    }
    return { ...reached, arguments: tctx.arguments }
  }

  it('a stranger puts nothing on disk, whether or not the body came with its head', async () => {
    world().echo.forget()
    const { body, type } = formOf('a.pdf')
    for (const authorization of ['Bearer nobody', 'DPoP eyJhbGciOiJFUzI1NiJ9.e30.AAAA']) {
      const headers = [
        ['Authorization', authorization],
        ['Content-Type', type],
      ] as const
      const answer = await send(`${world().gateway}/echo/files`, { method: 'POST', headers, body })
      assert.equal(answer.status, 401)
    }
    assert.ok(!existsSync(spool))
    assert.equal(world().echo.reached.length, 0)
  })

  it('a form goes on byte for byte, and its fields and files are what was decided on', async () => {
    world().echo.forget()
    const { body, type } = formOf('a.pdf')
    assert.equal((await call({ body, type })).status, 200)
    const reached = seen()
    assert.deepEqual([reached.body, reached.headers['content-type']], [body, type])
    assert.deepEqual(reached.arguments, {
      name: 'a & b',
      file: {
        filename: 'a.pdf',
        media_type: 'application/pdf',
        sha256: sha256(CONTENT),
        size: String(CONTENT.length),
      },
    })
  })

  it('text and bytes are one argument: type, size and digest; and the text where it is short', async () => {
    for (const [type, body, text] of [
      ['application/octet-stream', '\x00\x01', undefined],
      ['image/png', 'PNG', undefined],
      ['text/plain; charset=utf-8', 'grüße', 'grüße'],
      ['text/plain', 'x'.repeat(70_000), undefined],
    ] as const) {
      world().echo.forget()
      assert.equal((await call({ type, body }, '/echo/bytes')).status, 200, type)
      const reached = seen()
      assert.deepEqual([reached.body, reached.headers['content-type']], [body, type])
      assert.deepEqual(reached.arguments, {
        body: {
          media_type: type.split(';')[0],
          size: String(Buffer.byteLength(body)),
          sha256: sha256(body),
          ...(text === undefined ? {} : { text }),
        },
      })
    }
  })

  it('of another type, in another encoding or of unknown parts, they reach nobody', async () => {
    world().echo.forget()
    const { body, type } = formOf('a.pdf')
    const unknown = body.replace('name="name"', 'name="other"')
    const twice = body.replace('name="name"', 'name="file"')
    for (const [path, given, status] of [
      ['/echo/files', { type: 'application/json', body: '{"file":{}}' }, 415],
      ['/echo/things', { type, body }, 415],
      ['/echo/bytes', { type: 'application/json', body: '{}' }, 415],
      ['/echo/bytes', { type: 'text/html', body: 'a' }, 415],
      ['/echo/bytes', { type: 'text/plain; charset=latin1', body: 'a' }, 415],
      ['/echo/bytes', { type: 'image/png; a=b', body: 'a' }, 415],
      ['/echo/bytes', { type: '', body: 'a' }, 415],
      ['/echo/files', { type, body: unknown }, 400],
      ['/echo/files', { type, body: twice }, 400],
      ['/echo/files', { type, body: body.slice(0, -9) }, 400],
    ] as const)
      assert.equal((await call(given, path)).status, status, `${path} ${given.type}`)
    const headers = [['Content-Encoding', 'gzip']] as const
    const encoded = await world().agent.call(task, 'POST', '/echo/files', {
      token,
      type,
      body,
      headers,
    })
    assert.equal(encoded.status, 400)
    assert.equal(world().echo.reached.length, 0)
    assert.equal(waitingIn(spool), 0)
  })

  it('a person is shown digest, name and size, and exactly those bytes go once', async () => {
    world().echo.forget()
    const { page, id } = assertRequestable(await call(formOf('contract.pdf')))
    const fiona = await world().browser('fiona')
    const shown = await fiona.get(page)
    for (const part of ['contract.pdf', sha256(CONTENT), `${CONTENT.length}`])
      assert.ok(shown.text.includes(part), part)
    assert.equal((await fiona.submit(shown, /^Approve once/)).status, 200)
    for (const other of [
      formOf('contract.pdf', { content: `${CONTENT} ` }),
      formOf('contract2.pdf'),
      formOf('contract.pdf', { note: 'a' }),
    ])
      assert.notEqual(assertRequestable(await call(other)).id, id)
    assert.equal(world().echo.reached.length, 0)
    // Clients write another boundary each time; it says nothing.
    const again = formOf('contract.pdf', { boundary: 'an0ther' })
    assert.equal((await call(again)).status, 200)
    assert.equal(seen().body, again.body)
    assert.equal((await call(formOf('contract.pdf'))).status, 409)
  })

  it('an upload that is given up, or that an API does not take, leaves nothing on disk', async () => {
    world().echo.forget()
    const { body, type } = formOf('a.pdf')
    const url = `${world().gateway}/echo/files`
    const headers = [
      ['Authorization', `DPoP ${token}`],
      ['DPoP', await world().agent.proof(task.key, { method: 'POST', url, token })],
      ['Content-Type', type],
      ['Transfer-Encoding', 'chunked'],
    ] as const
    const left = abandon(url, { method: 'POST', headers, begin: body.slice(0, 50) })
    await until(async () => waitingIn(spool) === 1 || undefined)
    left.leave()
    await until(async () => waitingIn(spool) === 0 || undefined)
    world().echo.answer = (request) => request.socket.destroy()
    assert.equal((await call({ body, type })).status, 502)
    await until(async () => waitingIn(spool) === 0 || undefined)
    assert.deepEqual(readdirSync(spool), [])
  })
})
