/** Somebody enrols by a link that works once, signs out, and signs in with password and code. */
import { Authenticator } from '../authenticator.mjs'
import { Person } from '../person.mjs'
import { check, turn, walk } from '../walk.mjs'

const PASSWORD = 'eleven green bicycles'

await walk(async ({ browser, links }) => {
  const page = await browser.page()
  const link = new URL(links.priya)
  await page.goto(link.pathname + link.hash)
  await page.getByRole('img', { name: 'The secret as a QR code' }).waitFor()
  const secret = await page.locator('code').innerText()
  check(/^[A-Z2-7]{16,}$/.test(secret.replaceAll(/\s/g, '')), `no secret: ${secret}`)
  const priya = new Person(page, 'priya', new Authenticator(secret))

  const enrol = page.getByRole('button', { name: 'Enrol', exact: true })
  await page.getByRole('textbox', { name: 'Password' }).fill('short')
  await page.getByRole('textbox', { name: 'Code' }).fill('123456')
  check(await enrol.isDisabled(), 'a short password must not do')
  await page.getByRole('textbox', { name: 'Password' }).fill(PASSWORD)
  browser.expects(403, '/api/enrolment/finish')
  browser.expects(422, '/api/enrolment/finish')
  browser.expects(400, '/api/enrolment/finish')
  await enrol.click()
  await page.getByRole('alert').waitFor()
  await browser.looks(page, 'walk-enrol-refused')
  await page.getByRole('textbox', { name: 'Code' }).fill(await priya.app.code())
  await enrol.click()

  const codes = page.getByRole('list', { name: 'Recovery codes' }).getByRole('listitem')
  await codes.first().waitFor()
  const recovery = await codes.allInnerTexts()
  check(recovery.length === 10 && new Set(recovery).size === 10, `recovery codes: ${recovery}`)
  await browser.looks(page, 'walk-recovery-codes')
  const saving = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Save as a file' }).click()
  const file = await (await saving).createReadStream()
  const saved = (await file.toArray()).join('')
  check(recovery.every((code) => saved.includes(code)), `not in the file: ${saved}`)

  await page.getByRole('link', { name: 'Sign in' }).click()
  browser.expects(401, '/api/sign-in')
  await priya.signsIn({ password: PASSWORD, code: '000000' })
  const told = await page.getByRole('alert').innerText()
  await browser.looks(page, 'walk-sign-in-refused')
  check(/Reference for the help desk/.test(told), `a refusal has its reference: ${told}`)
  check(await page.getByRole('textbox', { name: 'Code' }).inputValue().then((left) => left === ''), 'a wrong code is not kept')
  await turn('a wrong code was told in words', { told })

  await page.getByRole('textbox', { name: 'Code' }).fill(await priya.app.code())
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('heading', { name: 'Requests', level: 1 }).waitFor()
  await priya.signsOut()
  await turn('signed out')
  await priya.signsIn({ password: PASSWORD, code: recovery[0] })
  await page.getByRole('heading', { name: 'Requests', level: 1 }).waitFor()

  browser.expects(404, '/api/enrolment/look')
  const again = await browser.page()
  await again.goto(link.pathname + link.hash)
  await again.getByRole('alert').waitFor()
  check((await again.getByRole('textbox', { name: 'Password' }).count()) === 0, 'a spent link offers nothing')
})
