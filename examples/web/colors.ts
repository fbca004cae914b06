import { Chart } from 'chart.js'

export interface Colors {
  ink: string
  faint: string
  line: string
  accent: string
  good: string
  bad: string
}

Chart.defaults.font.family = getComputedStyle(document.body).fontFamily

const dark = matchMedia('(prefers-color-scheme: dark)')

/** The colours of style.css, each as #rrggbb, for what is painted on a canvas. */
export function readColors (): Colors {
  const style = getComputedStyle(document.documentElement)
  const color = (name: string): string => style.getPropertyValue(`--${name}`).trim()
  return { ink: color('ink'), faint: color('faint'), line: color('line'), accent: color('accent'), good: color('good'), bad: color('bad') }
}

/** Calls back when the visitor changes between light and dark. */
export function onColorsChanged (callback: () => void, signal: AbortSignal): void {
  dark.addEventListener('change', callback, { signal })
}
