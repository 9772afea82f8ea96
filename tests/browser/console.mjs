/** Opens a web console by its link, tells what is on it, and once more when it is told to. */
import { chromium } from 'playwright-core'
import { createInterface } from 'node:readline'

const [link, names] = process.argv.slice(2)
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', `--host-resolver-rules=MAP ${names} 127.0.0.1`],
})
const context = await browser.newContext({ ignoreHTTPSErrors: true })
const page = await context.newPage()
await page.goto(link)
await page.waitForFunction(() => document.title.startsWith('echo') && document.getElementById('said').textContent !== 'waits')
const tell = (what) => process.stdout.write(`${JSON.stringify(what)}\n`)
tell({ title: await page.title(), said: await page.textContent('#said') })
for await (const _line of createInterface({ input: process.stdin })) {
  await page.waitForFunction(() => document.title === 'closed')
  const title = await page.title()
  await page.goto(new URL('/', link).href)
  tell({ title, again: await page.textContent('main') })
  break
}
await browser.close()
