/** A grade's letter as it looks everywhere: never by colour alone. */
import { type Letter, letters } from '../../judge/grade.ts'
import type { Status } from '../../judge/status.ts'
import { letterWords } from '../grades.ts'
import { html, type Markup } from './markup.ts'

const looks: Readonly<Record<Letter, Status>> = {
  A: 'pass',
  B: 'info',
  C: 'warn',
  D: 'known-failure',
  E: 'fail',
  F: 'fail',
  '?': 'blocked',
}

export function letterMark(letter: Letter): Markup {
  return html`<span class=${`letter ${looks[letter]}`} title=${letterWords[letter]}><i>Grade </i>${letter}</span>`
}

export const letterRows = letters.map((letter) => [letter, letterWords[letter]] as const)
