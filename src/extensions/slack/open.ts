import type { Secret } from '../../platform/lib/secret.ts'
import type { ModuleGround, OpenModule } from '../module.ts'
import { channelQuestion } from './channel-question.ts'
import type { SLACK_SETTINGS } from './settings.ts'
import { SlackApp } from './slack-app.ts'
import { slackEndpoint } from './slack-endpoint.ts'
import { keepSlackSocket } from './slack-socket.ts'

export function openSlack(
  { master, messages, settings }: ModuleGround<typeof SLACK_SETTINGS>,
  token: Secret,
): OpenModule {
  const { issuer, slackApiUrl, slackAppToken, slackSigningSecret } = settings
  const answers = slackAppToken !== undefined || slackSigningSecret !== undefined
  const slack = new SlackApp({
    ...{ issuer, master, token, answers, apiUrl: slackApiUrl },
    outbound: messages,
  })
  return {
    hooks: { questionOf: channelQuestion },
    channels: [slack.kind],
    routes: ({ decisions }, { onError }) =>
      slackSigningSecret
        ? [slackEndpoint({ ...decisions, slack, onError }, slackSigningSecret)]
        : [],
    work: ({ decisions }, onError) =>
      slackAppToken ? [keepSlackSocket({ ...decisions, slack, onError }, slackAppToken)] : [],
  }
}
