/** Questions that are answered in a channel: what a message says of them, and the press of a button. */
export { answerInSlack, isFirstDelivery, type SlackAnswerParts } from './answer-in-slack.ts'
export { channelQuestion } from './channel-question.ts'
export { timedQuestions } from './timed-questions.ts'
export { type UnusualFacts, unusualIn } from './unusual.ts'
