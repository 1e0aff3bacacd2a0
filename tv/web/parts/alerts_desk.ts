// « Signalements »: what people reported, for who moderates: keep it, or take it from everywhere.

import { html, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import type { Alert } from "../alert_items";
import { ago, count, quoted, reason, seconds } from "../french";
import type { Comment, Idea, Synthesis } from "../lab_items";
import type { Question } from "../protocol";
import type { Post } from "../wall_items";
import { button, type Doing } from "./button";
import type { Steady } from "./steady";
import { typeset } from "./text";
import { picture } from "./wall";

const KINDS: Record<Alert["about"], string> = {
  question: "Question",
  post: "Message du mur",
  idea: "Idée",
  synthesis: "Synthèse",
  comment: "Commentaire",
};

export interface AlertsDesk extends Doing<Alert> {
  now: number;
  steady: Steady; // of the open ones
}

/** Nothing while nobody reported anything: then the desk has other things to show. */
export function alerts(all: Alert[], desk: AlertsDesk) {
  if (!all.length) return nothing;
  const raised = (alert: Alert) => seconds(alert.raised_at) ?? 0;
  const open = desk.steady.order(
    all
      .filter(({ state }) => state === "open")
      .sort((a, b) => b.people - a.people || raised(a) - raised(b)),
  );
  const past = all.filter(({ state }) => state !== "open").sort((a, b) => raised(b) - raised(a));
  return html`<section class="alerts" aria-labelledby="alerts-title">
    <h3 id="alerts-title">Signalements <span class="badge">${open.length || ""}</span></h3>
    ${
      open.length
        ? html`<ul class="cards">
            ${repeat(
              open,
              ({ id }) => id,
              (alert) => html`<li class="card alert-card" data-id=${alert.id}>${card(alert, desk)}</li>`,
            )}
          </ul>`
        : nothing
    }
    ${
      past.length
        ? html`<details class="past">
            <summary>${count(past.length, "signalement traité", "signalements traités")}</summary>
            <ul class="cards">
              ${repeat(
                past,
                ({ id }) => id,
                (alert) => html`<li class="card settled" data-id=${alert.id}>${words(alert)} ${settled(alert, desk)}</li>`,
              )}
            </ul>
          </details>`
        : nothing
    }
  </section>`;
}

function card(alert: Alert, desk: AlertsDesk) {
  const why = alert.grounds.map(({ grounds, people }) =>
    people > 1 ? `${reason(grounds)} (${people})` : reason(grounds),
  );
  return html`<p class="eyebrow">
      ${KINDS[alert.about]}<span class="dot"></span>${count(alert.people, "personne", "personnes")}
      <span class="dot"></span>${ago(alert.raised_at, desk.now)}
    </p>
    ${words(alert)}
    <p class="note flag">${why.join(", ")}</p>
    ${[...new Set(alert.notes)].map((note) => html`<p class="note">${quoted(note)}</p>`)}
    <div class="acts">
      ${button("Retirer partout", "primary soft", alert, desk, "remove")}
      ${button("Garder", "quiet", alert, desk, "keep")}
    </div>`;
}

function settled(alert: Alert, desk: AlertsDesk) {
  const kept = alert.state === "kept";
  return html`<p class="meta">
    <span class="state ${kept ? "approved" : "rejected"}">
      ${kept ? `Gardé par ${alert.settled_by || "la modération"}` : "Retiré"}
    </span>
    ${kept && alert.showing ? button("Retirer partout", "link", alert, desk, "remove") : nothing}
  </p>`;
}

function words({ about, shows }: Alert) {
  switch (about) {
    case "question":
      return html`<p class="question-body">${typeset((shows as Question).body)}</p>`;
    case "synthesis":
      return html`<p class="question-body">${typeset((shows as Synthesis).title)}</p>
        <p class="note">${typeset((shows as Synthesis).body)}</p>`;
    default: {
      const { text } = shows as Post | Idea | Comment;
      return html`${text ? html`<p class="question-body">${typeset(text)}</p>` : nothing}
      ${about === "comment" ? nothing : picture(shows as Post | Idea)}`;
    }
  }
}
