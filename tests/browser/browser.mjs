/** Chromium without a display. Whatever goes wrong inside a page, seen or not, is a fault of the run. */
import { chromium } from 'playwright-core'
import { look } from './look.mjs'

const ARGUMENTS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** How long anything on a page may take: the machine may be busy with other tests. */
const PATIENCE_MS = 20_000

/** A page that fetches one thing after another has a frame or two between them. */
const FRAMES_AT_REST = 4

/** Answers that a page asks for knowing that they may come. */
const USUAL = [
  [401, '/api/me'],
  [404, '/api/demo'],
  // The stream of changes ends with the sign-in.
  [401, '/api/events'],
]

export class Browser {
  /** What went wrong in any page. */
  faults = []
  #chromium
  #base
  #expected = [...USUAL]
  /** What each page still waits for. */
  #awaited = new WeakMap()

  static async launch(base) {
    const browser = new Browser()
    browser.#base = base
    browser.#chromium = await chromium.launch({
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      args: ARGUMENTS,
    })
    return browser
  }

  /** A page with cookies of its own, as on a machine of its own. */
  async page(options = {}) {
    const context = await this.#chromium.newContext({
      baseURL: this.#base,
      viewport: { width: 1280, height: 860 },
      locale: 'en-GB',
      timezoneId: 'UTC',
      acceptDownloads: true,
      ...options,
    })
    context.setDefaultTimeout(PATIENCE_MS)
    await context.addInitScript(tellViolations)
    const page = await context.newPage()
    this.#listen(page)
    return page
  }

  /** From now on this answer is no fault: the walk provokes it. */
  expects(status, path) {
    this.#expected.push([status, path])
  }

  /** Waits until a page has nothing more to fetch, and has drawn it. */
  async rests(page) {
    const awaited = this.#awaited.get(page)
    const deadline = Date.now() + PATIENCE_MS
    for (let quiet = 0; quiet < FRAMES_AT_REST; quiet = awaited.size === 0 ? quiet + 1 : 0) {
      if (Date.now() > deadline) throw new Error(`waits still for ${[...awaited].map((request) => request.url()).join(', ')}`)
      await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))))
    }
  }

  /** Judges a page where a walk has come to, in both schemes: such states no address leads to. */
  async looks(page, name) {
    for (const scheme of ['dark', 'light']) this.faults.push(...(await look(page, name, scheme)))
  }

  /** The words on every open page, to see by where a walk failed. */
  async shown() {
    const pages = this.#chromium.contexts().flatMap((context) => context.pages())
    return Promise.all(pages.map(async (page) => `--- ${page.url()}\n${await page.locator('main').innerText({ timeout: 2_000 }).catch(String)}`))
  }

  async close() {
    await this.#chromium.close()
  }

  #listen(page) {
    const awaited = new Set()
    this.#awaited.set(page, awaited)
    page.on('request', (request) => request.resourceType() !== 'eventsource' && awaited.add(request))
    page.on('requestfinished', (request) => awaited.delete(request))
    const fault = (what) => this.faults.push(`${new URL(page.url()).pathname}: ${what}`)
    page.on('pageerror', (error) => fault(`uncaught ${error.stack ?? error}`))
    page.on('console', (message) => {
      const text = message.text()
      // What was answered is judged by its status, below.
      if (message.type() === 'error' && !text.startsWith('Failed to load resource')) fault(`console: ${text}`)
    })
    page.on('response', (response) => {
      const { pathname } = new URL(response.url())
      const isExpected = this.#expected.some(([status, path]) => status === response.status() && pathname.startsWith(path))
      if (response.status() >= 400 && !isExpected) fault(`${response.status()} for ${response.request().method()} ${pathname}`)
    })
    page.on('requestfailed', (request) => {
      awaited.delete(request)
      const why = request.failure()?.errorText ?? ''
      // A page that is left gives up what it was asking for.
      if (why !== 'net::ERR_ABORTED') fault(`${why} for ${request.url()}`)
    })
    page.on('request', (request) => {
      const { protocol, hostname } = new URL(request.url())
      if (protocol.startsWith('http') && hostname !== new URL(this.#base).hostname) fault(`asked elsewhere: ${request.url()}`)
    })
  }
}

/** In the page: what the content security policy forbids is said on the console. */
function tellViolations() {
  document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI, sourceFile, lineNumber }) =>
    console.error(`content security policy: ${violatedDirective} ${blockedURI} at ${sourceFile}:${lineNumber}`),
  )
}
