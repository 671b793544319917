import type { Command } from 'commander'

export interface SettingsOptions {
  readonly policySet?: string
  readonly resource?: readonly string[]
  readonly properties?: boolean
  readonly namesTasks?: boolean
  readonly takes?: boolean
}

export function addSettings(to: Command): Command {
  return to
    .option('--resource <name...>', 'what it may ask about; else every resource')
    .option('--names-tasks', 'it is believed about who calls, without token and proof')
    .option('--takes', 'it asks /v1/calls before a call runs, where budgets are taken')
    .option('--policy-set <name>', 'answer by this policy-only set and nothing else')
    .option('--properties', 'properties of its requests count')
}

/** The same for the API. A policy set makes the mode. */
export function bodyOf(options: SettingsOptions): object {
  const { namesTasks, policySet, properties, resource, takes } = options
  return {
    ...(policySet === undefined ? {} : { mode: 'policy-only', policy_set: policySet }),
    ...(resource === undefined ? {} : { resources: resource }),
    ...(properties ? { properties } : {}),
    ...(namesTasks ? { names_tasks: true } : {}),
    ...(takes ? { takes } : {}),
  }
}
