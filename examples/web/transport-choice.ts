import type { Transport } from 'fastify-async-jobs/client'
import type { Choice } from './api.js'
import { find, setText } from './element.js'
import { transportNames } from './format.js'

export interface TransportChoice {
  readonly choice: Choice
  /** Shows the way that is in use now; undefined: nothing is followed. */
  showInUse: (transport: Transport | undefined) => void
  showConnection: (isUp: boolean) => void
}

const KEY = 'analysis.transport'

/** Lets the visitor choose how jobs are followed, and shows how they are. */
export function createTransportChoice (onChange: () => void): TransportChoice {
  const select = find('transport', HTMLSelectElement)
  const output = find('in-use', HTMLElement)
  const remembered = localStorage.getItem(KEY)
  if ([...select.options].some(({ value }) => value === remembered)) select.value = remembered as string
  let inUse: Transport | undefined
  let isUp = true

  const show = (): void => {
    output.dataset['state'] = !isUp ? 'away' : inUse === undefined ? 'idle' : 'live'
    output.dataset['transport'] = inUse ?? ''
    setText(output, !isUp ? 'connection lost' : inUse === undefined ? 'nothing to follow' : `in use: ${transportNames[inUse]}`)
  }
  show()
  select.addEventListener('change', () => {
    localStorage.setItem(KEY, select.value)
    onChange()
  })

  return {
    get choice () { return select.value as Choice },
    showInUse (transport) {
      inUse = transport
      show()
    },
    showConnection (up) {
      isUp = up
      show()
    }
  }
}
