/** Clinical engineering denies, moves and revokes windows and adds a freeze; an administrator tries the SOC's line. */
import { check, turn, walk } from '../walk.mjs'

await walk(async ({ browser, atDesk }) => {
  const priya = await atDesk('priya')
  const windows = await turn('at the desk')
  await denies(priya, windows.denied)
  await moves(priya, windows.moved)
  await revokes(priya, windows.revoked)
  await freezes(priya)
  await isOnSchedule(priya)
  await browser.looks(priya.page, 'walk-schedule')
  await priya.signsOut()
  await accepts(await atDesk('dana'), windows.moved)
  const adam = await atDesk('adam')
  await testsTheLine(adam)
})

async function denies(priya, window) {
  const { page } = priya
  await page.goto(`/engineering/requests/${window}`)
  await page.getByRole('button', { name: 'Deny…' }).click()
  const dialog = page.getByRole('dialog', { name: 'Deny the request' })
  check(await dialog.getByRole('button', { name: 'Deny', exact: true }).isDisabled(), 'a denial wants a reason')
  await priya.decides('Deny the request', 'Deny', 'the ward moves that night')
  await dialog.waitFor({ state: 'hidden' })
  await priya.sees(/Denied by priya/)
  await priya.sees('the ward moves that night')
  check((await page.getByText(/opens in/).count()) === 0, 'what is denied does not open')
}

async function moves(priya, window) {
  const { page } = priya
  await page.goto(`/windows/${window}`)
  await page.getByRole('button', { name: 'Move…' }).click()
  const dialog = await priya.decides('Move the window', 'Move', 'not during rounds', async (fields) => {
    await fields.getByText('must accept the new times').waitFor()
    await fields.getByLabel('Opens: date').fill('2099-01-05')
    await fields.getByLabel('Length').fill('45')
  })
  await dialog.waitFor({ state: 'hidden' })
  await priya.sees(/Jan/)
}

async function revokes(priya, window) {
  const { page } = priya
  await page.goto(`/windows/${window}`)
  await page.getByRole('button', { name: 'Revoke…' }).click()
  const dialog = await priya.decides('Revoke the window', 'Revoke', 'the patch was withdrawn')
  await dialog.waitFor({ state: 'hidden' })
  await priya.sees(/Revoked by priya/)
  await priya.sees('the patch was withdrawn')
}

async function freezes(priya) {
  const { page } = priya
  await page.getByRole('link', { name: 'Freezes' }).click()
  await page.getByRole('button', { name: 'Add a freeze' }).first().click()
  const dialog = await priya.decides('Add a freeze', 'Freeze', 'the drug library goes out', async (fields) => {
    await fields.getByLabel('alaris-sm-01').check()
  })
  await dialog.waitFor({ state: 'hidden' })
  await page.getByRole('row', { name: /the drug library goes out.*Holds now/ }).waitFor()
}

async function isOnSchedule(priya) {
  await priya.page.getByRole('link', { name: 'Schedule' }).click()
  await priya.page.getByRole('heading', { name: 'Schedule', level: 1 }).waitFor()
  await priya.sees(/the drug library goes out/)
}

async function accepts(dana, window) {
  const { page } = dana
  await page.goto(`/technician/windows/${window}`)
  await dana.sees('The hospital booked or moved this window')
  await page.getByRole('button', { name: 'Accept' }).click()
  await page.getByRole('button', { name: 'Accept' }).waitFor({ state: 'hidden' })
  await dana.signsOut()
}

async function testsTheLine(adam) {
  const { page } = adam
  await page.goto('/soc/destinations')
  const pager = page.getByRole('list', { name: 'Destinations' }).getByRole('listitem').filter({ hasText: 'pager' })
  await pager.getByRole('button', { name: 'Send a test' }).click()
  await pager.getByRole('status').getByText(/\w/).waitFor()
  await turn('a test is sent', { said: await pager.getByRole('status').innerText() })
}
