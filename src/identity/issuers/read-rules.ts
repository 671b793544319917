import { isName } from '../../platform/lib/id.ts'
import { DAY_SECONDS } from '../../platform/lib/time-units.ts'
import { readCeiling, readMayDelegate, readTrust, type TrustLevel } from '../agents/index.ts'
import { type ClaimTest, MAX_TESTS, wrongTest } from './claim-test.ts'
import { issuerMembers } from './read-keys.ts'
import { badTrustedIssuer, type IdentityRule, type SponsorshipTerms } from './trusted-issuer.ts'

const MAX_RULES = 64

/**
 * Rules as they were sent: `{name, when: [{claim, equals | prefix}], agent | admit: {trust, ceiling, owner, may_delegate?,
 * sponsor?: {purpose, tasks, seconds, days}}}`.
 * Throws `issuer.bad`, `agent.bad_trust`, `agent.bad_ceiling`. Whether agents and owners exist the caller asks.
 */
export function readRules(value: unknown, most: TrustLevel): IdentityRule[] {
  if (!Array.isArray(value) || value.length > MAX_RULES)
    throw badTrustedIssuer(`there are ${MAX_RULES} rules at most`)
  const rules = value.map((rule) => readRule(rule, most))
  if (new Set(rules.map(({ name }) => name)).size !== rules.length)
    throw badTrustedIssuer('two rules have the same name')
  return rules
}

function readRule(value: unknown, most: TrustLevel): IdentityRule {
  const { admit, agent, name, when, ...more } = issuerMembers(value)
  if (!isName(name))
    throw badTrustedIssuer('a rule has a name: lower-case letters, digits, hyphens')
  const unknown = Object.keys(more)[0]
  if (unknown !== undefined) throw badTrustedIssuer(`the rule \`${name}\` has an unknown member`)
  if (!Array.isArray(when) || when.length === 0 || when.length > MAX_TESTS)
    throw badTrustedIssuer(`the rule \`${name}\` has 1 to ${MAX_TESTS} conditions`)
  if ((agent === undefined) === (admit === undefined))
    throw badTrustedIssuer(`the rule \`${name}\` has either \`agent\` or \`admit\``)
  const tests = when.map(readTest)
  if (agent === undefined) return { name, when: tests, gives: { admit: readAdmitted(admit, most) } }
  if (!isName(agent)) throw badTrustedIssuer(`the rule \`${name}\` names no agent`)
  return { name, when: tests, gives: { agent } }
}

/** `{claim, equals | prefix}`. */
export function readTest(value: unknown): ClaimTest {
  const { claim, equals, prefix, ...more } = issuerMembers(value)
  const text = equals ?? prefix
  if (Object.keys(more).length > 0 || (equals === undefined) === (prefix === undefined))
    throw badTrustedIssuer('a condition has `claim`, and `equals` or `prefix`')
  if (typeof claim !== 'string' || typeof text !== 'string')
    throw badTrustedIssuer('a condition compares a claim with text')
  const test: ClaimTest = { claim, is: equals === undefined ? 'prefix' : 'equals', value: text }
  const wrong = wrongTest(test)
  if (wrong !== undefined) throw badTrustedIssuer(wrong)
  return test
}

function readAdmitted(value: unknown, most: TrustLevel) {
  const { ceiling, owner, trust, ...rest } = issuerMembers(value)
  const { may_delegate: mayDelegate = null, sponsor = null, ...more } = rest
  if (Object.keys(more).length > 0 || typeof owner !== 'string')
    throw badTrustedIssuer(
      '`admit` has the members trust, ceiling, owner, may_delegate and sponsor',
    )
  const level = readTrust(trust)
  if (level > most) throw badTrustedIssuer('a rule gives no more trust than its issuer has')
  return {
    trust: level,
    ceiling: readCeiling(ceiling),
    mayDelegate: readMayDelegate(mayDelegate),
    ownerId: owner,
    sponsor: sponsor === null ? null : readSponsored(sponsor),
  }
}

/** Maximum numbers of a sponsor grant (contract 5.2): a rate and an end are needed. */
const MAX = { tasks: 10_000, seconds: 31 * DAY_SECONDS, days: 366 } as const

function readSponsored(value: unknown): SponsorshipTerms {
  const { days, purpose, seconds, tasks, ...more } = issuerMembers(value)
  const line = typeof purpose === 'string' && isPurpose(purpose) ? purpose : undefined
  if (Object.keys(more).length > 0 || line === undefined)
    throw badTrustedIssuer('`sponsor` has a purpose of one line, and a number of tasks and seconds')
  return {
    purpose: line,
    tasks: within(tasks, MAX.tasks),
    seconds: within(seconds, MAX.seconds),
    days: within(days, MAX.days),
  }
}

function isPurpose(text: string): boolean {
  const plain = text.isWellFormed() && !/[\p{Cc}\p{Cf}\p{Co}\p{Zl}\p{Zp}]/u.test(text)
  return plain && text.trim() === text && text !== '' && [...text].length <= 200
}

function within(value: unknown, most: number): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 1 || value > most)
    throw badTrustedIssuer(`${String(value).slice(0, 32)} is not a whole number from 1 to ${most}`)
  return value
}
