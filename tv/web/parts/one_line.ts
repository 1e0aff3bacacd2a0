// A line to write and send: a form of one field, emptied once what it held has arrived.

import { html, nothing } from "lit";

interface Line {
  id: string; // of the field
  label: string;
  most: number; // characters
  ready?: string[]; // what is often written
  button: string;
}

export function oneLine(line: Line, send: (text: string) => Promise<boolean>) {
  const { id, label, most, ready = [], button } = line;
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.target as HTMLFormElement;
    const text = String(new FormData(form).get("text")).trim();
    if (text && (await send(text))) form.reset();
  };
  return html`<form class="one-line" @submit=${submit}>
    <label class="visually-hidden" for=${id}>${label}</label>
    <input
      id=${id}
      type="text"
      name="text"
      maxlength=${most}
      autocomplete="off"
      list=${ready.length ? `${id}-ready` : nothing}
      placeholder=${label}
    />
    ${
      ready.length
        ? html`<datalist id="${id}-ready">
            ${ready.map((text) => html`<option value=${text}></option>`)}
          </datalist>`
        : nothing
    }
    <button class="quiet">${button}</button>
  </form>`;
}
