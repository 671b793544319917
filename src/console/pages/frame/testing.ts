const ENTITIES: Readonly<Record<string, string>> = {
  '&amp;': '&',
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&#39;': "'",
  '&#96;': '`',
}

/** Text as `textContent` has it in a browser, for markup that `html` made: tags out, entities back. */
export function textContent(markup: string): string {
  return markup
    .replaceAll(/<[^>]*>/g, '')
    .replaceAll(/&(?:amp|lt|gt|quot|#39|#96);/g, (entity) => ENTITIES[entity] ?? entity)
}

/** Strings that have broken pages before. */
export const NASTY: readonly string[] = [
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  "' onmouseover='alert(1)",
  '` autofocus onfocus=alert(1)',
  '&lt;b&gt;',
  '</title></style></textarea></pre>',
  '<!--',
  ']]>',
  'javascript:alert(1)',
  'pay\u200bpal',
  '\u202egnp.exe',
  '\u2066isolate\u2069',
  'раypal',
  'ａｄｍｉｎ',
  '\u001b[31mred\u001b[0m',
  'a\u0000b',
  'line\nbreak\r\n\ttab',
  '     padded      ',
  '\u00a0\u2003\u3000',
  '\ud83d\ude00 \ufe0f',
  '\\u202e is written here',
  '\\\\u{202e}',
  'ﬁﬂ ½ ²',
  'e\u0301\u0301\u0301',
  '\u{e0041}\u{e0042}',
  'Grüße aus Köln, 東京, Ελλάδα, Москва',
]
