import { domainHash } from '../../platform/lib/canonical-json.ts'
import { Problem } from '../../platform/lib/problem.ts'
import {
  type Action,
  type CatalogParts,
  changeAction,
  changeCatalog,
  checkSentence,
  isRisk,
  NamedActions,
  listActions as selectActions,
} from '../catalog/index.ts'

/**
 * The administrator's word on how dangerous an action is. Policies speak of classes (`Action::"risk:high"`), so they are checked
 * against the change.
 * @throws Problem `catalog.unknown_action`, `catalog.bad_risk`, `policy.would_break`, `catalog.changed`
 */
export async function setRisk(
  parts: CatalogParts,
  change: { readonly action: string; readonly risk: string; readonly by: string },
): Promise<Action> {
  const { risk, by } = change
  if (!isRisk(risk))
    throw new Problem('catalog.bad_risk', `\`${risk}\` is not low, medium, high or critical`)
  const action = await requireAction(parts, change.action)
  const after: Action = { ...action, risk, riskProposed: false }
  await changeCatalog(parts, {
    next: (all) => all.map((each) => (each.name === action.name ? after : each)),
    write: async (tx) => {
      await changeAction(tx, action.name, { risk, risk_proposed: 0 })
      await parts.ledger.append(tx, {
        type: 'action.risk_set',
        resource: action.resource,
        action: action.name,
        by,
        facts: { risk, before: action.risk },
      })
    },
    raises: [],
  })
  return after
}

/**
 * The administrator's word on classes that were proposed, as they were looked at, so that they need not be set one by one. All of them or none.
 * @throws Problem `catalog.unknown_action`, `catalog.changed` (also when one is not proposed like that any more), `policy.would_break`
 */
export async function acceptRisks(
  parts: CatalogParts,
  accepted: {
    readonly resource: string
    readonly risks: readonly { readonly action: string; readonly risk: string }[]
    readonly by: string
  },
): Promise<void> {
  const { by, resource, risks } = accepted
  const wanted = new Map(risks.map(({ action, risk }) => [action, risk]))
  await changeCatalog(parts, {
    // INVARIANT: looked at after the epoch was read, so that classes set meanwhile stay.
    next: (all) => {
      const own = new Map(
        all.filter((each) => each.resource === resource).map((each) => [each.name, each]),
      )
      for (const [name, risk] of wanted) requireProposed(own.get(name), name, risk)
      return all.map((each) => (wanted.has(each.name) ? { ...each, riskProposed: false } : each))
    },
    write: async (tx) => {
      for (const [action, risk] of wanted) {
        await changeAction(tx, action, { risk_proposed: 0 })
        await parts.ledger.append(tx, {
          type: 'action.risk_set',
          resource,
          action,
          by,
          facts: { risk, before: risk },
        })
      }
    },
    raises: [],
  })
}

function requireProposed(action: Action | undefined, name: string, risk: string): void {
  if (!action) throw new Problem('catalog.unknown_action', `there is no action \`${name}\``)
  if (action.riskProposed && action.risk === risk) return
  const detail = `\`${name}\` is not proposed as ${risk} any more; look at it again`
  throw new Problem('catalog.changed', detail)
}

/**
 * The template of the sentence that people read before they approve.
 * @throws Problem `catalog.unknown_action`, `catalog.bad_sentence`, `catalog.changed`
 */
export async function setSentence(
  parts: CatalogParts,
  change: { readonly action: string; readonly sentence: string; readonly by: string },
): Promise<Action> {
  const { sentence, by } = change
  const action = await requireAction(parts, change.action)
  const mistakes = checkSentence(sentence, action.arguments)
  if (mistakes.length > 0)
    throw new Problem('catalog.bad_sentence', mistakes.join('; '), { members: { mistakes } })
  const after: Action = { ...action, sentence }
  await changeCatalog(parts, {
    write: async (tx) => {
      await changeAction(tx, action.name, { sentence })
      await parts.ledger.append(tx, {
        type: 'action.sentence_set',
        resource: action.resource,
        action: action.name,
        by,
        facts: { template: templateDigest(after) },
        private: { sentence },
      })
    },
    raises: [],
  })
  return after
}

/** Names the wording that a person was shown (contract 6, `answer_hash`). */
export function templateDigest(action: Pick<Action, 'name' | 'sentence' | 'displays'>): string {
  const { displays, name, sentence } = action
  const shown = displays ? { displays } : {}
  return domainHash('remit/template/v1', { action: name, sentence, ...shown })
}

/** Throws `catalog.unknown_action`. A name that was given names its action, too. */
export async function requireAction(parts: CatalogParts, name: string): Promise<Action> {
  const [resource = ''] = name.split('.')
  const action = new NamedActions(await selectActions(parts.storage.read, resource)).get(name)
  if (!action) throw new Problem('catalog.unknown_action', `there is no action \`${name}\``)
  return action
}
