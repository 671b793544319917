import { type AdmittedRequest, readmit, stillLive } from '../../calls/calls/index.ts'
import { Problem } from '../../platform/lib/problem.ts'
import type { GatewayPorts } from './ports.ts'

/** Looks at what an answer rests on, before the answer is that too much changed. */
const MAX_LOOKS = 3

/** An answer that is no call's, with what it rests on besides the request itself. */
export interface MadeAnswer<T> {
  readonly answer: T
  readonly rests: readonly Pick<AdmittedRequest, 'view' | 'ticket'>[]
}

/**
 * Answers an admitted request. Where a lease ran out or policies changed meanwhile, the answer is made once
 * more, from the present state.
 * @throws Problem `call.no_longer_live`, `live.lease_over`, `server.clock_off`
 */
export async function tellAdmitted<T>(
  who: AdmittedRequest,
  make: (now: AdmittedRequest) => Promise<MadeAnswer<T>>,
  tell: (answer: T) => void,
  { decisions }: Pick<GatewayPorts, 'decisions'>,
): Promise<void> {
  let now: AdmittedRequest | undefined = who
  for (let looks = 0; now && looks < MAX_LOOKS; looks++) {
    const { answer, rests } = await make(now)
    // INVARIANT, second look: nothing is told that rests on what has ended meanwhile.
    if ([now, ...rests].every((each) => stillLive(decisions, each))) return tell(answer)
    now = await readmit(decisions, now)
  }
  throw new Problem('call.no_longer_live', 'something that the token depends on changed')
}
