/**
 * A web console on the pages: an engineer adds one, a technician opens hers from her window and plans a file, an analyst
 * reads what passed, and an administrator believes a vendor's key.
 */
import { check, turn, walk } from '../walk.mjs'

await walk(async ({ browser, atDesk }) => {
  const { window, session, trust, key } = await turn('everything is there')
  await addsConsole(browser, await atDesk('priya'), trust)
  await opens(browser, await atDesk('dana'), window)
  await reads(browser, await atDesk('sam'), session)
  await believes(browser, await atDesk('adam'), key)
})

async function addsConsole(browser, priya, trust) {
  const { page } = priya
  await page.goto('/engineering/servers/add')
  await page.getByLabel('Name', { exact: true }).fill('console-02')
  await page.getByLabel('It is reached by SSH').uncheck()
  await page.getByLabel(/It has a web console/).check()
  await page.getByRole('button', { name: 'Add the server' }).click()
  await priya.sees('HOST:PORT, such as 10.1.2.3:443')
  await browser.looks(page, 'walk-add-console')
  await page.getByLabel('TLS address').fill('127.0.0.1:9443')
  await page.getByLabel('Server name').fill('console.pumps.internal')
  await page.getByLabel('Certificates to trust').fill(trust)
  await page.getByRole('button', { name: 'Add the server' }).click()
  await page.getByRole('heading', { name: 'console-02', level: 1 }).waitFor()
  await priya.sees('Web console')

  // Files are for servers with SSH. Without a scanner none would ever reach one whose files are staged: that is said.
  await page.goto('/engineering/servers/alaris-sm-01')
  await page.getByRole('button', { name: 'How files come…' }).click()
  browser.expects(409, '/api/targets/alaris-sm-01/uploads')
  const dialog = await priya.decides('How files come to alaris-sm-01', 'Have them scanned first', 'they come from outside')
  await dialog.getByText(/this gate has no scanner/i).waitFor()
  await page.keyboard.press('Escape')
  await dialog.waitFor({ state: 'hidden' })
}

async function opens(browser, dana, window) {
  const { page } = dana
  await page.goto(`/technician/windows/${window}`)
  await page.getByText(/^chaperone connect /).waitFor()
  await browser.looks(page, 'walk-consoles')
  // What the console itself shows is another scenario's: here it is enough that the tab goes there.
  await page.context().route(/console-01\.web\./, (route) => route.fulfill({ contentType: 'text/plain', body: 'the console' }))
  const coming = page.context().waitForEvent('page')
  await page.getByRole('button', { name: 'Open console' }).click()
  const tab = await coming
  await tab.getByText('the console').waitFor()
  check(/^https:\/\/console-01\.web\..*\/\.chaperone\/enter\?token=/.test(tab.url()), tab.url())
  await dana.sees(/Opened in a new tab\. It is recorded/)
  await tab.close()

  await page.goto('/technician/ask')
  await page.getByLabel('Bring files').check()
  await page.getByLabel('Files to put into the plan').setInputFiles({ name: 'abc.bin', mimeType: 'application/octet-stream', buffer: Buffer.from('abc') })
  const hash = page.getByLabel('SHA-256 of file 1')
  await page.waitForFunction(() => document.querySelector('[aria-label="SHA-256 of file 1"]')?.value)
  check((await hash.inputValue()).startsWith('ba7816bf'), await hash.inputValue())
  await browser.looks(page, 'walk-planned-files')
}

async function reads(browser, sam, session) {
  const { page } = sam
  await page.goto(`/soc/visits/${session}`)
  const table = page.getByRole('table', { name: 'Web requests' })
  await table.getByRole('button', { name: '/', exact: true }).click()
  await page.getByRole('region', { name: 'Body of the answer' }).getByText('<h1>Pump console</h1>').waitFor()
  check((await page.title()) !== 'Pump console', 'nothing of a body is run')
  await browser.looks(page, 'walk-transactions')
  await page.getByLabel('Find a request').fill('api/state')
  await page.getByText('1 of 2 requests').waitFor()
  await table.getByRole('button', { name: /^Go to / }).click()
  await page.waitForURL(/t=/)
}

async function believes(browser, adam, key) {
  const { page } = adam
  await page.goto('/administration/vendors')
  await page.getByRole('link', { name: 'Meridian Infusion' }).click()
  await adam.sees('None: its people come with keys')
  await page.getByRole('button', { name: 'Add an authority…' }).click()
  const dialog = page.getByRole('dialog', { name: /Believe a key/ })
  await dialog.getByLabel('Public key of the authority').fill(key)
  await dialog.getByRole('button', { name: 'Believe it' }).click()
  await dialog.waitFor({ state: 'hidden' })
  await page.getByRole('table', { name: 'Certificate authorities' }).getByText(/SHA256:/).waitFor()
  await browser.looks(page, 'walk-authority')
  await page.getByRole('button', { name: 'Withdraw…' }).click()
  const gone = await adam.decides('Withdraw this authority', 'Withdraw', 'the key was copied')
  await gone.waitFor({ state: 'hidden' })
  await adam.sees('None: its people come with keys')
}
