import type { Detail, Risk } from '@remit/engine'
import { type CatalogView, countedRisk, RISKS } from '../../catalog/index.ts'
import { type Html, html } from '../frame/html.ts'
import type { Choice } from './narrowing.ts'

/** As gates count it: what a server says of its own tools makes none look harmless. */
export type RiskOf = (action: string) => Risk | undefined

export function riskIn(catalog: CatalogView): RiskOf {
  return (name) => {
    const action = catalog.actions.get(name)
    return action && countedRisk(action)
  }
}

const RISK_WORDS: Readonly<Record<Risk, string>> = {
  low: 'Low risk',
  medium: 'Medium risk',
  high: 'High risk',
  critical: 'Critical',
}

/** Choices by the highest risk class of what each allows, the lowest first; fields keep their names. */
export function byRisk(
  choices: readonly Choice[],
  riskOf: RiskOf,
  permission: (choice: Choice, risk: Risk | undefined) => Html,
): Html[] {
  const groups = Map.groupBy(choices, ({ detail }) => highest(detail, riskOf))
  return [...RISKS, undefined].flatMap((risk) => {
    const group = groups.get(risk) ?? []
    if (group.length === 0) return []
    const fields = group.map((choice) => permission(choice, risk))
    return [
      html`<fieldset><legend>${risk ? RISK_WORDS[risk] : 'Other'}</legend>
${fields}</fieldset>`,
    ]
  })
}

function highest({ actions }: Detail, riskOf: RiskOf): Risk | undefined {
  const risks = actions.map(riskOf)
  return RISKS.findLast((risk) => risks.includes(risk))
}
