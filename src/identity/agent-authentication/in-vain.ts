import {
  checkJwt,
  importPublicJwk,
  type PublicJwk,
  readCompact,
} from '../../platform/jose/index.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { ALGORITHMS_OF } from '../agents/index.ts'
import type { AssertionRules } from './assertion-fault.ts'

/** Keys whose other halves are not kept anywhere. */
const NO_ONES: readonly PublicJwk[] = [
  {
    kty: 'EC',
    crv: 'P-256',
    x: 'bQC6k6EdLvPPqGQa6IcCO2w2rmdQtyMboc6zKlPVSyo',
    y: 'HA5l65xEmNCFjuxArRXtNNMGxFLpUfOUA0GteRjF_fQ',
  },
  { kty: 'OKP', crv: 'Ed25519', x: 'xaRQhdEdyO_ssAhTb8CnsEOMOhTyZRRBgMxN2HJqhyA' },
  {
    kty: 'RSA',
    n: '53BJu5mAe6WU0TT8oSp_T6d1bwIowPkys6ZwBR7snnJtvB9uIjJYbqo6GkyYkqfBrYfuHuRNK9rboFADJMV2E6Bu_ZB3BWFkV8n9ZOVHhquXd3tFDcohws8v6RvAd_-AHB2xwEQVrdiQGl1bZgvk_X3whGILTlNUfY_8CgnrV8JvN-HWBB4KAK5FAm9BT7RnPPfh5QZromLfN_Qj4michqTKmVJrJZ984kkg8i-MXOzYDjpg8jVMU1p6ABhiY04EPnKYauule7Et3n_ds2ib98aLih9qUv2x6R-7TGgX-pDTSDnE8jSSR8YpoCxa9e-UlhUeR0c1bqWUB5AGeUCuHw',
    e: 'AQAB',
  },
]

/**
 * Verifies an assertion by a key of no client, unless the key that was found is one for its algorithm and verifies it anyway. So a
 * refusal takes the same time whether there is such a client or not, whatever its keys are. INVARIANT: nothing is believed of it.
 */
export async function verifyInVain(
  rules: AssertionRules,
  assertion: string,
  found?: PublicJwk,
): Promise<void> {
  try {
    const { alg } = readCompact(assertion).header
    const isOfKey = ({ kty }: PublicJwk) => ALGORITHMS_OF[kty].some((each) => each === alg)
    const jwk = NO_ONES.find(isOfKey)
    if (!jwk || (found && isOfKey(found))) return
    await checkJwt(assertion, {
      ...rules,
      issuer: undefined,
      algorithms: ALGORITHMS_OF[jwk.kty],
      keyFor: () => importPublicJwk(jwk).key,
    })
  } catch (error) {
    if (!(error instanceof Problem)) throw error
  }
}
