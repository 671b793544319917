import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePorts } from '../../../test/ports.ts'
import { request } from '../../authzen/requests.ts'
import { readBooks } from '../../harness/books.ts'
import type { Answer } from '../../harness/connection.ts'
import { PROJECT } from '../../harness/machine.ts'
import { startProgram } from '../../harness/program.ts'
import { startRemit } from '../../harness/remit.ts'
import type { Way } from '../../harness/way.ts'
import type { Peer } from '../peer.ts'
import { inTurns, posted, questionAt } from '../question.ts'

/** Requests until the runtime has compiled what is asked often. */
const WARM_UP = 10_000
const PATH = '/access/v1/evaluation'

export const remitDecides: Peer = {
  name: 'Remit',
  version: 'this commit',
  settings: '`remit serve` with default settings, embedded, `synchronous=FULL`, log to a file',
  without: '–',
  async start({ cores, home }) {
    const file = join(home, 'secrets.json')
    const remit = await startRemit({
      cores,
      upstream: 'http://127.0.0.1:9', // never called
      seeds: [[join(import.meta.dirname, 'seed.ts'), file]],
    })
    const secrets: { refunds: string; mesh: string } = JSON.parse(readFileSync(file, 'utf8'))
    const [task] = await remit.openTasks(1)
    const claims = JSON.parse(Buffer.from(task?.token.split('.')[1] ?? '', 'base64url').toString())
    const port = remit.issuerPort
    let answered = 0
    const policyOnly: Way = {
      name: 'Remit, AuthZEN by a policy-only set, recorded',
      port,
      program: remit.program,
      prepare: (count) =>
        inTurns(count, (i) => {
          const { agent, amount, order, person } = questionAt(i).question
          return request(port, PATH, secrets.refunds, {
            subject: { type: 'user', id: person },
            action: { name: 'refund' },
            resource: { type: 'order', id: order },
            context: { agent, amount },
          })
        }),
      check(answer, i) {
        mustSay(answer, questionAt(i).permitted)
        answered++
      },
    }
    const ofTask = {
      subject: { type: 'user', id: claims.sub },
      action: { name: 'orders.read' },
      resource: { type: 'resource', id: 'orders' },
      context: { task: task?.id, args: { order_id: '1042' } },
    }
    const gates: Way = {
      name: 'Remit, AuthZEN, call of a task by all gates, recorded',
      port,
      program: remit.program,
      prepare: (count) => inTurns(count, () => request(port, PATH, secrets.mesh, ofTask)),
      check(answer) {
        mustSay(answer, true)
        answered++
      },
    }
    return {
      ways: [policyOnly, gates],
      warmUp: WARM_UP,
      async stop() {
        const { evaluations } = readBooks(remit.data)
        await remit.stop()
        if (evaluations.size !== answered)
          throw new Error(`${answered} answers, and ${evaluations.size} of them in the books`)
      },
    }
  },
}

function mustSay({ body, status }: Answer, decision: boolean): void {
  const answer = JSON.parse(body.toString())
  if (status !== 200 || answer.decision !== decision || !answer.context?.evaluation_id)
    throw new Error(`Remit answered ${status}: ${body}`)
}

/** Cost of an HTTP server of this runtime by itself. */
export const emptyRoute: Peer = {
  name: 'Empty Fastify route',
  version: 'as installed',
  settings: 'a POST route that parses its JSON body and answers the same bytes',
  without: 'decides nothing: the cost of HTTP and JSON in this runtime',
  async start({ cores }) {
    const [port = 0] = await freePorts(1)
    const file = join(PROJECT, 'bench', 'harness', 'empty-fastify.ts')
    const program = await startProgram([process.execPath, file, String(port)], {
      cores,
      ready: 'ready',
    })
    const way: Way = {
      name: 'Empty Fastify route',
      port,
      program,
      prepare: (count) => inTurns(count, (i) => posted(port, PATH, questionAt(i).question)),
      check({ body, status }) {
        if (status !== 200) throw new Error(`answered ${status}: ${body}`)
      },
    }
    return { ways: [way], warmUp: WARM_UP, stop: () => program.stop() }
  },
}
