// Words from the control room to whoever is on stage: written here, read and acknowledged there.

import { html, nothing } from "lit";
import { call, type Problem } from "../api";
import { ago, hour, seconds } from "../french";
import type { StageMessage } from "../protocol";
import { announce } from "./text";

const READY = ["Plus que 5 minutes", "Plus que 2 minutes", "Il faut conclure", "Parlez plus près du micro"];
const SHOWN = 3; // messages that the control room still sees

/** On stage: the oldest that nobody has acknowledged, large, with one thing to press. */
export function received(messages: StageMessage[]) {
  const [unread, ...more] = messages
    .filter(({ acknowledged_at }) => acknowledged_at == null)
    .sort(byTime);
  if (!unread) return nothing;
  return html`<div class="stage-message" role="alert">
    <p class="eyebrow">Message de la régie</p>
    <p class="stage-words">${unread.text}</p>
    <button
      class="primary huge"
      @click=${() => void send(`/api/v1/messages/${unread.id}:acknowledge`)}
    >
      Compris${more.length ? ` (${more.length} de plus)` : ""}
    </button>
  </div>`;
}

/** In the control room: a line to write, the usual words, and what became of the last ones. */
export function messaging(talk: string, messages: StageMessage[], now: number) {
  const say = (text: string) => send(`/api/v1/talks/${talk}/messages`, { text });
  const last = [...messages].sort(byTime).slice(-SHOWN).reverse();
  return html`<form
      class="messaging"
      @submit=${(event: SubmitEvent) => {
        event.preventDefault();
        const form = event.target as HTMLFormElement;
        const text = String(new FormData(form).get("text")).trim();
        if (text) void say(text).then((done) => done && form.reset());
      }}
    >
      <label class="visually-hidden" for="stage-text">Message à l’intervenant</label>
      <input
        id="stage-text"
        type="text"
        name="text"
        maxlength="200"
        autocomplete="off"
        list="stage-ready"
        placeholder="Message à l’intervenant"
      />
      <datalist id="stage-ready">
        ${READY.map((text) => html`<option value=${text}></option>`)}
      </datalist>
      <button class="primary soft">Envoyer</button>
    </form>
    ${
      last.length
        ? html`<ul class="messages" role="status">
            ${last.map(
              ({ text, sent_at, acknowledged_at }) =>
                html`<li>
                  ${text}
                  <small
                    >${
                      acknowledged_at == null
                        ? `envoyé ${ago(sent_at, now)}, pas encore lu`
                        : `lu à ${hour(acknowledged_at)}`
                    }</small
                  >
                </li>`,
            )}
          </ul>`
        : nothing
    }`;
}

function byTime(a: StageMessage, b: StageMessage): number {
  return (seconds(a.sent_at) ?? 0) - (seconds(b.sent_at) ?? 0);
}

async function send(path: string, body?: object): Promise<boolean> {
  try {
    await call("POST", path, body);
    return true;
  } catch (error) {
    announce((error as Problem).message, true);
    return false;
  }
}
