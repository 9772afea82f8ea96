/** Somebody at a browser of their own, who proves who they are as everybody must. */
import { Authenticator } from './authenticator.mjs'

const PASSWORD = 'a long evening in Lisbon'

export class Person {
  constructor(page, login, app) {
    this.page = page
    this.login = login
    this.app = app
  }

  /** Spends an enrolment link without its page, and signs in on the page. */
  static async atDesk(browser, base, link, options) {
    const token = link.slice(link.indexOf('#') + 1)
    const offer = await ask(base, '/api/enrolment/look', { token })
    const app = new Authenticator(offer.secret)
    await ask(base, '/api/enrolment/finish', { token, password: PASSWORD, code: await app.code() })
    const person = new Person(await browser.page(options), offer.login, app)
    await person.page.goto('/')
    await person.signsIn()
    return person
  }

  /** Fills the form to sign in, wherever it stands. */
  async signsIn({ password = PASSWORD, code } = {}) {
    const { page } = this
    await page.getByLabel('Sign-in name').fill(this.login)
    await page.getByRole('textbox', { name: 'Password' }).fill(password)
    await page.getByRole('textbox', { name: 'Code' }).fill(code ?? (await this.app.code()))
    await page.getByRole('button', { name: 'Sign in' }).click()
    if (code === undefined) await page.locator('nav#desks').waitFor({ state: 'attached' })
  }

  async signsOut() {
    await this.page.locator('button[popovertarget=account]').click()
    await this.page.getByRole('button', { name: 'Sign out' }).click()
    await this.page.getByRole('button', { name: 'Sign in' }).waitFor()
  }

  /** Answers the question for a fresh code. */
  async provesAgain() {
    const dialog = this.page.getByRole('dialog', { name: 'Prove that it is you' })
    await dialog.getByRole('textbox', { name: 'Code' }).fill(await this.app.code())
    await dialog.getByRole('button', { name: 'Go on' }).click()
    await dialog.waitFor({ state: 'hidden' })
  }

  /** The dialog with this heading, filled and sent; gone when the gate has said yes. */
  async decides(title, verb, reason, fill = async () => {}) {
    const dialog = this.page.getByRole('dialog', { name: title })
    await fill(dialog)
    if (reason !== undefined) await dialog.getByLabel('Reason').fill(reason)
    await dialog.getByRole('button', { name: verb, exact: true }).click()
    return dialog
  }

  async sees(text) {
    await this.page.getByText(text).first().waitFor()
  }
}

async function ask(base, path, body) {
  const answer = await fetch(base + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  if (!answer.ok) throw new Error(`${answer.status} for ${path}: ${await answer.text()}`)
  return answer.json()
}
