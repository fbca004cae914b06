import { join } from 'node:path'
import { chromium, type Browser, type BrowserContext, type BrowserContextOptions, type Page } from 'playwright-core'
import type { Test } from 'tap'
import { findOnPath } from '../../scripts/server-process.mjs'

/** Starts the system's Chromium, which ends with the test. */
export async function startBrowser (t: Test): Promise<Browser> {
  const directory = findOnPath('chromium')
  if (directory === undefined) throw new Error('There is no chromium on the PATH: npm test installs it where it may')
  // Its sandbox does not work for root.
  const browser = await chromium.launch({ executablePath: join(directory, 'chromium'), chromiumSandbox: process.getuid?.() !== 0 })
  t.teardown(() => browser.close())
  return browser
}

/** A visitor of their own, with nothing remembered. What goes wrong in their pages fails the test. */
export async function visit (t: Test, browser: Browser, options: BrowserContextOptions = {}): Promise<BrowserContext> {
  const context = await browser.newContext({ reducedMotion: 'reduce', viewport: { width: 1280, height: 900 }, ...options })
  t.teardown(() => context.close())
  context.setDefaultTimeout(40_000)
  context.on('weberror', error => { t.fail(`in the page: ${error.error().stack}`) })
  return context
}

export async function openPage (context: BrowserContext, url: string): Promise<Page> {
  const page = await context.newPage()
  await page.goto(url)
  return page
}
