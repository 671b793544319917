import type { Module } from '../module.ts'
import { SlackProblem } from './problems.ts'
import { SLACK_SETTINGS } from './settings.ts'

/** An app in a workspace of Slack tells people, and takes the answers that they give by its buttons. */
export const SLACK: Module<typeof SLACK_SETTINGS> = {
  name: 'slack',
  settings: SLACK_SETTINGS,
  problems: SlackProblem.declared,
  open: async (ground) =>
    ground.settings.slackBotToken === undefined
      ? {}
      : (await import('./open.ts')).openSlack(ground, ground.settings.slackBotToken),
}
