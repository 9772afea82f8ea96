/** A refused attempt comes to the SOC's queue by itself, and is judged, taken and closed there. */
import { check, turn, walk } from '../walk.mjs'

await walk(async ({ browser, atDesk }) => {
  const sam = await atDesk('sam')
  const { page } = sam
  await page.goto('/soc')
  const queue = page.getByRole('list', { name: 'Alerts' })
  const refused = queue.getByRole('link', { name: /early|off schedule/i })
  check((await refused.count()) === 0, 'the queue is without the attempt')
  const { refused: at } = await turn('the queue is empty')
  await refused.first().waitFor()
  console.log(JSON.stringify({ said: `the refused attempt is in the queue after ${Date.now() - at} ms` }))
  await refused.first().click()

  const words = page.locator('article')
  await words.waitFor()
  const { needed } = await turn('the alert is open')
  for (const each of needed) await words.getByText(each).first().waitFor()
  for (const part of ['Who', 'What they wanted to reach', 'When, and which windows are near', 'Is that normal?', 'How often', 'What next']) {
    await words.getByRole('heading', { name: new RegExp(part.replace('?', '\\?')) }).first().waitFor()
  }
  check((await words.getByRole('region', { name: 'What next' }).getByRole('listitem').count()) === 3, 'three steps of the runbook')
  await turn('again')
  await words.getByText(/^2 times/).waitFor()

  await browser.looks(page, 'walk-alert')
  await page.getByRole('button', { name: /^Take it/ }).click()
  await sam.sees('Taken by sam')
  await page.locator('body').press('c')
  const dialog = page.getByRole('dialog', { name: 'What was it?' })
  await dialog.getByRole('radio', { name: /Benign/ }).check()
  await browser.looks(page, 'walk-close-alert')
  await dialog.getByLabel('Note').fill('planned, nobody told us')
  await dialog.getByRole('button', { name: 'Close the alert' }).click()
  await sam.sees(/Closed as Benign by sam: planned, nobody told us/)
  await page.getByRole('link', { name: /^Queue/ }).click()
  await page.getByText('Closed', { exact: true }).click()
  await refused.first().waitFor()
})
