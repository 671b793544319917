// `node bench/telling/run.ts`: how long people and agents wait for Remit around an approval, while nobody and while 10,000 others wait: from
// the refusal that asks to the e-mail, and from the button that approves to the call at the API. The server runs in this process.
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { SMTPServer } from 'smtp-server'
import { newId } from '../../src/platform/lib/id.ts'
import { systemRandom } from '../../src/platform/lib/random.ts'
import type { Engine } from '../../test/ground.ts'
import { World } from '../../test/world.ts'
import { postgres } from '../../tools/postgres.ts'
import { describeMachine } from '../harness/machine.ts'
import { readOptions } from '../harness/options.ts'
import { publish } from '../harness/publish.ts'
import { Rounds, ratio } from '../harness/results.ts'

const WAITING = 10_000
/** Requests of one agent: each may have a hundred. */
const OF_ONE_AGENT = 50
const AT_ONCE = 250
const DAY_MS = 86_400_000

const options = readOptions({ seconds: 1, rounds: 20 }, [])
const machine = describeMachine(false)
const rounds = new Rounds()
const server = await postgres()
process.env.TEST_POSTGRES_URL = server.url
try {
  for (const [name, engine] of [
    ['SQLite', 'sqlite'],
    ['PostgreSQL', 'postgres'],
  ] as const)
    await measureOn(name, engine)
} finally {
  await server.stop()
}
report()

async function measureOn(name: string, engine: Engine): Promise<void> {
  const mail = new SMTPServer({
    ...{ authOptional: true, disabledCommands: ['STARTTLS', 'AUTH'] },
    onData(stream, _session, done) {
      stream.resume().once('end', () => {
        mail.emit('told')
        done()
      })
    },
  })
  const listening = mail.listen(0, '127.0.0.1')
  await once(listening, 'listening')
  const { port } = listening.address() as AddressInfo // as: it listens on TCP
  const w = await World.start(engine, {
    settings: { REMIT_SMTP_URL: `smtp://127.0.0.1:${port}`, REMIT_LOG_LEVEL: 'warn' },
  })
  await measure({ mail, w }) // warms up
  for (const waiting of [0, WAITING]) {
    if (waiting > 0) await fill(w, waiting)
    for (let round = 0; round < options.rounds; round++) {
      const took = await measure({ mail, w })
      for (const [measured, ms] of Object.entries(took))
        rounds.addMeasure(`${name}, ${waiting} waiting`, measured, 'ms', ms)
    }
  }
  await w.stop()
  await new Promise<void>((resolve) => mail.close(resolve))
}

interface Parties {
  readonly w: World
  readonly mail: SMTPServer
}

/** Milliseconds of each part of one approval. */
async function measure({ mail, w }: Parties): Promise<Record<string, number>> {
  w.echo.forget()
  // Who was told a moment ago is told a minute later.
  await w.rooms.storage.transaction((tx) => tx.deleteFrom('deliveries').execute())
  const fiona = await w.browser('fiona')
  const task = await w.open()
  const remove = () => w.agent.call(task, 'DELETE', '/echo/things/x')
  const told = once(mail, 'told')
  const called = performance.now()
  const refused = await remove()
  const asked = performance.now()
  const { page } = refused.body.access_request as { page: string } // as: it needs an approval
  await told
  const notified = performance.now()
  const shown = await fiona.get(page)
  const opened = performance.now()
  const answered = await fiona.submit(shown, /^Approve once/)
  const approved = performance.now()
  if (answered.status !== 200) throw new Error(answered.text)
  const arrived = w.echo.arrived(1)
  const done = remove()
  await arrived
  const executed = performance.now()
  if ((await done).status !== 200) throw new Error((await done).text)
  return {
    'call to refusal': asked - called,
    'refusal to e-mail': notified - asked,
    'page opened': opened - notified,
    'answer to call at the API': executed - opened,
    'of that, the answer': approved - opened,
  }
}

/** Copies a request that waits, as requests of other agents to the same people. */
async function fill(w: World, count: number): Promise<void> {
  const task = await w.open()
  await w.agent.call(task, 'DELETE', '/echo/things/copied')
  const { storage } = w.rooms
  const request = await storage.read
    .selectFrom('access_requests')
    .selectAll()
    .where('task_id', '=', task.id)
    .where('state', '=', 'pending')
    .executeTakeFirstOrThrow()
  const people = await storage.read
    .selectFrom('asked_people')
    .selectAll()
    .where('request_id', '=', request.id)
    .execute()
  const expires = w.clock.now() + 30 * DAY_MS
  for (let from = 0; from < count; from += AT_ONCE) {
    const copies = Array.from({ length: AT_ONCE }, (_, i) => {
      const agent = `agent-${Math.floor((from + i) / OF_ONE_AGENT)}`
      const id = newId('request', systemRandom)
      return { ...request, id, agent_id: agent, call_hash: id, expires_at: expires }
    })
    await storage.transaction(async (tx) => {
      for (const copy of copies) {
        const values = { ...copy, ask: JSON.stringify(copy.ask), inspected: inspectedOf(copy) }
        await tx.insertInto('access_requests').values(values).execute()
        const asked = people.map((each) => ({
          ...each,
          ...{ request_id: copy.id, agent_id: copy.agent_id, expires_at: expires },
        }))
        await tx.insertInto('asked_people').values(asked).execute()
      }
    })
  }
}

/** JSON column that may be empty, as it is written. */
function inspectedOf({ inspected }: { readonly inspected: unknown }): string | null {
  return inspected === null ? null : JSON.stringify(inspected)
}

function report(): void {
  publish(
    {
      benchmark: 'telling',
      says: `What people and agents wait for around one approval, one after the other, with nobody else and with ${WAITING.toLocaleString('en')} other requests
waiting for the same people. The outbox looks once a second, so an e-mail waits for its next look, up to a second; the agent calls again as soon as it is
answered, and the API is on loopback. The server, its mail server and the API run in one process.`,
      machine,
      settings: { waiting: WAITING, approvals: options.rounds },
      series: rounds.all(),
      findings: ['SQLite', 'PostgreSQL'].flatMap((name) =>
        ['refusal to e-mail', 'page opened', 'answer to call at the API'].map((measured) => ({
          name: `${name}: ${measured}, ${WAITING} waiting to none`,
          value: ratio(
            rounds.getMeasure(`${name}, ${WAITING} waiting`, measured),
            rounds.getMeasure(`${name}, 0 waiting`, measured),
          ),
          unit: '',
        })),
      ),
    },
    options,
  )
}
