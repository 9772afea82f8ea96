/** Looks at a page as it stands: the rules of WCAG 2.2, A and AA, as far as a program can judge them; its width; its picture. */
import { mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

const SOURCE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']

/** What is wrong with the page in one scheme, one line each; its picture goes into the folder that PICTURES names. */
export async function look(page, name, colorScheme) {
  await page.emulateMedia({ colorScheme })
  await page.waitForFunction((scheme) => document.documentElement.dataset.mantineColorScheme === scheme, colorScheme)
  await standsStill(page)
  const wide = await overflow(page)
  const wrong = [...(await violations(page)), ...(wide ? [wide] : [])]
  if (process.env.PICTURES) {
    mkdirSync(process.env.PICTURES, { recursive: true })
    await page.screenshot({ path: join(process.env.PICTURES, `${name}-${colorScheme}-${page.viewportSize().width}.png`) })
  }
  return wrong.map((each) => `${name} ${colorScheme} ${page.viewportSize().width}: ${each}`)
}

/** What moves or fades has come to its end, and is drawn: colours are judged as they stay. */
async function standsStill(page) {
  await page.evaluate(async () => {
    const passing = document.getAnimations().filter((each) => each.effect?.getComputedTiming().iterations !== Infinity)
    await Promise.allSettled(passing.map((each) => each.finished))
    await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))
  })
}

async function violations(page) {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(SOURCE)
  const found = await page.evaluate(async (tags) => {
    const { violations } = await window.axe.run({ runOnly: tags, resultTypes: ['violations'] })
    return violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => ({ id, target, failureSummary })))
  }, TAGS)
  return found.map(({ id, target, failureSummary }) => `${id}: ${target.join(' ')}: ${failureSummary.replaceAll(/\s+/g, ' ')}`)
}

/** How far the page is wider than its viewport, in pixels, and by which elements. */
async function overflow(page) {
  return page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement
    if (scrollWidth <= clientWidth) return null
    const wide = [...document.querySelectorAll('body *')].filter((each) => each.getBoundingClientRect().right > clientWidth + 1)
    const names = wide.slice(-3).map((each) => `${each.localName}.${each.className}`)
    return `${scrollWidth - clientWidth} px wider than the viewport: ${names.join(', ')}`
  })
}
