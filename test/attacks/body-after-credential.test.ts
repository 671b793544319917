import assert from 'node:assert/strict'
import http from 'node:http'
import { before, it } from 'node:test'
import { headOnly } from '../wire.ts'
import { inOneWorld, type World } from '../world.ts'

const GARBAGE: readonly (readonly [string, string])[] = [
  ['Authorization', 'Bearer nobody'],
  ['Authorization', 'DPoP eyJhbGciOiJFUzI1NiJ9.e30.AAAA'],
]

/**
 * Places that take bodies, with the status that a stranger without a good credential gets there.
 */
const PLACES: Readonly<Record<string, (w: World) => readonly [string, string, string]>> = {
  'a call through the gateway': (w) => ['POST', `${w.gateway}/echo/things`, '401'],
  'a question of an enforcement point': (w) => ['POST', `${w.issuer}/v1/calls`, '401'],
  'a signal': (w) => ['POST', `${w.issuer}/v1/risk-signals`, '401'],
  'a statement of a surface': (w) => ['PUT', `${w.issuer}/v1/spaces/a/threads/b`, '401'],
  'an act of a task': (w) => ['POST', `${w.issuer}/v1/tasks/tsk_a/children`, '401'],
  'an act of an administrator': (w) => ['PUT', `${w.issuer}/api/v1/resources/a`, '401'],
  'an evaluation': (w) => ['POST', `${w.issuer}/access/v1/evaluation`, '401'],
  'many evaluations': (w) => ['POST', `${w.issuer}/access/v1/evaluations`, '401'],
}

/**
 * Collects the answers of each place to a stranger. All are asked at once: a connection ends a
 * second after its answer.
 */
async function answersTo(w: World) {
  const answers = Object.entries(PLACES).map(async ([name, place]) => {
    const [method, url] = place(w)
    const asked = GARBAGE.map((credential) =>
      headOnly(url, method, [
        credential,
        ['Content-Type', 'application/json'],
        ['Content-Length', '900000'],
      ]),
    )
    return [name, await Promise.all(asked)] as const
  })
  return new Map(await Promise.all(answers))
}

inOneWorld('credential before body', (world) => {
  let answers: Awaited<ReturnType<typeof answersTo>>
  before(async () => {
    answers = await answersTo(world())
  })

  for (const [name, place] of Object.entries(PLACES)) {
    it(`${name}: a stranger is refused before a byte of the body has come, and cut off`, () => {
      const [, , status] = place(world())
      const given = answers.get(name) ?? []
      assert.equal(given.length, GARBAGE.length)
      for (const answer of given) {
        assert.match(answer, new RegExp(`^HTTP/1\\.1 ${status} `), name)
        assert.match(answer, /\r\nconnection: close\r\n/i)
      }
    })
  }

  it('where anyone may ask, a large body is refused by its length alone', async () => {
    const w = world()
    const places = [
      ['/api/v1/session', 'application/json'],
      ['/oauth/token', 'application/x-www-form-urlencoded'],
      ['/oauth/par', 'application/x-www-form-urlencoded'],
    ] as const
    const asked = places.map(async ([path, type]) => {
      const headers = [['Content-Type', type] as const, ['Content-Length', '900000'] as const]
      const answer = await headOnly(w.issuer + path, 'POST', headers)
      assert.match(answer, /^HTTP\/1\.1 4(?:00|13) /, path)
    })
    await Promise.all(asked)
  })

  it('introspection by a secret in a header', async () => {
    const headers = [
      ['Authorization', 'Bearer enf_nobody'],
      ['Content-Type', 'application/x-www-form-urlencoded'],
      ['Content-Length', '90000'],
    ] as const
    const answer = await headOnly(`${world().issuer}/oauth/introspect`, 'POST', headers)
    assert.match(answer, /^HTTP\/1\.1 401 /)
  })

  it('a known caller is asked for the body then, and its proof counts for the whole request', async () => {
    const w = world()
    const task = await w.open()
    const token = await w.agent.token(task, `${w.gateway}/echo`)
    const body = '{"name":"a"}'
    const url = `${w.gateway}/echo/things`
    const proof = await w.agent.proof(task.key, { method: 'POST', url, token })
    const once = () => sendWhenAsked(url, body, { authorization: `DPoP ${token}`, dpop: proof })
    assert.deepEqual(await once(), { asked: true, status: 200 })
    assert.deepEqual(await once(), { asked: true, status: 401 }, 'the proof was used')

    const about = `${w.issuer}/v1/tasks/${task.id}/children`
    const headers = {
      authorization: `DPoP ${task.token}`,
      dpop: await w.agent.proof(task.key, { method: 'POST', url: about, token: task.token }),
    }
    const { asked, status } = await sendWhenAsked(about, '{}', headers)
    assert.deepEqual([asked, status !== 401], [true, true], `${status}`)
  })
})

/** Sends a body once the server asks for it (Expect: 100-continue). */
function sendWhenAsked(url: string, body: string, headers: Readonly<Record<string, string>>) {
  return new Promise<{ asked: boolean; status: number | undefined }>((resolve, reject) => {
    let asked = false
    const request = http.request(url, {
      method: 'POST',
      agent: false,
      headers: {
        ...headers,
        'content-type': 'application/json',
        'content-length': body.length,
        expect: '100-continue',
      },
    })
    request.on('continue', () => {
      asked = true
      request.end(body)
    })
    request.on('response', (answer) => {
      answer.resume()
      resolve({ asked, status: answer.statusCode })
    })
    request.on('error', reject)
    request.flushHeaders()
  })
}
