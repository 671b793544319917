// A task at the desk, an MCP server behind Remit's gateway, for every client of MCP.
import { readFile } from 'node:fs/promises'
import { openTask, type Task } from 'remit-sdk'
import { idToken } from './sign-in.ts'

export const desk = new URL(`${process.env.REMIT_GATEWAY ?? 'http://127.0.0.1:7481'}/desk`)

/** Opens one task for one conversation: which tools the agent may call, and what for. */
export async function openDeskTask(): Promise<Task> {
  return openTask({
    issuer: process.env.REMIT_ISSUER ?? 'http://127.0.0.1:7480',
    agent: { id: 'refund-bot', key: JSON.parse(await readFile('refund-bot.jwk', 'utf8')) },
    subjectToken: idToken,
    purpose: 'tell a customer about wet books',
    details: [{ locations: [desk.href], actions: ['desk.search-notes', 'desk.send-message'] }],
    onConsent: ({ interactionUri }) => console.log(`Please agree: ${interactionUri}`),
  })
}
