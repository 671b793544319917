import { Secret } from '../../platform/lib/secret.ts'
import { optional } from '../../platform/lib/setting.ts'

export const SLACK_SETTINGS = {
  slackBotToken: optional(
    'REMIT_SLACK_BOT_TOKEN',
    'Token of a Slack app, `xoxb-…`, with the scope `chat:write`. People then add their own account and get direct messages. Not set: off.',
    readSlackToken,
  ),
  slackSigningSecret: optional(
    'REMIT_SLACK_SIGNING_SECRET',
    'Signing secret of that app. People then answer calls of low and medium risk by buttons in Slack, which posts each press to `/chat/slack`. Not set: messages have no buttons, unless REMIT_SLACK_APP_TOKEN is set.',
    readSigningSecret,
  ),
  slackAppToken: optional(
    'REMIT_SLACK_APP_TOKEN',
    'Token of that app, `xapp-…`, with the scope `connections:write`. Turns on the same buttons, whose presses come over a connection that Remit opens (Socket Mode): nothing has to be reachable from outside. Not set: off.',
    readAppToken,
  ),
  slackApiUrl: optional(
    'REMIT_SLACK_API_URL',
    'API of Slack, if it is another than `https://slack.com/api/`: for GovSlack `https://slack-gov.com/api/`. A server in your own network has to be in REMIT_WEBHOOK_ORIGINS.',
    readSlackApi,
  ),
} as const

function readSlackToken(value: string): Secret {
  if (!/^xoxb-[\w-]{10,250}$/.test(value)) throw new Error('is not a bot token, `xoxb-…`')
  return new Secret(value)
}

function readAppToken(value: string): Secret {
  if (!/^xapp-[\w-]{10,250}$/.test(value)) throw new Error('is not an app-level token, `xapp-…`')
  return new Secret(value)
}

function readSigningSecret(value: string): Secret {
  if (!/^[\w-]{16,128}$/.test(value)) throw new Error('is not a signing secret')
  return new Secret(value)
}

function readSlackApi(value: string): string {
  const url = URL.parse(value)
  if (!url || !/^https?:$/.test(url.protocol) || !/^[^?#@]*\/$/.test(value))
    throw new Error('is not an address such as `https://slack.com/api/`')
  return value
}
