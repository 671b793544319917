import type { Command } from 'commander'
import { facts, indented } from '../lib/terminal/table.ts'
import { bold, dim, green, red, type Text, text, type Value, yellow } from '../lib/terminal/text.ts'
import type { Cli } from './cli.ts'
import { command, type Start } from './command.ts'
import { approver, type ExplainedGateJson, gateLines, ruleLines, uniqueRules } from './decisions.ts'
import { CommandEnded, usage } from './failure.ts'
import { readSources } from './operations/policy-sources.ts'
import { findPerson } from './person.ts'
import type { AnswerOf } from './server/operation-types.ts'

type Check = AnswerOf<'POST', '/checks'>

interface CheckOptions {
  readonly as: string
  readonly agent: string
  readonly action: string
  readonly arg?: readonly string[]
  readonly nobody?: true
  readonly policy?: readonly string[]
  readonly explain?: true
}

/** Distinct, so that a script can tell; 1 and 2 are failures of the command itself. */
export const CHECK_EXITS = { permit: 0, deny: 3, asks: 4 } as const

/** `remit check` */
export function checkCommand(start: Start): Command {
  return command(
    'check',
    'Whether a call would be permitted, why, and what would be enough. A dry run.',
    [
      'remit check --as sam --agent refund-bot --action refund --arg amount=900',
      'remit check --as sam --agent refund-bot --action orders.refund --arg amount=900 --explain',
      'remit check --as sam --agent refund-bot --action refund --arg amount=900 --policy ./policies',
    ],
  )
    .requiredOption('--as <person>', 'for whom: id, e-mail or name')
    .requiredOption('--agent <name>', 'which agent calls')
    .requiredOption('--action <name>', 'of the catalog; its end is enough where no other has it')
    .option('--arg <name=value>', 'an argument; once for each', gather)
    .option('--nobody', 'nobody is present, and the person is the sponsor')
    .option(
      '--policy <path>',
      'ask these files instead of the policies in force; once for each',
      gather,
    )
    .option('--explain', 'every gate, and the rules behind it')
    .addHelpText(
      'after',
      '\nEnds with 0 when it is permitted, 3 when it is refused, 4 when people would be asked.',
    )
    .action(async (options: CheckOptions, invoked: Command) => {
      const cli = await start(invoked)
      const check = await ask(cli, options)
      cli.answer(check, () => checkLines(check, options, cli.room))
      if (CHECK_EXITS[check.verdict] !== 0) throw new CommandEnded(CHECK_EXITS[check.verdict])
    })
}

function gather(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value]
}

async function ask(cli: Cli, options: CheckOptions): Promise<Check> {
  const { action, agent, arg = [], as, nobody, policy } = options
  const given = Object.fromEntries(arg.map(argument))
  const sources = policy && (await readSources(cli.world.directory, policy))
  const { id } = await findPerson(cli.api, as)
  return cli.api.call('POST', '/checks', {
    body: {
      person: id,
      agent,
      action,
      arguments: given,
      nobody_present: nobody,
      policies: sources?.text,
    },
  })
}

/** `amount=900`; what begins with `[` or `{` is JSON. */
function argument(text: string): readonly [string, unknown] {
  const at = text.indexOf('=')
  if (at < 1) throw usage(`\`${text}\` is not name=value`, 'remit check --help')
  const value = text.slice(at + 1)
  if (!/^[[{]/.test(value)) return [text.slice(0, at), value]
  try {
    return [text.slice(0, at), JSON.parse(value)]
  } catch {
    throw usage(`the value of \`${text.slice(0, at)}\` is not JSON`)
  }
}

function checkLines(
  check: Check,
  options: CheckOptions,
  room: number | undefined,
): readonly Value[] {
  return [
    sentence(check, options),
    ...indented(facts([...reasons(check), ...enough(check), ...basis(check)], room)),
    ...(options.explain ? explained(check, room) : []),
    '',
    dim(
      text`Asked ${check.policy_version === null ? 'the files' : `the policies in force (version ${check.policy_version})`}. Not looked at: ${check.not_looked_at.join('; ')}.`,
    ),
  ]
}

/** As one would say it. */
function sentence({ action, agent, person, verdict }: Check, { arg = [] }: CheckOptions): Text {
  const what = text`have ${bold(agent.name)} do ${bold(action)}${arg.length > 0 ? ` with ${arg.map((each) => each.replace('=', ' ')).join(', ')}` : ''}`
  const who = bold(person.name)
  if (verdict === 'permit') return text`${green('✓')} ${who} may ${what}.`
  if (verdict === 'asks')
    return text`${yellow('●')} ${who} may ${what} only after people have approved that very call.`
  return text`${red('✗')} ${who} may not ${what}.`
}

type Row = readonly [string, Value]

/** Why, from the rules outwards: what they lack or what made them hold says more than that they did. */
function reasons({ detail, gates, verdict }: Check): readonly Row[] {
  if (verdict === 'permit') {
    return uniqueRules(gates, 'policies').map((rule, i) => [i === 0 ? 'by' : '', ruleWords(rule)])
  }
  const standing = gates.filter(({ passed }) => !passed)
  const told = verdict === 'asks' ? standing : standing.filter(({ gate }) => gate !== 'approval')
  const rules = told.flatMap(({ policies = [] }) => policies)
  const near = rules.length > 0 ? [] : told.flatMap(({ nearest: [first] = [] }) => first ?? [])
  return [
    ['why', detail],
    ...rules.flatMap((rule) => [['rule', ruleWords(rule)] as const, ...rule.why.map(arrow)]),
    ...near.flatMap((rule) => [['nearest', ruleWords(rule)] as const, ...rule.why.map(arrow)]),
  ]
}

function ruleWords({
  description,
  file,
  id,
  line,
}: {
  id: string
  description?: string
  file?: string
  line: number
}): Text {
  const place = file === undefined ? '' : dim(`  ${file}:${line}`)
  return text`${id}${description === undefined ? '' : `: ${description}`}${place}`
}

function arrow(words: string): Row {
  return ['', text`${yellow('→')} ${words}`]
}

function enough({ ask: asked, depends_on, enough: words, verdict }: Check): readonly Row[] {
  const rows: Row[] = []
  if (asked) {
    const rules = asked.approvers.map((names) => names.map(approver).join(' or '))
    const count = asked.quorum > 1 ? `${asked.quorum} of ` : ''
    rows.push(['approved by', `${count}${[...new Set(rules)].join(', and ')}`])
  } else if (verdict === 'deny' && words !== '') rows.push(['enough', words])
  if (depends_on.length > 0) {
    rows.push([
      'depends on',
      text`${depends_on.join(', ')}, which you did not say: the stricter answer is shown`,
    ])
  }
  return rows
}

const BASIS: Readonly<Record<Check['basis'], (check: Check) => string | undefined>> = {
  covers: () => undefined,
  'not needed': () => undefined,
  none: ({ agent, person }) =>
    `${person.name} has not let ${agent.name} act for them yet: they are asked when it opens a task`,
  'does not cover': ({ agent, person }) =>
    `${person.name} let ${agent.name} do other things than this: they are asked again when it opens a task`,
}

function basis(check: Check): readonly Row[] {
  const words = BASIS[check.basis](check)
  return words === undefined ? [] : [['before that', words]]
}

/** What a dry run does not ask passes by itself; saying so would be saying that it was asked (`not_looked_at`). */
const NEVER_ASKED: ReadonlySet<string> = new Set(['external', 'budget'])

function wasLookedAt({ gate, passed }: ExplainedGateJson): boolean {
  return !(passed && NEVER_ASKED.has(gate))
}

function explained(check: Check, room: number | undefined): readonly Value[] {
  const { agent, gates, person, policy_version, risk } = check
  return [
    '',
    ...indented(
      facts(
        [
          [
            'person',
            text`${person.name}  ${dim(person.groups.length > 0 ? `in ${person.groups.join(', ')}` : 'in no group')}`,
          ],
          ['agent', text`${agent.name}  ${dim(`trust level ${agent.trust}`)}`],
          ['action', text`${check.action}  ${dim(`at ${check.resource}, risk class ${risk}`)}`],
        ],
        room,
      ),
    ),
    '',
    bold('What was looked at'),
    ...gates.filter(wasLookedAt).flatMap((gate) => gateLines(gate, room)),
    ...ruleLines('Rules that decided', uniqueRules(gates, 'policies'), policy_version),
    ...ruleLines(
      'What came nearest, and what it lacks',
      uniqueRules(gates, 'nearest'),
      policy_version,
    ),
  ]
}
