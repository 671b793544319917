// Names of types of one word: a noun. Words that are a participle, a preposition or a pronoun are found by their end, and by lists.
const DECLARATION =
  /^\s*(?:export )?(?:declare )?(?:abstract )?(?:type|interface|class) ([A-Z][a-z0-9]*)(?=\s*(?:[<={]|extends |implements ))/gm

const PARTICIPLE = /[aeiouy]\w*ing$|[^e]ed$/i
/** Nouns of the field that end like a participle; and the error that applications know by this name in every SDK. */
const NOUNS = new Set(
  'Binding Bookkeeping Denied Ending Finding Footing Mapping Meaning Opening Reading Setting'.split(
    ' ',
  ),
)
const IRREGULAR =
  /^(?:un|over|mis|re|fore)?(?:begun|brought|built|caught|chosen|dealt|done|drawn|driven|found|frozen|given|gone|had|heard|held|hidden|kept|known|left|lent|lost|made|meant|met|paid|proven|ran|read|said|seen|sent|shown|sold|sought|spent|spoken|stolen|taken|told|torn|understood|withdrawn|withheld|won|written)$/i
const FUNCTION_WORD =
  /^(?:about|above|after|again|against|alone|among|around|at|before|behind|below|beside|between|beyond|by|during|elsewhere|ever|for|from|how|in|inside|into|nothing|of|off|on|others|out|over|several|since|through|to|toward|under|until|what|when|where|which|who|whom|whose|why|with|within|without)$/i

/** Lists the types of a text whose name is one word and no noun. */
export function wrongTypeNames(text: string): string[] {
  return [...text.matchAll(DECLARATION)].map(([, name = '']) => name).filter(isNoNoun)
}

function isNoNoun(name: string): boolean {
  if (IRREGULAR.test(name) || FUNCTION_WORD.test(name)) return true
  return PARTICIPLE.test(name) && !NOUNS.has(name)
}
