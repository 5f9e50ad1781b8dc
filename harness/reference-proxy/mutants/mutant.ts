/** What a broken reference proxy is, and how its file says so. */
import type { Level } from '../../plan/case.ts'
import { decide } from '../access.ts'
import { type Behaviour, correct } from '../behaviour.ts'
import { correctSteps, type HeaderStep, stripUntrusted } from '../header-steps.ts'
import type { AuthAnswer, User } from '../request.ts'

export type Mutant = {
  readonly name: string
  /** The real mistake that it stands for, in one sentence. */
  readonly mistake: string
  /** The level of the cases that forbid it: not every mistake gives access by itself. */
  readonly level: Level
  /** `total`: it lets everything through or refuses everything, so that it proves little of a case that names no other mutant. */
  readonly scope: 'specific' | 'total'
  /** `named-cases`: it shows only in certain sequences of requests, so only the cases that name it are run on it. */
  readonly runs: 'every-case' | 'named-cases'
  readonly behaviour: Behaviour
}

type About = Partial<Pick<Mutant, 'level' | 'scope' | 'runs'>>

export function mutant(name: string, mistake: string, changes: Partial<Behaviour>, about: About = {}): Mutant {
  const { level = 'must', scope = 'specific', runs = 'every-case' } = about
  return { name, mistake, level, scope, runs, behaviour: { ...correct, ...changes } }
}

/** The correct steps with one of them replaced. */
export function stepsWith(step: HeaderStep, replacement: HeaderStep): Pick<Behaviour, 'steps'> {
  return { steps: correctSteps.map((other) => (other === step ? replacement : other)) }
}

/** The correct steps, but header lines for which `kept` holds are not stripped. */
export function stripsAllBut(kept: (name: string) => boolean): Pick<Behaviour, 'steps'> {
  return stepsWith(stripUntrusted, (lines, context) =>
    lines.filter((line) => kept(line[0]) || stripUntrusted([line], context).length > 0),
  )
}

/** Access for users whose e-mail claim is missing or unusable as well. */
export function admitWithoutClaim(answer: AuthAnswer, exempt: boolean) {
  return answer.kind === 'user' && !exempt ? ({ kind: 'forward', user: answer.user } as const) : decide(answer, exempt)
}

/** A user whom the correct proxy would let through, but with another address. */
export function withEmail(user: User, email: string): User {
  return { ...user, email }
}
