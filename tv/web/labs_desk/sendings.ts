// « Envoyer aux tables » in the control room: a message to write, and what was sent.

import { html } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { ago, quoted, seconds } from "../french";
import type { Sending, SendingKind } from "../lab_items";
import { button } from "../parts/button";
import { labName } from "../parts/lab_sign";
import { oneLine } from "../parts/one_line";
import type { Sent } from "../parts/send_to_lab";
import { typeset } from "../parts/text";
import type { Desk } from "./driving";

const MESSAGE = {
  id: "table-message",
  label: "Message aux tables",
  most: 280,
  ready: ["Encore cinq minutes.", "Notez une idée par carte.", "Choisissez qui présentera."],
  button: "Envoyer…",
};

const KINDS: Record<SendingKind, string> = {
  quote: "Phrase du plateau",
  clip: "Extrait du plateau",
  question: "Question",
  poll: "Sondage",
  synthesis: "Synthèse",
  message: "Message",
};

/**
 * `open` asks to which laboratories, and calls `done` once it is sent; until then a message that was
 * begun stays.
 */
export function sendings(
  all: Sending[],
  desk: Desk,
  open: (sent: Sent, done: () => void) => void,
) {
  const { labs, now, requests } = desk;
  const newest = [...all].sort((a, b) => (seconds(b.sent_at) ?? 0) - (seconds(a.sent_at) ?? 0));
  const act = ({ id }: Sending) => void requests.send(id, "DELETE", `/api/v1/sendings/${id}`);
  return html`${oneLine(
      MESSAGE,
      (text) => new Promise((sent) => open({ type: "message", text }, () => sent(true))),
    )}
    ${
      newest.length
        ? html`<ul class="entries">
            ${repeat(
              newest,
              ({ id }) => id,
              (sending) =>
                html`<li class="entry">
                  <p class="meta">
                    <strong>${KINDS[sending.type]}</strong><span class="dot"></span
                    >${sending.labs.map((lab) => labName(labs, lab)).join(", ") || "toutes les tables"}
                    <span class="dot"></span>${ago(sending.sent_at, now)}
                  </p>
                  <p>${words(sending)}</p>
                  <div class="acts">
                    ${button("Retirer des tables", "link", sending, { busy: requests.busy, act }, "take back")}
                  </div>
                </li>`,
            )}
          </ul>`
        : html`<p class="empty">
            Rien n’est envoyé aux tables. Une question, un sondage ou une phrase s’envoie depuis la
            régie, une synthèse d’ici.
          </p>`
    }`;
}

function words({ type, text, shows }: Sending) {
  if (shows?.kind === "question") return typeset(shows.body);
  if (shows?.kind === "poll") return typeset(shows.prompt);
  if (shows?.kind === "synthesis") return typeset(shows.title);
  return type === "quote" || type === "clip" ? quoted(text) : typeset(text);
}
