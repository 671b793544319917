import { describe } from '../../operation-kit/operation.ts'
import { input, type ReaderContext } from '../../operation-kit/source.ts'
import { ResourceProfile } from './schemas.ts'

interface MappedClaim {
  readonly claim: string
  readonly from: string
}

/** Reads claims as they are typed: `groups=person.groups`. An expression may have more of these signs. */
export function readClaims(
  said: string | readonly string[],
  { usage }: Pick<ReaderContext, 'usage'>,
): MappedClaim[] {
  return [said]
    .flat()
    .filter(Boolean)
    .map((each) => {
      const at = each.indexOf('=')
      if (at < 1 || at === each.length - 1)
        throw usage(
          `\`${each}\` is not CLAIM=FACT or CLAIM=EXPRESSION`,
          'remit resources claims orders --claims groups=person.groups',
        )
      return { claim: each.slice(0, at), from: each.slice(at + 1) }
    })
}

const words = (claims: readonly MappedClaim[]) =>
  claims.map(({ claim, from }) => `${claim} = ${from}`).join(', ')

/** `remit resources claims`: what tokens for an API say beside Remit's own claims. */
export const CLAIMS = describe({
  id: 'resources.set_claims',
  route: 'PUT /resources/:name/claims',
  widens: true,
  says: 'Sets what tokens for an API say beside the usual claims: facts about person, place, agent and sponsor, by name or by an expression in CEL. Without any, nothing. Tokens from before do not work any more.',
  schemas: (kit) => ({
    params: kit.ByName,
    body: kit.exactly({
      claims: kit.Type.Array(
        kit.exactly({
          claim: kit.Type.String({ maxLength: 128 }),
          from: kit.Type.String({ maxLength: 512 }),
        }),
        { maxItems: 16 },
      ),
    }),
    answer: ResourceProfile(kit),
  }),
  confirms: ({ body: { claims }, params }) =>
    claims.length === 0
      ? `Let tokens for ${params.name} say no further claims`
      : `Let tokens for ${params.name} also say ${words(claims)}`,
  command: ({ bold, done }) => ({
    examples: [
      'remit resources claims billing --claims groups=person.groups channel=space.id',
      `remit resources claims billing --claims 'roles=person.groups.filter(g, g.startsWith("billing-"))'`,
      'remit resources claims billing',
    ],
    takes: {
      params: { name: input('<name>', 'the API') },
      body: {
        claims: input(
          '--claims <claim=fact...>',
          'such as `groups=person.groups`, or an expression in CEL; without any: none',
          {
            fallback: '',
            read: readClaims,
          },
        ),
      },
    },
    said: ({ answer: { name, tokens } }) =>
      done`tokens for ${bold(name)} say ${words(tokens.claims) || 'no further claims'}`,
  }),
})
