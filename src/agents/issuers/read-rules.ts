import { isName } from '../../lib/id.ts'
import type { TrustLevel } from '../agent.ts'
import { readCeiling, readMayDelegate, readTrust } from '../limits.ts'
import { bad } from './bad-issuer.ts'
import { type ClaimTest, MOST_TESTS, wrongTest } from './claim-test.ts'
import { membersOf } from './read-keys.ts'
import type { IdentityRule } from './trusted-issuer.ts'

const MOST_RULES = 64

/**
 * Rules as they were sent: `{name, when: [{claim, equals | prefix}], agent | admit: {trust, ceiling, may_delegate?, owner}}`.
 * Throws `issuer.bad`, `agent.bad_trust`, `agent.bad_ceiling`. Whether agents and owners exist the caller asks.
 */
export function readRules(value: unknown, most: TrustLevel): IdentityRule[] {
  if (!Array.isArray(value) || value.length > MOST_RULES)
    throw bad(`there are ${MOST_RULES} rules at most`)
  const rules = value.map((rule) => readRule(rule, most))
  if (new Set(rules.map(({ name }) => name)).size !== rules.length)
    throw bad('two rules have the same name')
  return rules
}

function readRule(value: unknown, most: TrustLevel): IdentityRule {
  const { admit, agent, name, when, ...more } = membersOf(value)
  if (!isName(name)) throw bad('a rule has a name: lower-case letters, digits, hyphens')
  const unknown = Object.keys(more)[0]
  if (unknown !== undefined) throw bad(`the rule \`${name}\` has a member that means nothing`)
  if (!Array.isArray(when) || when.length === 0 || when.length > MOST_TESTS)
    throw bad(`the rule \`${name}\` has 1 to ${MOST_TESTS} conditions`)
  if ((agent === undefined) === (admit === undefined))
    throw bad(`the rule \`${name}\` names an agent, or says what agents it admits get`)
  const tests = when.map(readTest)
  if (agent === undefined) return { name, when: tests, gives: { admit: readAdmitted(admit, most) } }
  if (!isName(agent)) throw bad(`the rule \`${name}\` names no agent`)
  return { name, when: tests, gives: { agent } }
}

function readTest(value: unknown): ClaimTest {
  const { claim, equals, prefix, ...more } = membersOf(value)
  const text = equals ?? prefix
  if (Object.keys(more).length > 0 || (equals === undefined) === (prefix === undefined))
    throw bad('a condition says a claim, and what it equals or begins with')
  if (typeof claim !== 'string' || typeof text !== 'string')
    throw bad('a condition compares a claim with text')
  const test: ClaimTest = { claim, is: equals === undefined ? 'prefix' : 'equals', value: text }
  const wrong = wrongTest(test)
  if (wrong !== undefined) throw bad(wrong)
  return test
}

function readAdmitted(value: unknown, most: TrustLevel) {
  const { ceiling, may_delegate: mayDelegate = null, owner, trust, ...more } = membersOf(value)
  if (Object.keys(more).length > 0 || typeof owner !== 'string')
    throw bad('what is admitted has trust, ceiling, owner and may_delegate')
  const level = readTrust(trust)
  if (level > most) throw bad('a rule gives no more trust than its issuer has')
  return {
    trust: level,
    ceiling: readCeiling(ceiling),
    mayDelegate: readMayDelegate(mayDelegate),
    ownerId: owner,
  }
}
