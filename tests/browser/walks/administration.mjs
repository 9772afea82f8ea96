/** An administrator lets a vendor and a person in, and keeps one out; who may not, neither finds the pages nor is let on them. */
import { check, turn, walk } from '../walk.mjs'

await walk(async ({ browser, atDesk }) => {
  const adam = await atDesk('adam')
  await addsVendor(adam)
  const link = await addsPerson(adam)
  await turn('a person is added', { link })
  await locks(adam)
  const dana = await atDesk('dana')
  await isKeptOff(browser, dana)
})

async function addsVendor(adam) {
  const { page } = adam
  await page.goto('/administration/vendors')
  await page.getByRole('button', { name: 'Add a vendor' }).click()
  const dialog = await adam.decides('Add a vendor', 'Add the vendor', undefined, async (fields) => {
    await fields.getByRole('textbox', { name: 'Name' }).fill('Eastgate Pumps')
    await fields.getByLabel('Sponsor').fill('priya')
  })
  await dialog.waitFor({ state: 'hidden' })
  await page.getByRole('row', { name: /Eastgate Pumps priya/ }).waitFor()
}

async function addsPerson(adam) {
  const { page } = adam
  await page.getByRole('link', { name: 'People' }).click()
  await page.getByRole('link', { name: 'Add a person' }).click()
  await page.getByLabel('Sign-in name').fill('edgar')
  await page.getByRole('textbox', { name: 'Name', exact: true }).fill('Edgar Voss')
  await page.getByLabel('Company').selectOption('Eastgate Pumps')
  await page.getByRole('button', { name: 'Add the person' }).click()
  await adam.sees('Choose at least one')
  await page.getByRole('checkbox', { name: 'Technician' }).check()
  await page.getByRole('button', { name: 'Add the person' }).click()
  await page.getByRole('heading', { name: 'Edgar Voss', level: 1 }).waitFor()
  await page.getByRole('button', { name: 'Make a link' }).click()
  const link = await page.locator('code', { hasText: '/enrol#' }).innerText()
  await page.reload()
  await page.getByRole('button', { name: 'Make a link' }).waitFor()
  check((await page.locator('code', { hasText: '/enrol#' }).count()) === 0, 'a link is shown once')
  return link
}

async function locks(adam) {
  const { page } = adam
  await page.goto('/administration/people/viktor')
  await page.getByRole('button', { name: 'Lock…' }).click()
  const dialog = await adam.decides(/^Lock/, 'Lock', 'left the company')
  await dialog.waitFor({ state: 'hidden' })
  await adam.sees('Locked: they can neither sign in nor connect')
}

async function isKeptOff(browser, dana) {
  const { page } = dana
  const nav = page.getByRole('navigation', { name: 'Desks' })
  await nav.getByRole('link', { name: 'My change windows' }).waitFor()
  check((await nav.getByRole('link').count()) === 2, 'a technician has their own desk only')
  browser.expects(403, '/api/')
  for (const path of ['/administration/people', '/administration/vendors', '/engineering/servers', '/soc', '/soc/live', '/soc/visits']) {
    await page.goto(path)
    await page.getByText(/No role of dana allows this|This page is the hospital’s/).first().waitFor()
  }
}
