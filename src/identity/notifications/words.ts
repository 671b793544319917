import { writeOutHidden } from '../../platform/lib/text/hidden.ts'
import { cut, visible } from '../../platform/lib/text/visible.ts'
import type { AnnouncedFact } from './announcement.ts'
import type { Notification } from './channel.ts'

/** Characters of a value; the page shows all of it. */
const MAX_VALUE = 300

/** Title of a message: Remit's own words. */
export function notificationTitle({ announcements, more }: Notification): string {
  const count = announcements.length + more
  const [first] = announcements
  return count === 1 && first ? first.title : `${count} things wait for you`
}

export function linkOf(issuer: string, message: Notification): string {
  return issuer + messagePath(message)
}

/** Path of the page that a message leads to: of the one thing that it tells, or the list. */
export function messagePath({ announcements, more }: Notification): string {
  const [first] = announcements
  return announcements.length + more === 1 && first ? first.path : '/approvals'
}

export function factValue({ foreign, value }: AnnouncedFact): string {
  return foreign ? unlinkedLine(value) : visible(value)
}

/** Value that an agent chose: one line, nothing hidden in it, no link, not too long. */
export function unlinkedLine(value: string): string {
  return unlinked(inRuns(visible(shortened(value))))
}

/** Sentence of an announcement, in the same way: characters already written out in it stay as they are. */
export function shownSentence(sentence: string): string {
  return unlinked(shortened(inRuns(writeOutHidden(sentence))))
}

function shortened(text: string): string {
  const short = cut(text, MAX_VALUE)
  return short === text ? text : `${short}…`
}

/** Three and more of one escape. A backslash that was sent stands doubled, so none of it begins one. */
const RUN = /(\\u\{[0-9a-f]+\})\1{2,}/g

/** Escapes of a hidden character that repeats, as one with its count: `\u{200b}×40`. */
function inRuns(text: string): string {
  return text.replaceAll(RUN, (run, one: string) => `${one}×${run.length / one.length}`)
}

/**
 * Text that a program makes no link of: a value that an agent chose must not send people anywhere. `https://evil.example/x`
 * becomes `https[:]//evil[.]example/x`, and addresses of people stay as they are.
 */
function unlinked(text: string): string {
  return text
    .replaceAll(/:\/\//g, '[:]//')
    .replaceAll(BARE_HOST, (host) => host.replaceAll('.', '[.]'))
}

/** Labels with dots between them, the last of letters, and no `@` before. */
const BARE_HOST = /(?<![\p{L}\p{N}.@_-])(?:[\p{L}\p{N}_-]+\.)+\p{L}{2,}(?![\p{L}\p{N}_-])/gu
