import { Chart, Filler, LinearScale, LineController, LineElement, PointElement, Tooltip } from 'chart.js'
import { onColorsChanged, readColors } from './colors.js'
import { el } from './element.js'

Chart.register(Filler, LinearScale, LineController, LineElement, PointElement, Tooltip)

export interface Mood {
  /** Where in the text, in percent. */
  position: number
  /** -1 to 1. */
  score: number
}

export interface SentimentChart {
  element: HTMLElement
  show (moods: Mood[]): void
}

/**
 * Shows the sentiment along the text. The axis is complete from the beginning, so that the visitor sees how much is to
 * come.
 */
export function createSentimentChart (signal: AbortSignal): SentimentChart {
  const canvas = el('canvas', { role: 'img', 'aria-label': 'Sentiment along the text: nothing was read yet' })
  const element = el('div', { class: 'chart' }, canvas)
  const still = matchMedia('(prefers-reduced-motion: reduce)').matches

  const chart = new Chart<'line', Array<{ x: number, y: number }>>(canvas, {
    type: 'line',
    data: { datasets: [{ data: [], borderWidth: 2, tension: 0.3, pointRadius: 2, pointHoverRadius: 5, fill: 'origin' }] },
    options: {
      animation: still ? false : { duration: 300 },
      maintainAspectRatio: false,
      interaction: { mode: 'nearest', axis: 'x', intersect: false },
      scales: {
        x: { type: 'linear', min: 0, max: 100, ticks: { stepSize: 25, callback: value => `${value} %` } },
        y: { suggestedMin: -0.3, suggestedMax: 0.3, ticks: { maxTicksLimit: 5, callback: value => moodOf(Number(value)) } }
      },
      plugins: {
        tooltip: {
          displayColors: false,
          callbacks: {
            title: ([item]) => `${item?.parsed.x} % of the text`,
            label: ({ parsed: { y } }) => `Sentiment ${(y ?? 0).toFixed(2)}`
          }
        }
      }
    }
  })

  const paint = (): void => {
    const colors = readColors()
    const [line] = chart.data.datasets
    if (line !== undefined) {
      line.borderColor = line.pointBackgroundColor = colors.accent
      line.fill = { target: 'origin', above: `${colors.good}38`, below: `${colors.bad}38` }
    }
    for (const scale of Object.values(chart.options.scales ?? {})) {
      if (scale === undefined) continue
      scale.ticks = { ...scale.ticks, color: colors.faint }
      scale.grid = { color: colors.line }
      scale.border = { color: colors.line }
    }
    chart.update('none')
  }
  paint()
  onColorsChanged(paint, signal)
  signal.addEventListener('abort', () => { chart.destroy() })

  return {
    element,
    show (moods) {
      const [line] = chart.data.datasets
      if (line === undefined || line.data.length === moods.length) return
      line.data = moods.map(({ position, score }) => ({ x: position, y: score }))
      chart.update()
      canvas.setAttribute('aria-label', summary(moods))
    }
  }
}

function moodOf (score: number): string {
  return score === 0 ? 'neutral' : score > 0 ? `+${score}` : String(score).replace('-', '−')
}

/** What the chart shows, in words. */
function summary (moods: Mood[]): string {
  const last = moods.at(-1)
  if (last === undefined) return 'Sentiment along the text: nothing was read yet'
  const highest = moods.reduce((best, mood) => mood.score > best.score ? mood : best)
  const lowest = moods.reduce((worst, mood) => mood.score < worst.score ? mood : worst)
  return `Sentiment along the text, read up to ${last.position} %: brightest at ${highest.position} % with ${highest.score}, darkest at ${lowest.position} % with ${lowest.score}`
}
