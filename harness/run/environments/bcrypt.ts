/** bcrypt (Provos and Mazières, "A Future-Adaptable Password Scheme", 1999): the one form in which Caddy takes passwords of users. Node has none. */

/** Rounds as a power of two. The least that programs take: a password of the run is random, and is checked with every request. */
const cost = 4
const order = './ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

/** @param salt 16 bytes. @returns `$2b$04$…` */
export function bcrypt(password: string, salt: Uint8Array, rounds = cost): string {
  const key = wordsOf(new TextEncoder().encode(`${password}\0`).slice(0, 72), 18)
  const salted = wordsOf(salt, 4)
  const state = startingState()
  expand(state, key, salted)
  for (let round = 0; round < 2 ** rounds; round++) {
    expand(state, key, none)
    expand(state, salted, none)
  }
  const text = wordsOf(new TextEncoder().encode('OrpheanBeholderScryDoubt'), 6)
  for (let at = 0; at < 6; at += 2)
    for (let time = 0; time < 64; time++) text.set(encrypted(state, text[at] ?? 0, text[at + 1] ?? 0), at)
  const bytes = [...text].flatMap((word) => [word >>> 24, (word >>> 16) & 255, (word >>> 8) & 255, word & 255])
  return `$2b$${String(rounds).padStart(2, '0')}$${encoded([...salt])}${encoded(bytes.slice(0, 23))}`
}

type State = { readonly p: Uint32Array; readonly s: Uint32Array }

const none = new Uint32Array(4)

/** Blowfish begins with the fraction of pi: 18 words for the rounds, then four tables of 256. */
function startingState(): State {
  pi ??= fractionOfPi(18 + 1024)
  return { p: pi.slice(0, 18), s: pi.slice(18) }
}

let pi: Uint32Array | undefined

/** Machin: pi = 16 arctan(1/5) - 4 arctan(1/239). */
function fractionOfPi(words: number): Uint32Array {
  const bits = BigInt(words * 32 + 64)
  const arctan = (inverse: bigint): bigint => {
    let power = (1n << bits) / inverse
    let sum = power
    for (let odd = 3n; power !== 0n; odd += 2n) {
      power /= -inverse * inverse
      sum += power / odd
    }
    return sum
  }
  const hexadecimal = (16n * arctan(5n) - 4n * arctan(239n) - (3n << bits))
    .toString(16)
    .padStart(Number(bits / 4n), '0')
  return Uint32Array.from({ length: words }, (_, index) =>
    Number.parseInt(hexadecimal.slice(index * 8, index * 8 + 8), 16),
  )
}

/** Bytes as words, from the start again where they end. */
function wordsOf(bytes: Uint8Array, length: number): Uint32Array {
  return Uint32Array.from({ length }, (_, word) =>
    [0, 1, 2, 3].reduce((sum, byte) => ((sum << 8) | (bytes[(word * 4 + byte) % bytes.length] ?? 0)) >>> 0, 0),
  )
}

function expand(state: State, key: Uint32Array, salt: Uint32Array): void {
  for (let index = 0; index < 18; index++) state.p[index] = (state.p[index] ?? 0) ^ (key[index % key.length] ?? 0)
  let left = 0
  let right = 0
  let at = 0
  for (const table of [state.p, state.s])
    for (let index = 0; index < table.length; index += 2) {
      ;[left, right] = encrypted(state, left ^ (salt[at % 4] ?? 0), right ^ (salt[(at + 1) % 4] ?? 0))
      table[index] = left
      table[index + 1] = right
      at += 2
    }
}

function encrypted({ p, s }: State, first: number, second: number): [number, number] {
  let left = first
  let right = second
  for (let round = 0; round < 16; round++) {
    left ^= p[round] ?? 0
    const sum = ((s[left >>> 24] ?? 0) + (s[256 + ((left >>> 16) & 255)] ?? 0)) | 0
    right ^= ((sum ^ (s[512 + ((left >>> 8) & 255)] ?? 0)) + (s[768 + (left & 255)] ?? 0)) | 0
    ;[left, right] = [right, left]
  }
  return [(right ^ (p[17] ?? 0)) >>> 0, (left ^ (p[16] ?? 0)) >>> 0]
}

/** Base64 in bcrypt's own order of letters, without padding. */
function encoded(bytes: readonly number[]): string {
  const letters: string[] = []
  for (let at = 0; at < bytes.length; at += 3) {
    const group = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0)
    const count = Math.min(4, bytes.length - at + 1)
    for (let letter = 0; letter < count; letter++) letters.push(order[(group >>> (18 - 6 * letter)) & 63] ?? '')
  }
  return letters.join('')
}
