/**
 * Letters of other alphabets that look like a Latin one (Unicode's confusables, as far as names of fields go): pairs of the letter and
 * what it is taken for.
 */
const TWINS: ReadonlyMap<string, string> = new Map(
  (
    'АAВBЕEЅSІIЈJКKМMНHОOРPСCТTУYХXҮYԌGԚQԜWӀI аaвbеeѕsіiјjкkмmнhоoрpсcтtуyхxһhԁdԛqԝwҽeгrпnьb ' +
    'ΑAΒBΕEΖZΗHΙIΚKΜMΝNΟOΡPΤTΥYΧX αaβbγyεeηnιiκkμuνvοoρpσoτtυuχxωw ' +
    'ɑaɡgɩiıiʟlɴnʀrꜱsᴀaᴄcᴅdᴇeᴊjᴋkᴍmᴏoᴘpᴛtᴜuᴠvᴡwᴢzƅbɋqʏy օoսuոnհhցgԼlՕOՍUտm'
  )
    .replaceAll(' ', '')
    .match(/../gu)
    ?.map((pair): [string, string] => [pair[0] ?? '', pair[1] ?? '']) ?? [],
)

/** A name with Latin letters in place of those that look like them. One step for each character. */
export function plainLetters(name: string): string {
  let plain = ''
  for (const letter of name) plain += TWINS.get(letter) ?? letter
  return plain
}
