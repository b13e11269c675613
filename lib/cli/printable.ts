/**
 * What can steer a terminal, or let text look like something else: control characters, line breaks, changes of direction, what
 * is not seen, and halves of characters. The two joiners are part of how some languages are written.
 */
const UNPRINTABLE = /[[\p{C}\p{Zl}\p{Zp}]--[\u200c\u200d]]/gv

/** The same behind a colour or weight as ECMA-48 writes it (SGR), which is found as a whole. */
const STYLE_OR_UNPRINTABLE = new RegExp(`\\u001b\\[\\d+m|${UNPRINTABLE.source}`, 'gv')

/**
 * Makes text fit to be one line on a terminal: line breaks and tabs become spaces, what else is not printable U+FFFD.
 * @param isOurs tells the sequences for colours and weights that are our own, and stay
 */
export function printable(text: string, isOurs: (sequence: string) => boolean = () => false): string {
  return text.replace(STYLE_OR_UNPRINTABLE, (found) =>
    isOurs(found)
      ? found
      : found.replace(UNPRINTABLE, (character) => (/\s/.test(character) ? ' ' : '\ufffd')),
  )
}

/** The same JSON, in which nothing can steer a terminal. Line breaks must not stand between its tokens. */
export function printableJson(json: string): string {
  return json.replace(UNPRINTABLE, (character) =>
    Array.from({ length: character.length }, (_, index) => escapeUnit(character.charCodeAt(index))).join(''),
  )
}

function escapeUnit(unit: number): string {
  return String.raw`\u${unit.toString(16).padStart(4, '0')}`
}
