import { freePorts } from '../../../test/ports.ts'
import { startProgram } from '../../harness/program.ts'
import { builtByGo, type GoProgram } from '../go-program.ts'
import type { Peer } from '../peer.ts'
import {
  AGENT,
  inTurns,
  isSupport,
  LIMIT,
  personAt,
  posted,
  QUESTIONS,
  questionAt,
} from '../question.ts'

const OPENFGA: GoProgram = {
  name: 'openfga',
  module: 'github.com/openfga/openfga',
  version: '1.22.1',
  sum: 'h1:gl5DiX841ZK3GSTAbgUUYEpiAfAK4EZFMQYW1NQmK8U=',
  folder: './cmd/openfga',
}

/** Model of whom refunds are for, by group; the agent and the amount are a condition, which a check states. */
const MODEL = {
  schema_version: '1.1',
  type_definitions: [
    { type: 'user' },
    {
      type: 'group',
      relations: { member: { this: {} } },
      metadata: { relations: { member: { directly_related_user_types: [{ type: 'user' }] } } },
    },
    {
      type: 'desk',
      relations: { refund: { this: {} } },
      metadata: {
        relations: {
          refund: {
            directly_related_user_types: [
              { type: 'group', relation: 'member', condition: 'within' },
            ],
          },
        },
      },
    },
  ],
  conditions: {
    within: {
      name: 'within',
      expression: 'amount <= limit && agent in agents',
      parameters: {
        amount: { type_name: 'TYPE_NAME_INT' },
        limit: { type_name: 'TYPE_NAME_INT' },
        agent: { type_name: 'TYPE_NAME_STRING' },
        agents: { type_name: 'TYPE_NAME_LIST', generic_types: [{ type_name: 'TYPE_NAME_STRING' }] },
      },
    },
  },
}

export const openfga: Peer = {
  name: 'OpenFGA',
  version: OPENFGA.version,
  settings:
    '`openfga run` with its memory store, `check` over HTTP, a tuple with a condition, GOMAXPROCS=1',
  without:
    'knows no caller, keeps no record of decisions; its store is memory here, PostgreSQL in production',
  async start({ cores }) {
    const [port = 0, grpc = 0] = await freePorts(2)
    const off = ['--playground-enabled=false', '--metrics-enabled=false', '--log-level=error']
    const program = await startProgram(
      [
        builtByGo(OPENFGA),
        'run',
        `--http-addr=127.0.0.1:${port}`,
        `--grpc-addr=127.0.0.1:${grpc}`,
        ...off,
      ],
      { cores, answers: `http://127.0.0.1:${port}/healthz`, env: { GOMAXPROCS: '1' } },
    )
    const say = async (path: string, body: object) => {
      const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
        method: 'POST',
        body: JSON.stringify(body),
      })
      const text = await answer.text()
      if (!answer.ok) throw new Error(`OpenFGA answered ${answer.status}: ${text}`)
      return JSON.parse(text)
    }
    const { id } = await say('/stores', { name: 'peers' })
    const { authorization_model_id: model } = await say(`/stores/${id}/authorization-models`, MODEL)
    const tuples = [
      {
        ...{ user: 'group:support#member', relation: 'refund', object: 'desk:orders' },
        condition: { name: 'within', context: { limit: LIMIT, agents: [AGENT] } },
      },
      ...Array.from({ length: QUESTIONS }, (_, i) => ({
        user: `user:${personAt(i)}`,
        relation: 'member',
        object: isSupport(i) ? 'group:support' : 'group:sales',
      })),
    ]
    for (let from = 0; from < tuples.length; from += 100)
      await say(`/stores/${id}/write`, {
        writes: { tuple_keys: tuples.slice(from, from + 100) },
        authorization_model_id: model,
      })
    const path = `/stores/${id}/check`
    const way = {
      name: 'OpenFGA, check',
      port,
      program,
      prepare: (count: number) =>
        inTurns(count, (i) => {
          const { agent, amount, person } = questionAt(i).question
          return posted(port, path, {
            tuple_key: { user: `user:${person}`, relation: 'refund', object: 'desk:orders' },
            authorization_model_id: model,
            context: { amount, agent },
          })
        }),
      check({ body, status }: { body: Buffer; status: number }, i: number) {
        if (status !== 200 || JSON.parse(body.toString()).allowed !== questionAt(i).permitted)
          throw new Error(`OpenFGA answered ${status}: ${body}`)
      },
    }
    return { ways: [way], stop: () => program.stop() }
  },
}
