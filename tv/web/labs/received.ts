// What the control room sent to a laboratory: what was said on the set, a question, a result.

import { html, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { count, fate, hour, quoted, seconds } from "../french";
import type { Lab, Sending, Synthesis } from "../lab_items";
import { asker } from "../parts/byline";
import { results } from "../parts/results";
import { from } from "../parts/syntheses";
import { typeset } from "../parts/text";
import type { Poll, Question, Talk } from "../protocol";

const SHOWN = 3; // the newest; the others on demand

const NAMES: Record<Sending["type"], string> = {
  quote: "Entendu sur le plateau",
  clip: "Un extrait du plateau",
  question: "Une question de la salle",
  poll: "Un sondage",
  synthesis: "La synthèse d’un autre labo",
  message: "Un mot de la régie",
};

/** Those on the tables of a laboratory, the newest first. */
export function sentTo(lab: string, sendings: Sending[]): Sending[] {
  return sendings
    .filter(({ labs }) => !labs.length || labs.includes(lab))
    .sort((a, b) => (seconds(b.sent_at) ?? 0) - (seconds(a.sent_at) ?? 0));
}

/** Nothing where there is none. `talks`: those that may be seen again. */
export function received(sendings: Sending[], labs: Lab[], talks: Talk[]) {
  if (!sendings.length) return nothing;
  const [recent, older] = [sendings.slice(0, SHOWN), sendings.slice(SHOWN)];
  const list = (some: Sending[]) =>
    html`<ul class="received">
      ${repeat(
        some,
        ({ id }) => id,
        (sending) => html`<li>${one(sending, labs, talks)}</li>`,
      )}
    </ul>`;
  return html`<section aria-labelledby="received-title">
    <h2 id="received-title">Reçu du plateau</h2>
    ${list(recent)}
    ${
      older.length
        ? html`<details>
            <summary>${count(older.length, "plus ancien", "plus anciens")}</summary>
            ${list(older)}
          </details>`
        : nothing
    }
  </section>`;
}

function one(sending: Sending, labs: Lab[], talks: Talk[]) {
  return html`<article class="sent sent-${sending.type}">
    <p class="eyebrow">${NAMES[sending.type]}<span class="dot"></span>${hour(sending.sent_at)}</p>
    ${content(sending, labs, talks)}
  </article>`;
}

function content({ type, text, shows, talk, start }: Sending, labs: Lab[], talks: Talk[]) {
  switch (shows?.kind) {
    case "question":
      return question(shows);
    case "poll":
      return poll(shows);
    case "synthesis":
      return synthesis(shows, labs);
  }
  if (type !== "quote" && type !== "clip") return html`<p class="sent-text">${typeset(text)}</p>`;
  return html`<p class="sent-text">${quoted(text)}</p>
    <p class="meta">
      ${start == null ? nothing : `dit à ${hour(start)}`} ${again(talks, talk, start)}
    </p>`;
}

/** Where one sees and hears it, once its talk is on line. */
function again(talks: Talk[], id: string, start: number | null) {
  const talk = talks.find((each) => each.id === id);
  if (talk?.state !== "replay" || !talk.marks || start == null) return nothing;
  const second = Math.max(0, Math.floor(start - talk.marks.start));
  return html`<span class="dot"></span>
    <a href="/revoir/${encodeURIComponent(id)}?t=${second}">Revoir ce moment</a>`;
}

function question(asked: Question) {
  return html`<p class="sent-text">${typeset(asked.body)}</p>
    <p class="meta">
      ${asker(asked)}<span class="dot"></span>${fate(asked)}
    </p>`;
}

function poll(asked: Poll) {
  return html`<p class="sent-text">${typeset(asked.prompt)}</p>
    ${
      asked.counts
        ? results(asked)
        : html`<p class="note">
            ${asked.state === "open" ? "Le vote est ouvert." : "Les résultats viendront ici."}
          </p>`
    }`;
}

function synthesis(told: Synthesis, labs: Lab[]) {
  return html`<p class="sent-text">${typeset(told.title)}</p>
    ${from(told, labs)}`;
}
