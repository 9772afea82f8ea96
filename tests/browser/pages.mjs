/**
 * Goes over every page of every desk of the demo, in both schemes and at two widths: rules of accessibility, overflow,
 * errors; pictures into the folder that PICTURES names.
 *
 *   node pages.mjs http://127.0.0.1:8080
 */
import { Browser } from './browser.mjs'
import { DESKS } from './desks.mjs'
import { look } from './look.mjs'

const WIDTHS = [
  { width: 1280, height: 860 },
  { width: 390, height: 844 },
]
const SCHEMES = ['light', 'dark']

const [base] = process.argv.slice(2)
const browser = await Browser.launch(base)
// Where somebody goes who may not.
browser.expects(403, '/api/people')
const findings = []
let count = 0
const began = Date.now()

try {
  // The two widths are two people at once, each at one desk after the other.
  await Promise.all(
    WIDTHS.map(async (viewport) => {
      for (const desk of DESKS) await goOver(desk, viewport)
    }),
  )
} finally {
  await browser.close()
}
findings.push(...new Set(browser.faults))
console.log(`${count} looks at pages in ${((Date.now() - began) / 1000).toFixed(1)} s, ${findings.length} findings`)
for (const finding of findings) console.error(finding)
process.exitCode = findings.length === 0 ? 0 : 1

async function goOver({ login, button, pages }, viewport) {
  const page = await browser.page({ viewport, reducedMotion: 'reduce' })
  await page.goto('/')
  if (button) {
    await page.getByRole('button', { name: button }).click()
    await page.locator('nav#desks').waitFor({ state: 'attached' })
  }
  for (const { name, at, ready, act } of pages) {
    try {
      const path = typeof at === 'function' ? await at(page) : at
      await page.goto(path)
      await settled(page, ready)
      await act?.(page)
    } catch (error) {
      findings.push(`${name} ${viewport.width}: ${error.message.split('\n')[0]}`)
      continue
    }
    for (const scheme of SCHEMES) findings.push(...(await look(page, `${login ?? 'nobody'}-${name}`, scheme)))
    count += SCHEMES.length
  }
  await page.context().close()
}

/** The page has its heading and all that it fetches. */
async function settled(page, ready) {
  await page.locator('h1').first().waitFor({ state: 'attached' })
  if (ready) await page.getByText(ready).first().waitFor()
  await browser.rests(page)
}
