/** How long steps look: a live line on a terminal, plain lines with elapsed time everywhere else. Always on stderr. */
import { styleText } from 'node:util'
import ora from 'ora'
import type { Progress } from '../lab/progress.ts'

const seconds = (since: number) => `${((performance.now() - since) / 1000).toFixed(1)} s`

type Active = { readonly title: string; readonly since: number; detail: string }

export type TerminalProgress = Progress &
  Disposable & { /** Replaces the live line's tail, e.g. counts of cells. */ readonly status: (text: string) => void }

/** @param stream where it goes; colour and the live line only when it is a terminal (`NO_COLOR` is honoured by Node). */
export function terminalProgress(stream: NodeJS.WriteStream = process.stderr): TerminalProgress {
  const live = stream.isTTY === true && process.env.CI === undefined
  const active = new Set<Active>()
  const spinner = ora({ stream, isEnabled: live, discardStdin: false })
  let status = ''

  const refresh = () => {
    const steps = [...active].map((step) => `${step.title}${step.detail && ` ${step.detail}`} ${seconds(step.since)}`)
    spinner.text = [...steps, status]
      .filter(Boolean)
      .join(' · ')
      .slice(0, (stream.columns ?? 80) - 4)
  }
  const ticking = live ? setInterval(refresh, 200).unref() : undefined
  const line = (text: string) => {
    if (live && spinner.isSpinning) spinner.clear()
    stream.write(`${text}\n`)
    if (live && spinner.isSpinning) spinner.render()
  }
  const paint = (format: Parameters<typeof styleText>[0], text: string) => styleText(format, text, { stream })

  return {
    async step(title, work) {
      const step: Active = { title, since: performance.now(), detail: '' }
      active.add(step)
      if (live) {
        refresh()
        if (!spinner.isSpinning) spinner.start()
      } else line(`- ${title} …`)
      const end = (mark: string) => {
        active.delete(step)
        if (live && active.size === 0 && status === '') spinner.stop()
        line(`${mark} ${title}${step.detail && `: ${step.detail}`} ${paint('dim', `(${seconds(step.since)})`)}`)
      }
      try {
        const result = await work((text) => {
          step.detail = text
          if (live) refresh()
        })
        end(paint('green', '✔'))
        return result
      } catch (error) {
        end(paint('red', '✘'))
        throw error
      }
    },
    note: line,
    status(text) {
      status = text
      if (!live) return
      refresh()
      if (text !== '' && !spinner.isSpinning) spinner.start()
      if (text === '' && active.size === 0) spinner.stop()
    },
    [Symbol.dispose]() {
      clearInterval(ticking)
      spinner.stop()
    },
  }
}
