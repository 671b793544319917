/** JSON Pointer (RFC 6901) from an object to one of its members: `/name`. */
export function pointerTo(name: string): string {
  return `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`
}

/** One token of a pointer as the name it stands for (RFC 6901 section 4). */
export function unescaped(token: string): string {
  return token.replaceAll('~1', '/').replaceAll('~0', '~')
}

/** Pointer to one member of lists: each `*` becomes the next index. */
export function memberPointer(pattern: string, indices: readonly number[]): string {
  let next = 0
  return pattern.replaceAll(/(?<=\/)\*(?=\/|$)/g, (star) => String(indices[next++] ?? star))
}
