/**
 * Pages about stand-ins: who answers for a person who is away, when, and how it is ended.
 * They stand in the frame of all pages, and are registered beside those.
 */
export { addStandIns } from './stand-in-routes.ts'
