import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { freePorts } from '../../../test/ports.ts'
import { startProgram } from '../../harness/program.ts'
import type { Way } from '../../harness/way.ts'
import { builtByGo, type GoProgram } from '../go-program.ts'
import type { Peer } from '../peer.ts'
import { AGENT, inTurns, isSupport, LIMIT, posted, questionAt } from '../question.ts'

const CERBOS: GoProgram = {
  name: 'cerbos',
  module: 'github.com/cerbos/cerbos',
  version: '0.55.0',
  sum: 'h1:ogDJP+9TxNHxFj9bc14Ar11dAC+y2WesovJCZaeOb74=',
  folder: './cmd/cerbos',
}

const POLICY = {
  apiVersion: 'api.cerbos.dev/v1',
  resourcePolicy: {
    resource: 'order',
    version: 'default',
    rules: [
      {
        actions: ['refund'],
        effect: 'EFFECT_ALLOW',
        roles: ['support'],
        condition: {
          match: {
            all: {
              of: [{ expr: `R.attr.agent in ["${AGENT}"]` }, { expr: `R.attr.amount <= ${LIMIT}` }],
            },
          },
        },
      },
    ],
  },
}

export function cerbos(isAudited: boolean): Peer {
  return {
    name: isAudited ? 'Cerbos with its audit log' : 'Cerbos',
    version: CERBOS.version,
    settings: `\`cerbos server\`, policy on disk, roles of the person in the question, GOMAXPROCS=1, ${
      isAudited ? 'local audit log' : 'no audit log'
    }`,
    without: isAudited
      ? 'knows no caller and no person (the question says their roles), no durable record before the answer (its audit log is buffered)'
      : 'knows no caller and no person (the question says their roles), keeps no record',
    async start({ cores, home }) {
      const [port = 0, grpc = 0] = await freePorts(2)
      const policies = join(home, 'policies')
      mkdirSync(policies)
      writeFileSync(join(policies, 'order.yaml'), stringify(POLICY))
      const audit = {
        audit: {
          ...{ enabled: true, backend: 'local', decisionLogsEnabled: true },
          local: { storagePath: join(home, 'audit') },
        },
      }
      const settings = {
        server: { httpListenAddr: `127.0.0.1:${port}`, grpcListenAddr: `127.0.0.1:${grpc}` },
        storage: { driver: 'disk', disk: { directory: policies, watchForChanges: false } },
        telemetry: { disabled: true },
        ...(isAudited ? audit : {}),
      }
      const file = join(home, 'cerbos.yaml')
      writeFileSync(file, stringify(settings))
      const program = await startProgram(
        [builtByGo(CERBOS), 'server', `--config=${file}`, '--log-level=error'],
        { cores, answers: `http://127.0.0.1:${port}/_cerbos/health`, env: { GOMAXPROCS: '1' } },
      )
      const name = isAudited
        ? 'Cerbos, check/resources, with its audit log'
        : 'Cerbos, check/resources'
      return { ways: [checking(name, port, program)], stop: () => program.stop() }
    },
  }
}

function checking(name: string, port: number, program: Way['program']): Way {
  return {
    name,
    port,
    program,
    prepare: (count) =>
      inTurns(count, (i) => {
        const { agent, amount, order, person } = questionAt(i).question
        const resource = { kind: 'order', id: order, attr: { agent, amount } }
        return posted(port, '/api/check/resources', {
          requestId: String(i),
          principal: { id: person, roles: [isSupport(i) ? 'support' : 'sales'] },
          resources: [{ resource, actions: ['refund'] }],
        })
      }),
    check({ body, status }, i) {
      const said = JSON.parse(body.toString()).results?.[0]?.actions?.refund
      const expected = questionAt(i).permitted ? 'EFFECT_ALLOW' : 'EFFECT_DENY'
      if (status !== 200 || said !== expected) throw new Error(`Cerbos answered ${status}: ${body}`)
    },
  }
}
