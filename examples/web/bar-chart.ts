import { BarController, BarElement, CategoryScale, Chart, LinearScale, Tooltip } from 'chart.js'
import { onColorsChanged, readColors } from './colors.js'
import { el } from './element.js'

Chart.register(BarController, BarElement, CategoryScale, LinearScale, Tooltip)

/** Shows how often things occur, as bars with their names. */
export function barChart (label: string, bars: Array<{ name: string, count: number }>, signal: AbortSignal): HTMLElement {
  const said = bars.map(({ name, count }) => `${name} ${count}`).join(', ')
  const canvas = el('canvas', { role: 'img', 'aria-label': `${label}: ${said}` })
  const element = el('div', { class: 'chart bars' }, canvas)
  element.style.height = `${bars.length * 28 + 32}px`

  const chart = new Chart(canvas, {
    type: 'bar',
    data: { labels: bars.map(({ name }) => short(name)), datasets: [{ data: bars.map(({ count }) => count), borderRadius: 4, maxBarThickness: 16 }] },
    options: {
      animation: false,
      indexAxis: 'y',
      maintainAspectRatio: false,
      scales: {
        x: { ticks: { maxTicksLimit: 5, precision: 0 } },
        y: { grid: { display: false }, ticks: { autoSkip: false } }
      },
      plugins: { tooltip: { displayColors: false } }
    }
  })

  const paint = (): void => {
    const colors = readColors()
    for (const data of chart.data.datasets) data.backgroundColor = colors.accent
    for (const [axis, scale] of Object.entries(chart.options.scales ?? {})) {
      if (scale === undefined) continue
      scale.ticks = { ...scale.ticks, color: axis === 'y' ? colors.ink : colors.faint }
      scale.grid = { ...scale.grid, color: colors.line }
      scale.border = { color: colors.line }
    }
    chart.update('none')
  }
  paint()
  onColorsChanged(paint, signal)
  signal.addEventListener('abort', () => { chart.destroy() })
  return element
}

function short (name: string): string {
  return name.length > 16 ? `${name.slice(0, 15)}…` : name
}
