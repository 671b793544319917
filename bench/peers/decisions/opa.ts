import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePorts } from '../../../test/ports.ts'
import { startProgram } from '../../harness/program.ts'
import type { Way } from '../../harness/way.ts'
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

export const OPA: GoProgram = {
  name: 'opa',
  module: 'github.com/open-policy-agent/opa',
  version: '1.22.4',
  sum: 'h1:/sKtqt7GVSvXQn1sML2PSzl8tD/mTHF2pzQC3x1CV8k=',
  folder: '.',
}

const POLICY = `package peers
default allow := false
allow if {
  "support" in data.people[input.person].groups
  input.agent in data.agents
  input.amount <= data.limit
}
`

export function opa(isLogged: boolean): Peer {
  return {
    name: isLogged ? 'OPA with its decision log' : 'OPA',
    version: OPA.version,
    settings: `\`opa run --server\`, policy and people in memory, GOMAXPROCS=1, ${
      isLogged ? 'decision log to a file (console plugin)' : 'no decision log'
    }`,
    without: isLogged
      ? 'knows no caller, no durable record (its log is written behind the answer and not synced)'
      : 'knows no caller, keeps no record, gives no id to explain the answer by',
    async start({ cores, home }) {
      const [port = 0] = await freePorts(1)
      const policy = join(home, 'policy.rego')
      const data = join(home, 'data.json')
      writeFileSync(policy, POLICY)
      writeFileSync(data, JSON.stringify(people()))
      const log = isLogged ? ['--set', 'decision_logs.console=true'] : []
      const listen = ['--addr', `127.0.0.1:${port}`, '--log-level', isLogged ? 'info' : 'error']
      const program = await startProgram(
        [builtByGo(OPA), 'run', '--server', '--disable-telemetry', ...listen, ...log, policy, data],
        {
          cores,
          answers: `http://127.0.0.1:${port}/health`,
          env: { GOMAXPROCS: '1' },
          ...(isLogged ? { log: join(home, 'decisions.log') } : {}),
        },
      )
      const name = isLogged ? 'OPA, with its decision log to a file' : 'OPA'
      return { ways: [asking(name, port, program)], stop: () => program.stop() }
    },
  }
}

function people(): object {
  const all = Array.from({ length: QUESTIONS }, (_, i) => [
    personAt(i),
    { groups: isSupport(i) ? ['support'] : ['sales'] },
  ])
  return { people: Object.fromEntries(all), agents: [AGENT], limit: LIMIT }
}

function asking(name: string, port: number, program: Way['program']): Way {
  return {
    name,
    port,
    program,
    prepare: (count) =>
      inTurns(count, (i) =>
        posted(port, '/v1/data/peers/allow', { input: questionAt(i).question }),
      ),
    check({ body, status }, i) {
      const answer = JSON.parse(body.toString())
      if (status !== 200 || answer.result !== questionAt(i).permitted)
        throw new Error(`OPA answered ${status}: ${body}`)
    },
  }
}
