/** Answers in chats of others: buttons in Slack. */
export { slackEndpoint } from './slack-endpoint.ts'
export { keepSlackSocket } from './slack-socket.ts'
export type { ChatParts } from './take-press.ts'
