/** Questions that are answered in a channel: what a message says of them. */
export { channelQuestion } from './channel-question.ts'
export { timedQuestions } from './timed-questions.ts'
