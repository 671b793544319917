import type { ChangeSummary, MeantChange } from '../../../identity/sessions/index.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import { compareInWorker, type RuleChange } from '../../../policy/cedar/index.ts'
import { checkPolicies, findSet, latestSet } from '../../../policy/policy/index.ts'
import type { OperationInput } from '../../operation-kit/operation.ts'
import { reachOfPolicies } from '../../reach/index.ts'
import { reachLines } from '../meaning/reach-lines.ts'
import { countWords } from '../meaning/words.ts'
import type { ApiParts } from '../parts.ts'
import { schemaNow } from './schema-now.ts'

const SIGN = { added: '+', removed: '-', changed: '~', reworded: '=' } as const
const WORDS = {
  added: 'new',
  removed: 'gone',
  changed: 'changed',
  reworded: 'the same in other words',
} as const

/** Policies that are put in force: rule by rule, and who could do what by them. */
export async function meaningOfPolicies(
  parts: Pick<ApiParts, 'decisions' | 'policy'>,
  { body, params }: OperationInput,
): Promise<ChangeSummary> {
  const { read } = parts.policy.storage
  const again = params.version === undefined ? undefined : Number(params.version)
  const older = again === undefined ? undefined : await findSet(read, again)
  const text = older?.text ?? String(body.text ?? '')
  const { mistakes } = await checkPolicies(read, { text, schema: await schemaNow(parts) })
  const [first] = mistakes
  if (first) throw new Problem('policy.invalid', `line ${first.line}: ${first.message}`)
  const before = (await latestSet(read)) ?? { version: 0, text: '' }
  const changes = await compareInWorker(before.text, text)
  const what = again === undefined ? 'these policies' : `the policies of version ${again} again`
  return {
    sentence: `Put ${what} in force: ${rulesInWords(changes)}`,
    facts: typeof body.note === 'string' ? [['Note', body.note]] : [],
    changes: changes.map(meant),
    against: before.version === 0 ? 'Rules' : `Rules, against version ${before.version} in force`,
    consequences: reachLines(await reachOfPolicies(parts.decisions, text)),
  }
}

function rulesInWords(changes: readonly RuleChange[]): string {
  if (changes.length === 0) return 'the same rules as now'
  return countWords(
    (['added', 'changed', 'removed', 'reworded'] as const).map((kind) => [
      changes.filter(({ change }) => change === kind).length,
      kind === 'reworded' ? 'written in other words' : kind,
    ]),
    'rule',
  )
}

function meant({ change, id, lines, notes }: RuleChange): MeantChange {
  return { sign: SIGN[change], what: `${id}: ${WORDS[change]}`, notes, lines }
}
