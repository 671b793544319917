import {
  type CatalogParts,
  changeCatalog,
  changeResource,
  type MappedClaim,
} from '../../catalog/catalog/index.ts'
import { canonicalJson } from '../../platform/lib/canonical-json.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { faultOf } from './claim-expressions.ts'
import { CLAIM_SOURCES, isFurtherName } from './claim-sources.ts'

export const MAX_CLAIMS = 16

/**
 * Sets the further claims of the tokens of a resource, all of them. When it has returned, tokens from before do not work any more.
 * @throws Problem `catalog.bad_claims`, `catalog.unknown_resource`, `catalog.changed`
 */
export async function setClaims(
  parts: CatalogParts,
  { by, claims: wanted, name }: { name: string; claims: readonly MappedClaim[]; by: string },
): Promise<void> {
  const claims = await checked(wanted)
  await changeCatalog(parts, {
    write: async (tx) => {
      const row = {
        claims: claims.length === 0 ? null : canonicalJson(claims),
        updated_at: parts.clock.now(),
      }
      if (!(await changeResource(tx, name, ['active', 'suspended'], row)))
        throw new Problem('catalog.unknown_resource', `there is no resource \`${name}\``)
      const facts = { claims }
      await parts.ledger.append(tx, { type: 'resource.claims_set', resource: name, by, facts })
    },
    raises: [{ kind: 'resource', id: name }],
  })
}

/** A name by itself is a fact, or a mistake: it is no expression about one that is not there. */
const NAME = /^[a-z]+(?:\.[a-z_]+)*$/i

async function checked(wanted: readonly MappedClaim[]): Promise<MappedClaim[]> {
  if (wanted.length > MAX_CLAIMS) throw badClaims(`at most ${MAX_CLAIMS} claims`)
  const names = wanted.map(({ claim }) => claim)
  const twice = names.find((name, i) => names.indexOf(name) !== i)
  if (twice !== undefined) throw badClaims(`\`${twice}\` is there twice`)
  for (const { claim, from } of wanted) {
    if (!isFurtherName(claim))
      throw badClaims(
        `\`${claim}\` is no name of a further claim: tokens say it already, or it is malformed`,
      )
    if (CLAIM_SOURCES.includes(from)) continue
    const fault = NAME.test(from) ? `there is no fact \`${from}\`` : await faultOf(from)
    if (fault !== undefined)
      throw badClaims(`\`${claim}\`: ${fault}; facts are ${CLAIM_SOURCES.join(', ')}`)
  }
  return wanted.map(({ claim, from }) => ({ claim, from }))
}

function badClaims(detail: string): Problem {
  return new Problem('catalog.bad_claims', detail)
}
