// The JavaScript client `ollama`.
//
// SPDX-License-Identifier: GPL-3.0-or-later
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
const require = createRequire(process.env.HEADROOM_NODE_FOLDER + '/')
const { Ollama } = await import(pathToFileURL(require.resolve('ollama')).href)
const client = new Ollama({ host: process.env.OLLAMA_HOST })
const options = { num_predict: 60, seed: 1 }
const tool = { type: 'function', function: { name: 'weather', description: 'd', parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] } } }
const messages = [{ role: 'user', content: 'hello' }]

function check(truth, what) {
  if (!truth) throw new Error(what)
}

const rounds = {
  async generate() {
    const answer = await client.generate({ model: 'tiny', prompt: 'hello', options })
    check(answer.done && answer.context.length > 0 && answer.eval_count > 0, 'generate')
  },
  async stream() {
    let last
    for await (const part of await client.chat({ model: 'tiny', messages, stream: true, options })) last = part
    check(last.done && last.total_duration > 0, 'stream')
  },
  async structured() {
    const format = { type: 'object', properties: { age: { type: 'integer', minimum: 0, maximum: 9 } }, required: ['age'] }
    const answer = await client.chat({ model: 'tiny', messages, format, options: { num_predict: 200 } })
    check(Number.isInteger(JSON.parse(answer.message.content).age), 'structured')
  },
  async tools() {
    const answer = await client.chat({ model: 'caller', messages, tools: [tool], options })
    check(answer.done, 'tools')
  },
  async models() {
    check((await client.list()).models.some((model) => model.name === 'tiny:latest'), 'list')
    check((await client.show({ model: 'tiny' })).model_info['general.architecture'] === 'llama', 'show')
    await client.create({ model: 'made-js', from: 'tiny', system: 's' })
    await client.copy({ source: 'made-js', destination: 'copied-js' })
    await client.generate({ model: 'made-js', prompt: 'a', options })
    check((await client.ps()).models.length > 0, 'ps')
    for (const model of ['made-js', 'copied-js']) check((await client.delete({ model })).status === 'success', 'delete')
    check((await client.version()).version, 'version')
  },
  async abort() {
    const stream = await client.generate({ model: 'tiny', prompt: 'a', stream: true, options: { num_predict: 900 } })
    setTimeout(() => stream.abort(), 20)
    try {
      for await (const part of stream) check(part.model === 'tiny', 'abort')
    } catch (error) {
      check(error.name === 'AbortError', error)
    }
  },
  async errors() {
    let status = 0
    await client.chat({ model: 'none', messages }).catch((error) => { status = error.status_code })
    check(status === 404, `404 was expected, not ${status}`)
  },
}

let failed = 0, number = 0
console.log(`1..${Object.keys(rounds).length}`)
for (const [name, round] of Object.entries(rounds)) {
  number++
  try {
    await round()
    console.log(`ok ${number} ollama-js/${name}`)
  } catch (error) {
    failed++
    console.log(`# ${error.stack}`)
    console.log(`not ok ${number} ollama-js/${name}`)
  }
}
process.exit(failed ? 1 : 0)
