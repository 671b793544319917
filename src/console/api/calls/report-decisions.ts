import { type Static, Type } from 'typebox'
import { recordDecided } from '../../../calls/calls/index.ts'
import { directResource } from '../../../calls/direct-calls/index.ts'
import type { MachineClient } from '../../../identity/machine-clients/index.ts'
import { isId } from '../../../platform/lib/id.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import type { ApiParts } from '../parts.ts'
import { AskedCall, checkAsked, readAskedCall } from './asked-call.ts'
import { ReportedOutcome, reportOutcome } from './report-outcome.ts'

const closed = { additionalProperties: false } as const
const Thumbprint = Type.String({ pattern: '^[A-Za-z0-9_-]{43}$' })
const { body, headers, ip, method, url } = AskedCall.properties

/** Permit that an API gave in its own process: the call as it arrived, and whose it was. */
const ReportedDecision = Type.Object(
  {
    id: Type.String({ maxLength: 64, description: 'made by the API: `dec_` and 128 random bits' }),
    at: Type.Integer({ description: 'epoch milliseconds' }),
    policy_version: Type.Integer({ minimum: 0 }),
    task: Type.String({ maxLength: 64 }),
    token: Type.Object({ jti: Type.String({ maxLength: 256 }), exp: Type.Integer() }, closed),
    jkt: Thumbprint,
    proof: Type.String({ maxLength: 64, description: 'digest by which the proof is known' }),
    ...{ method, url, headers, body, ip },
  },
  closed,
)

export const ReportedDecisions = Type.Object(
  {
    decisions: Type.Optional(Type.Array(ReportedDecision, { maxItems: 100 })),
    outcomes: Type.Optional(
      Type.Array(
        Type.Object({ id: Type.String({ maxLength: 64 }), ...ReportedOutcome.properties }, closed),
        { maxItems: 100 },
      ),
    ),
  },
  closed,
)

export const RecordedDecisions = Type.Object({
  refused: Type.Array(
    Type.Object({ id: Type.String(), code: Type.String(), detail: Type.String() }),
    { description: 'what was not recorded, and never will be; everything else is' },
  ),
})

/** Codes of refusals that another attempt would not get. */
const AGAIN = new Set(['live.lease_over', 'server.clock_off', 'storage.unavailable'])

/**
 * Records what an API decided in its own process, and the outcomes of those calls. A fault of
 * one of them is told and keeps back no other.
 * @throws Problem if the report has to be sent again as it is
 */
export async function recordReported(
  parts: Pick<ApiParts, 'decisions'>,
  enforcer: MachineClient<'enforcer'>,
  { decisions = [], outcomes = [] }: Static<typeof ReportedDecisions>,
): Promise<Static<typeof RecordedDecisions>> {
  parts.decisions.disk?.requireRoom()
  const refused: Static<typeof RecordedDecisions>['refused'] = []
  const attempt = async (id: string, record: () => Promise<unknown>) => {
    try {
      await record()
    } catch (error) {
      if (!(error instanceof Problem) || AGAIN.has(error.code)) throw error
      refused.push({ id, code: error.code, detail: error.detail })
    }
  }
  for (const decision of decisions)
    await attempt(decision.id, () => recordOne(parts, enforcer, decision))
  for (const { id, ...outcome } of outcomes)
    await attempt(id, () => reportOutcome(parts, enforcer, { id, outcome }).catch(onceEnough))
  return { refused }
}

function onceEnough(error: unknown): void {
  if (!(error instanceof Problem) || error.code !== 'decision.ended') throw error
}

async function recordOne(
  parts: Pick<ApiParts, 'decisions'>,
  enforcer: MachineClient<'enforcer'>,
  reported: Static<typeof ReportedDecision>,
): Promise<void> {
  const { at, id, jkt, policy_version: policyVersion, proof, task, token, ...asked } = reported
  if (!isId('decision', id)) throw new Problem('decision.unreportable', 'the id is none')
  const resource = await directResource(parts.decisions, enforcer.settings.resource)
  checkAsked(asked, resource)
  const call = await readAskedCall(parts, resource, asked)
  const decided = {
    ...{ id, at, task, policyVersion },
    token: { id: token.jti, exp: token.exp },
    proof: { thumbprint: jkt, replayKey: proof },
  }
  await recordDecided(parts.decisions, enforcer.id, { call, decided })
}
