import { POLICY } from '../../../console/api-operations/policies/policy.ts'
import { POLICY_ANALYSIS, POLICY_SHADOW } from '../../../extensions/analysis/operations.ts'
import { joined, nounCommand } from '../operations/noun.ts'
import { diffCommand } from './diff.ts'
import { fmtCommand } from './fmt.ts'
import { publishCommand } from './publish.ts'
import { replayCommand } from './replay.ts'
import { suggestCommand } from './suggest.ts'
import { testCommand } from './test.ts'
import { validateCommand } from './validate.ts'

/** `remit policy …` */
export const policyCommand = nounCommand(joined(POLICY, POLICY_ANALYSIS), [
  ...[fmtCommand, validateCommand, testCommand, diffCommand, replayCommand],
  ...[publishCommand, suggestCommand, nounCommand(POLICY_SHADOW)],
])
