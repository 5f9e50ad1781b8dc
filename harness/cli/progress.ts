/** How long steps look: a live line on a terminal, plain lines with elapsed time everywhere else. Always on stderr. */
import { styleText } from 'node:util'
import type { Progress } from '../lab/progress.ts'
import { oneLine, quoted } from '../report/visible.ts'

const seconds = (since: number) => `${((performance.now() - since) / 1000).toFixed(1)} s`
const clearLine = '\r\u001b[2K'

type Active = { readonly title: string; readonly since: number; detail: string }

export type TerminalProgress = Progress &
  Disposable & { /** Replaces the live line's tail, e.g. counts of cells. */ readonly status: (text: string) => void }

/** @param stream where it goes; colour and the live line only when it is a terminal (`NO_COLOR` is honoured by Node). */
export function terminalProgress(stream: NodeJS.WriteStream = process.stderr): TerminalProgress {
  const live = stream.isTTY === true && process.env.CI === undefined && process.env.TERM !== 'dumb'
  const active = new Set<Active>()
  let status = ''

  const refresh = () => {
    if (!live) return
    const steps = [...active].map((step) => `${step.title}${step.detail && ` ${step.detail}`} ${seconds(step.since)}`)
    const text = oneLine([...steps, status].filter(Boolean).join(' · '))
    stream.write(`${clearLine}${text.slice(0, (stream.columns ?? 80) - 1).toWellFormed()}`)
  }
  const ticking = live ? setInterval(refresh, 200).unref() : undefined
  const line = (text: string) => {
    stream.write(`${live ? clearLine : ''}${text}\n`)
    refresh()
  }
  const paint = (format: Parameters<typeof styleText>[0], text: string) => styleText(format, text, { stream })

  return {
    async step(title, work) {
      const step: Active = { title, since: performance.now(), detail: '' }
      active.add(step)
      if (live) refresh()
      else line(`- ${quoted(title)} …`)
      const end = (mark: string) => {
        active.delete(step)
        const detail = step.detail && `: ${step.detail}`
        line(`${mark} ${quoted(`${title}${detail}`)} ${paint('dim', `(${seconds(step.since)})`)}`)
      }
      try {
        const result = await work((text) => {
          step.detail = text
          refresh()
        })
        end(paint('green', '✔'))
        return result
      } catch (error) {
        end(paint('red', '✘'))
        throw error
      }
    },
    note: (text) => line(quoted(text)),
    status(text) {
      status = text
      refresh()
    },
    [Symbol.dispose]() {
      clearInterval(ticking)
      if (live) stream.write(clearLine)
    },
  }
}
