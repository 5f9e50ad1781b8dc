/** Mistakes with the signed assertion of the user. */
import type { HeaderLine } from '../../plan/case.ts'
import { assertionHeader } from '../assertion.ts'
import { valuesOf } from '../header-lines.ts'
import { assertSigned, type StepContext } from '../header-steps.ts'
import { type Mutant, mutant, stepsWith } from './mutant.ts'

const ofClient = ({ request }: StepContext): HeaderLine[] =>
  valuesOf(assertionHeader, request.headers).map((value) => [assertionHeader, value])

/** Signed with another content than the correct proxy's. */
const made = (changes: (context: StepContext) => Parameters<StepContext['settings']['assertions']['of']>[1]) =>
  stepsWith(assertSigned, (lines, context) => {
    const { user, settings } = context
    return user?.email ? [...lines, [assertionHeader, settings.assertions.of(user.email, changes(context))]] : lines
  })

export const assertionMutants: readonly Mutant[] = [
  mutant(
    'assertion-beside',
    'The signed assertion is added beside the client’s own, so two lines arrive.',
    stepsWith(assertSigned, (lines, context) => [...assertSigned(lines, context), ...ofClient(context)]),
  ),
  mutant(
    'assertion-client-first',
    'The signed assertion is set only if it is absent, so the client’s own stays.',
    stepsWith(assertSigned, (lines, context) => {
      const [received] = ofClient(context)
      return received ? [...lines, received] : assertSigned(lines, context)
    }),
  ),
  mutant(
    'assertion-through',
    'The client’s assertion is removed only where the proxy sets its own, and not on exempt routes.',
    stepsWith(assertSigned, (lines, context) =>
      context.user ? assertSigned(lines, context) : [...lines, ...ofClient(context)],
    ),
  ),
  mutant('assertion-unsigned', 'The assertion has the algorithm none, so everybody can make one.', {
    ...made(() => ({ signed: false })),
  }),
  mutant('assertion-audience', 'All routes share one audience, so one service’s assertion is good for another.', {
    ...made(({ settings }) => ({ audience: settings.gateway })),
  }),
  mutant('assertion-expired', 'An assertion is kept with the session and sent when it has expired.', {
    ...made(() => ({ lifetimeSeconds: -3600 })),
  }),
  mutant(
    'assertion-day',
    'An assertion is valid for a day, so a copy in a log is as good as the session.',
    made(() => ({ lifetimeSeconds: 86_400 })),
    { level: 'should' },
  ),
]
