type Attributes = Record<string, string | number | boolean | undefined>

/** Makes an element. Its children are nodes or text, never markup. */
export function el<Tag extends keyof HTMLElementTagNameMap> (tag: Tag, attributes: Attributes = {}, ...children: Array<Node | string>): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag)
  setAttributes(element, attributes)
  element.append(...children)
  return element
}

/** Sets attributes. `true` sets one without a value; `false` and `undefined` remove it. */
export function setAttributes (element: Element, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) element.removeAttribute(name)
    else element.setAttribute(name, value === true ? '' : String(value))
  }
}

/** Sets the text only if it differs, so that screen readers do not read it out again. */
export function setText (element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text
}

/** Finds an element of index.html. */
export function find<E extends HTMLElement> (id: string, type: new () => E): E {
  const element = document.getElementById(id)
  if (element instanceof type) return element
  throw new Error(`index.html has no ${type.name} with the id ${id}`)
}
