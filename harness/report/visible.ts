/**
 * Control characters as what they are called (`\\x1b`), so that evidence can move neither a terminal's cursor nor a reader's eye.
 * Line ends and tabs stay.
 */
export function visible(text: string): string {
  return text.replace(/\p{Cc}|[\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu, (character) => {
    if (character === '\n' || character === '\t' || character === '\r') return character
    const code = character.charCodeAt(0)
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`
  })
}
