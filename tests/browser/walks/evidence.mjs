/** From words on a screen to a package that stands up: an analyst searches, asks to see what was typed, and takes evidence away. */
import { join } from 'node:path'
import { check, turn, walk } from '../walk.mjs'

await walk(async ({ browser, atDesk }) => {
  const [sam, lee] = [await atDesk('sam'), await atDesk('lee')]
  const { page } = sam
  await page.goto('/soc/visits')
  await page.getByLabel('Text on the screen').last().fill('seen by 42')
  await page.getByLabel('Why you search').fill('a hint of the vendor')
  await page.getByRole('button', { name: 'Search', exact: true }).click()
  await browser.looks(page, 'walk-hits')
  await page.getByRole('list', { name: 'Lines that were found' }).getByRole('link').first().click()
  await page.getByRole('region', { name: 'Screen of the visit' }).getByText('seen by 42').first().waitFor()

  await page.getByRole('button', { name: 'Ask to see typed input' }).click()
  const asked = await sam.decides('Ask to see typed input', 'Ask', 'what was typed blind?')
  await asked.waitFor({ state: 'hidden' })
  await lee.page.goto('/soc/evidence')
  await lee.sees('what was typed blind?')
  await browser.looks(lee.page, 'walk-waiting')
  await lee.page.getByRole('button', { name: 'Agree…' }).click()
  const agreed = await lee.decides('Agree', 'Agree')
  await agreed.waitFor({ state: 'hidden' })
  await page.getByRole('button', { name: 'See typed input' }).click()
  await page.getByLabel('Screen text with typed input').getByText('typed').waitFor()
  await browser.looks(page, 'walk-typed')

  await page.getByRole('button', { name: 'Make evidence package…' }).click()
  const coming = page.waitForEvent('download')
  await sam.decides('Evidence package', 'Make and download', 'the vendor disputes it')
  const download = await coming
  check(download.suggestedFilename().endsWith('.tar'), download.suggestedFilename())
  const file = join(process.env.TMPDIR, 'package.tar')
  await download.saveAs(file)
  await sam.sees('The package is in your downloads')
  const key = await page.getByRole('dialog').locator('code').last().innerText()
  await browser.looks(page, 'walk-package')
  await turn('the package is taken', { file, key })
})
