// Words from the control room to whoever is on stage: written here, read and acknowledged there.

import { html, nothing } from "lit";
import { hour, seconds } from "../french";
import type { StageMessage } from "../protocol";
import type { Requests } from "../requests";
import { oneLine } from "./one_line";

const TO_STAGE = {
  id: "stage-text",
  label: "Message à l’intervenant",
  most: 200,
  ready: [
    "Plus que 5 minutes",
    "Plus que 2 minutes",
    "Il faut conclure",
    "Parlez plus près du micro",
  ],
  button: "Envoyer",
};
const SHOWN = 3; // messages that the control room still sees

/** On stage: the oldest of those that nobody has acknowledged, large, with one thing to press. */
export function received(messages: StageMessage[], read: (message: StageMessage) => void) {
  const [unread, ...more] = [...messages].sort(byTime);
  if (!unread) return nothing;
  return html`<div class="stage-message" role="alert">
    <p class="eyebrow">Message de la régie</p>
    <p class="stage-words">${unread.text}</p>
    <button class="primary huge" @click=${() => read(unread)}>
      Compris${more.length ? ` (${more.length} de plus)` : ""}
    </button>
  </div>`;
}

/** In the control room: a line to write, the usual words, and what became of the last ones. */
export function messaging(talk: string, messages: StageMessage[], requests: Requests) {
  const say = (text: string) =>
    requests.create("message", `/api/v1/talks/${talk}/messages`, { text });
  const last = [...messages].sort(byTime).slice(-SHOWN).reverse();
  return html`${oneLine(TO_STAGE, say)}
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
                        ? `envoyé à ${hour(sent_at)}, pas encore lu`
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
