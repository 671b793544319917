import assert from 'node:assert/strict'
import { readdirSync, readlinkSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { before, it, mock } from 'node:test'
import fc from 'fast-check'
import { Problem } from '../../src/platform/lib/problem.ts'
import { type BodyPlan, bodyPlans } from '../differential/bodies.ts'
import { CallComparison } from '../differential/call-comparison.ts'
import { type DiskFault, withDiskFault } from '../differential/disk-faults.ts'
import { framings } from '../differential/framings.ts'
import { RemitGateway, type RequestPlan } from '../differential/through-remit.ts'
import { until } from '../until.ts'
import { abandon } from '../wire.ts'
import { inOneWorld } from '../world.ts'

const MOST = 1_048_576
const RUNS = 150

/** An obstacle in the way of a body. `held`: bytes that the same agent has on disk already. `reserve`: the time at which the disk has no room. */
type Obstacle =
  | DiskFault
  | { readonly on: 'nothing' }
  | { readonly on: 'quota'; readonly held: number }
  | { readonly on: 'reserve'; readonly at: number }

const nth = fc.nat(3)
const obstacles: fc.Arbitrary<Obstacle> = fc.oneof(
  fc.constant({ on: 'nothing' } as const),
  fc.record({
    on: fc.constant('quota' as const),
    held: fc.integer({ min: 1, max: 3_000 }).map((left) => MOST - left),
  }),
  fc.record({ on: fc.constant('reserve' as const), at: nth }),
  fc.record({
    on: fc.constant('write' as const),
    at: nth,
    how: fc.constantFrom('fails' as const, 'half' as const, 'lost' as const),
  }),
  fc.record({
    on: fc.constant('read' as const),
    at: nth,
    how: fc.constantFrom('fails' as const, 'changed' as const, 'gone' as const),
  }),
)

/** Bodies around the limit of all of them. */
const large = fc
  .tuple(
    fc.constantFrom<Pick<BodyPlan, 'path' | 'type'>>(
      { path: '/bytes', type: 'image/png' },
      { path: '/things', type: 'application/json' },
      { path: '/files', type: 'multipart/form-data; boundary=b' },
    ),
    fc.integer({ min: MOST - 10, max: MOST + 10 }),
  )
  .map(([{ path, type }, size]): BodyPlan => {
    const [head = '', tail = ''] = AROUND[path] ?? []
    const body = Buffer.alloc(size, '.')
    body.write(head)
    body.write(tail, size - tail.length)
    return { method: 'POST', path, type, body }
  })

const AROUND: Readonly<Record<string, readonly [string, string]>> = {
  '/things': ['{"name":"', '"}'],
  '/files': [
    '--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\nContent-Type: image/png\r\n\r\n',
    '\r\n--b--\r\n',
  ],
}

const cases = fc.record({
  obstacle: obstacles,
  sending: fc.oneof({ weight: 6, arbitrary: bodyPlans }, { weight: 1, arbitrary: large }),
  framing: framings,
})

inOneWorld(
  'bodies with something in their way',
  (world) => {
    let behind: RemitGateway
    let comparison: CallComparison<RequestPlan>
    before(async () => {
      behind = await RemitGateway.start(world())
      comparison = await CallComparison.start(world(), behind)
    })

    it('W1: whatever its shape, packets, limit, quota and disk: what is decided on is what is sent, or nothing is', async () => {
      const met = new Map<string, number>()
      await fc.assert(
        fc.asyncProperty(cases, async ({ obstacle, ...plan }) => {
          await comparison.ready(1)
          let sent = 0
          const isMet = await withObstacle(obstacle, async () => {
            sent = await comparison.send([plan])
          })
          if (!isMet) return
          met.set(obstacle.on, (met.get(obstacle.on) ?? 0) + 1)
          const isHarmless = obstacle.on === 'write' && obstacle.how === 'half'
          if (!isHarmless) assert.equal(sent, 0, 'nothing was sent')
        }),
        { numRuns: RUNS },
      )
      await comparison.settle()
      for (const each of ['quota', 'reserve', 'write', 'read']) assert.ok(met.has(each), each)
      assert.ok(comparison.counts.sent > RUNS / 10, `${comparison.counts.sent} were sent`)
    })

    /** Sends with the obstacle; true where the body met it. */
    async function withObstacle(obstacle: Obstacle, send: () => Promise<void>): Promise<boolean> {
      switch (obstacle.on) {
        case 'nothing':
          await send()
          return false
        case 'quota':
          return withHeld(obstacle.held, send)
        case 'reserve':
          return withoutRoom(obstacle.at, send)
        default:
          return withDiskFault(obstacle, send)
      }
    }

    /** Another upload of the agent waits meanwhile. */
    async function withHeld(bytes: number, act: () => Promise<void>): Promise<boolean> {
      const { agent, data, gateway } = world()
      const { open, token } = await behind.task()
      const url = `${gateway}/echo/bytes`
      const proof = await agent.proof(open.key, { method: 'POST', url, token })
      const headers = [
        ['Authorization', `DPoP ${token}`],
        ['DPoP', proof],
        ['Content-Type', 'image/png'],
        ['Transfer-Encoding', 'chunked'],
      ] as const
      const { leave } = abandon(url, { method: 'POST', headers, begin: 'x'.repeat(bytes) })
      await until(async () => spooled(join(data, 'spool')) === bytes || undefined)
      const codes = comparison.counts.codes['request.too_many'] ?? 0
      await act()
      leave()
      await until(async () => spooled(join(data, 'spool')) === 0 || undefined)
      return (comparison.counts.codes['request.too_many'] ?? 0) > codes
    }

    async function withoutRoom(at: number, act: () => Promise<void>): Promise<boolean> {
      let count = 0
      const { disk } = world().rooms
      const full = mock.method(disk, 'requireRoom', () => {
        if (count++ === at) throw new Problem('storage.reserved', 'full')
      })
      await act().finally(() => full.mock.restore())
      return count > at
    }
  },
  { settings: { REMIT_MAX_UPLOAD_MIB: '1' } },
)

/** Number of bytes in files without a name that this process holds below a directory. */
function spooled(directory: string): number {
  let bytes = 0
  for (const fd of readdirSync('/proc/self/fd')) {
    try {
      const at = `/proc/self/fd/${fd}`
      if (readlinkSync(at).startsWith(directory)) bytes += statSync(at).size
    } catch {
      // closed meanwhile
    }
  }
  return bytes
}
