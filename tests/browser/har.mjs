/**
 * Opens a HAR with the developer tools of Chromium, as somebody who drops it on their network panel does, and prints what they
 * then hold of each request.
 */
import { readFile } from 'node:fs/promises'
import { Browser } from './browser.mjs'

const TOOLS = 'devtools://devtools/bundled/devtools_app.html'

const text = await readFile(process.argv[2], 'utf8')
const browser = await Browser.launch(TOOLS)
const page = await browser.page()
await page.goto(TOOLS)
const held = await page.evaluate(async (text) => {
  const { HARFormat, Importer } = await import('./models/har/har.js')
  const { log } = new HARFormat.HARRoot(JSON.parse(text))
  const requests = Importer.Importer.requestsFromHARLog(log)
  const one = async (request) => {
    const body = await request.requestContentData()
    return {
      method: request.requestMethod,
      url: request.url(),
      status: request.statusCode,
      type: request.mimeType,
      ms: Math.round(request.duration * 1000),
      fields: request.responseHeaders.length,
      sent: (await request.requestFormData()) ?? null,
      content: body.error ?? (body.isTextContent ? body.text : body.base64),
    }
  }
  return Promise.all(requests.map(one))
}, text)
await browser.close()
console.log(JSON.stringify(held))
