import { POLICY } from '../../../console/api-operations/policies/policy.ts'
import { MAX_BYTES, PolicyText } from '../../../console/api-operations/policies/schemas.ts'
import { describe, noun } from '../../../console/operation-kit/operation.ts'
import { SuggestedCeiling, SuggestedPolicies, SuggestionInput } from './suggestions.ts'

/** Part of `remit policy …`: drafts that are decided again over the books, and suggestions from them. */
export const POLICY_ANALYSIS = noun({
  ...POLICY,
  operations: {
    replay: describe({
      id: 'policies.replay',
      route: 'POST /policies/replay',
      widens: false,
      says: 'Decides what is in the books again, by a text that is not published. Lines of JSON: `{ looked, at }` as it goes on, at last `{ report }`. Ends when the caller goes away.',
      bodyBytes: MAX_BYTES,
      mediaType: 'application/x-ndjson',
      schemas: (kit) => {
        const { Type } = kit
        return {
          body: kit.exactly({
            text: Type.Optional(PolicyText(kit)),
            draft: Type.Optional(
              Type.Integer({
                minimum: 1,
                description: 'number of a shadow draft, instead of a text',
              }),
            ),
            hours: Type.Optional(
              Type.Number({
                exclusiveMinimum: 0,
                maximum: 366 * 24,
                description: 'how far to look back; a week when left out',
              }),
            ),
            agent: Type.Optional(
              Type.String({ maxLength: 63, description: 'only what this agent did' }),
            ),
          }),
          answer: Type.Unknown(),
        }
      },
    }),
    suggest: describe({
      id: 'policies.suggest',
      route: 'GET /policies/suggestion/:of/:id',
      says: 'The least authority that would have covered what an agent, or a task, was permitted in a time; with its replay over the same calls.',
      schemas: (kit) => ({ ...SuggestionInput(kit), answer: SuggestedCeiling(kit) }),
    }),
    'suggest-policy': describe({
      id: 'policies.suggest_policy',
      route: 'GET /policies/suggestion/:of/:id/policy',
      says: 'The policies in force, with the rules that are for one agent alone cut down to what it did, in a time or in one task; as a text, as a difference, and decided again over the same calls. Nothing is put in force.',
      schemas: (kit) => ({ ...SuggestionInput(kit), answer: SuggestedPolicies(kit) }),
    }),
  },
})
