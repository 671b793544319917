/** A file that became part of a published text, and the line of the text that it begins in (from 1). */
export type SourceFile = { readonly file: string; readonly line: number }

/** Finds where a line of the text stands in the files; in the text itself when nobody said. */
export function placeOf(
  files: readonly SourceFile[],
  line: number,
): { readonly file: string | undefined; readonly line: number } {
  const found = files.findLast((each) => each.line <= line)
  return { file: found?.file, line: line - (found?.line ?? 1) + 1 }
}
