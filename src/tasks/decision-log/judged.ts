import {
  type ForbidRef,
  type IssuanceFacts,
  type IssuanceJudgment,
  issuable,
  type PolicySet,
} from '@remit/engine'

/** An issuance that policies did not let be, and all that they looked at. */
export interface JudgedIssuance {
  readonly facts: IssuanceFacts
  readonly action: string
  /** Catalog name. */
  readonly resource: string
  /** Forbids that people had lifted. */
  readonly lifted: readonly ForbidRef[]
  readonly answer: Extract<IssuanceJudgment, { readonly allowed: false }>
  readonly policyVersion: number
}

/** Writes for the books what an issuance was decided from, as short JSON. */
export function issuanceInputs({ facts, lifted }: JudgedIssuance): string {
  return JSON.stringify({ facts, lifted })
}

export type RecordedIssuance = Pick<JudgedIssuance, 'action' | 'facts' | 'lifted' | 'resource'>

export function recordedIssuance(
  text: string,
  of: Pick<JudgedIssuance, 'action' | 'resource'>,
): RecordedIssuance {
  const { facts, lifted } = JSON.parse(text) as Pick<JudgedIssuance, 'facts' | 'lifted'> // written by `issuanceInputs`
  return { ...of, facts, lifted }
}

/** Decides it again. With the policies of then the answer is that of then. */
export function issueAgain(
  { action, facts, lifted, resource }: RecordedIssuance,
  policies: PolicySet,
): IssuanceJudgment {
  return issuable(facts, { action, resource }, policies, lifted)
}
