import { readFile } from 'node:fs/promises'

/**
 * Reads from the page of a problem what to do, the first paragraph or the first point of the list:
 * the page is the only place where that is written. `undefined` when there is no such page here.
 */
export async function whatToDo(code: string): Promise<string | undefined> {
  if (!/^[a-z_]+(?:\.[a-z_]+)+$/.test(code)) return undefined
  const page = new URL(`../../../docs/problems/${code}.md`, import.meta.url)
  const text = await readFile(page, 'utf8').catch(() => '')
  const advice = text.split('\n## What to do\n')[1]?.split('\n## ')[0]
  const [paragraph] = advice?.trim().split(/\n\s*\n|\n(?=- )/) ?? []
  return paragraph ? plainParagraph(paragraph) : undefined
}

/** Markdown links without their addresses, lines joined. */
function plainParagraph(paragraph: string): string {
  return paragraph
    .replace(/^- /, '')
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replaceAll(/\s*\n\s*/g, ' ')
    .replaceAll('**', '')
}
