import type { Findings } from '../../cedar/index.ts'
import type { ReadPiece } from '../read-piece.ts'

/** Templates that no link uses: they decide nothing. */
export function warnOfTemplates(
  pieces: Iterable<ReadPiece>,
  found: Pick<Findings, 'warning'>,
): void {
  const all = [...pieces]
  const used = new Set(all.flatMap(({ linked }) => linked?.template.id ?? []))
  for (const { id, piece, policy } of all) {
    if (policy || id === undefined || used.has(id)) continue
    const help = 'link it, as in `link (template == "…", ?principal == Group::"…")`, or remove it'
    found.warning(id, piece.start, 'is a template that no link uses, so it decides nothing', help)
  }
}
