/** The parts of a visit as they are seen on the pages. */
import { check, turn } from './walk.mjs'

/** What the analyst must see at most this long after it was typed. */
const LIVE_WITHIN_MS = 2_000

/** Asks for a window, decides it, and sees it open; returns its id. */
export async function decided(browser, dana, priya) {
  await priya.page.goto('/engineering/requests')
  await priya.sees('No request waits for you')
  await asks(dana)
  await browser.looks(dana.page, 'walk-asked')
  const row = priya.page.getByRole('list', { name: 'Windows' }).getByRole('link', { name: /alaris-sm-01/ })
  await row.click()
  await priya.sees('What is recorded')
  await priya.sees('412')
  await priya.sees('security patch of the server')
  await browser.looks(priya.page, 'walk-request')

  await priya.page.getByRole('button', { name: 'Shorten…' }).click()
  const shorter = await priya.decides('Shorten the window', 'Shorten', 'half an hour will do')
  await shorter.waitFor({ state: 'hidden' })
  await turn('the engineer signed in long ago')
  await priya.page.getByRole('button', { name: 'Approve', exact: true }).click()
  await browser.looks(priya.page, 'walk-step-up')
  await priya.provesAgain()
  await priya.page.getByRole('button', { name: 'Revoke…' }).waitFor()

  await dana.page.getByRole('link', { name: 'To the window' }).click()
  const line = dana.page.locator('code', { hasText: 'dana+alaris-sm-01@' })
  await line.first().waitFor()
  check(/^ssh /.test(await line.first().innerText()), 'a line to paste begins with ssh')
  await dana.sees(/SHA256:/)
  return new URL(dana.page.url()).pathname.split('/').at(-1)
}

async function asks(dana) {
  const { page } = dana
  await page.goto('/technician/ask')
  const zone = await page.evaluate(async () => (await (await fetch('/api/me')).json()).time_zone)
  const [date, time] = new Date().toLocaleString('sv-SE', { timeZone: zone }).split(' ')
  await page.getByRole('combobox', { name: 'Server' }).fill('alaris-sm-01')
  await page.getByLabel('Ticket').fill('CHG0031337')
  await page.getByLabel('Opens, hospital time: date').fill(date)
  await page.getByLabel('Opens, hospital time: time').fill(time.slice(0, 5))
  await page.getByLabel('Length').fill('60 min')
  await page.getByLabel('What is to be done').fill('security patch of the server; taken back from the snapshot')
  await page.getByRole('button', { name: 'Ask for this window' }).click()
  await dana.sees('It waits for the approval of')
}

/** Watches the visit as it goes on, gives it more time, pauses it, and stops it. */
export async function goesLive(browser, dana, priya, sam) {
  await sam.page.getByRole('link', { name: 'Watch' }).click()
  const screen = sam.page.getByRole('region', { name: /^Live screen/ })
  await screen.waitFor()
  await screen.getByText('is recorded').first().waitFor()
  const seen = screen.getByText('seen by 42').first().waitFor().then(() => Date.now())
  const { typed } = await turn('the analyst watches')
  const delay = (await seen) - typed
  console.log(JSON.stringify({ said: `what was typed is on the analyst's screen after ${delay} ms` }))
  check(delay <= LIVE_WITHIN_MS, `the analyst saw it after ${delay} ms`)

  await dana.page.getByRole('button', { name: 'Ask for more time…' }).click()
  const asked = await dana.decides('Ask for more time', 'Ask', 'the restart takes longer')
  await asked.waitFor({ state: 'hidden' })
  await priya.page.getByRole('link', { name: /^Now/ }).click()
  await priya.page.getByRole('heading', { name: 'Now', level: 1 }).waitFor()
  await priya.sees('the restart takes longer')
  await browser.looks(priya.page, 'walk-now')
  await priya.page.getByRole('button', { name: 'More time…', exact: true }).click()
  const given = await priya.decides('Give more time', 'Give more time', 'go on')
  await given.waitFor({ state: 'hidden' })
  await turn('more time is given')

  await sam.page.getByRole('button', { name: 'Pause input' }).click()
  await sam.decides(/^Pause input/, 'Pause input', 'a look at what this is')
  await sam.sees('Input is paused')
  await browser.looks(sam.page, 'walk-watch')
  await turn('input is paused')
  await sam.page.getByRole('button', { name: 'Resume input' }).click()
  await sam.decides(/^Resume input/, 'Resume input', 'it is what was planned')
  await sam.page.getByRole('button', { name: 'Pause input' }).waitFor()

  await turn('the analyst signed in long ago')
  await sam.page.getByRole('button', { name: 'Stop visit' }).click()
  await sam.decides(/^Stop the visit/, 'Stop visit', 'a tunnel that nobody asked for')
  await sam.provesAgain()
  await sam.sees('The visit is over')
  await browser.looks(sam.page, 'walk-over')
  await turn('the visit is stopped')
}

/** Replays it, has it verified, and takes a copy. */
export async function isReplayed(browser, sam) {
  const { page } = sam
  await page.getByRole('link', { name: 'Replay it' }).click()
  await sam.sees('Sealed, not checked yet')
  await page.getByRole('button', { name: 'Verify now' }).click()
  await sam.sees('✓ Sound')
  await browser.looks(page, 'walk-replay')
  await plays(page)
  await isSought(page)
  await isTakenAway(page)
}

const place = (page) => page.getByRole('slider', { name: 'Place in the recording' })

/** The player's clock, in milliseconds as far as the address tells. */
const position = async (page) => Number(await place(page).getAttribute('aria-valuenow'))

async function plays(page) {
  await place(page).focus()
  await page.keyboard.press('Home')
  await page.getByRole('button', { name: 'Slower' }).click()
  await page.getByText('0.5×').waitFor()
  await page.getByRole('button', { name: 'Play', exact: true }).click()
  await page.getByRole('button', { name: 'Pause', exact: true }).click()
  const skip = page.getByRole('button', { name: /^Skip idle/ })
  const before = await skip.getAttribute('aria-pressed')
  await skip.click()
  await page.locator(`button[aria-pressed=${before === 'true' ? 'false' : 'true'}]`, { hasText: 'Skip idle' }).waitFor()
  await skip.click()
  for (const speed of ['1×', '2×', '4×', '8×', '16×']) {
    await page.getByRole('button', { name: 'Faster' }).click()
    await page.getByText(speed, { exact: true }).waitFor()
  }
  await page.getByRole('button', { name: 'Play', exact: true }).click()
  await page.getByRole('region', { name: 'Screen of the visit' }).getByText('seen by 42').first().waitFor()
  // At the end it rests.
  await page.getByRole('button', { name: 'Play', exact: true }).waitFor()
  check((await position(page)) > 0, 'playing goes on to the end')
}

async function isSought(page) {
  const screen = page.getByRole('region', { name: 'Screen of the visit' })
  await place(page).focus()
  await page.keyboard.press('Home')
  await screen.getByText('seen by 42').waitFor({ state: 'hidden' })
  const box = await place(page).boundingBox()
  await page.mouse.click(box.x + box.width - 2, box.y + box.height / 2)
  await screen.getByText('seen by 42').first().waitFor()
  await page.waitForURL(/[?&]t=[1-9]/)
  // The address of a second leads to it.
  await page.reload()
  await screen.getByText('seen by 42').first().waitFor()
  await page.getByRole('button', { name: 'Screen as text' }).click()
  await page.getByRole('dialog').getByText('seen by 42').waitFor()
  await page.keyboard.press('Escape')
}

async function isTakenAway(page) {
  await page.getByRole('button', { name: 'Export' }).click()
  await page.getByRole('menuitem', { name: /\(\.cast\)/ }).click()
  const asked = page.getByRole('dialog')
  await asked.getByLabel('Reason').fill('looked into for the vendor')
  const coming = page.waitForEvent('download')
  await asked.getByRole('button', { name: 'Export' }).click()
  const download = await coming
  check(download.suggestedFilename().endsWith('.cast'), download.suggestedFilename())
  const text = (await (await download.createReadStream()).toArray()).join('')
  const [header, ...events] = text.trimEnd().split('\n').filter((line) => !line.startsWith('#')).map((line) => JSON.parse(line))
  check(header.version === 3 && header.term.cols === 80, `the header of an asciicast: ${JSON.stringify(header)}`)
  check(events.every(([wait, code]) => wait >= 0 && typeof code === 'string'), 'the events of an asciicast')
  check(events.some(([, code, data]) => code === 'o' && data.includes('seen by 42')), 'it has what was shown')
}
