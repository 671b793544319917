import { POLICY } from '../../../console/api-operations/policies/policy.ts'
import { nounCommand } from '../operations/noun.ts'
import { diffCommand } from './diff.ts'
import { fmtCommand } from './fmt.ts'
import { publishCommand } from './publish.ts'
import { replayCommand } from './replay.ts'
import { suggestCommand } from './suggest.ts'
import { testCommand } from './test.ts'
import { validateCommand } from './validate.ts'

/** `remit policy …` */
export const policyCommand = nounCommand(POLICY, [
  ...[fmtCommand, validateCommand, testCommand, diffCommand, replayCommand],
  ...[publishCommand, suggestCommand],
])
