// A café's rounds in the control room: all laboratories together on top, each by itself below.

import { html, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { stopwatch } from "../french";
import type { Cafe, Lab, Progress, Table } from "../lab_items";
import { asked, left, stepName } from "../labs/round";
import { typeset } from "../parts/text";
import type { Requests } from "../requests";
import { side } from "./sides";

const LONGER = 120; // seconds

export interface Desk {
  now: number;
  requests: Requests;
  labs: Lab[];
  mayRun: boolean;
}

/** `open`: the cafés under way; their laboratories are in the order of the journey. */
export function drivers(open: Cafe[], progress: Progress[], tables: Table[], desk: Desk) {
  if (!open.length) {
    return html`<section class="card labs-none">
      <h2>Aucun café en cours</h2>
      <p class="empty">
        Préparez une session sous <a href="#cafes-title">Cafés et appels à idées</a>, puis
        ouvrez-la${"\u00a0"}: les tours se conduisent ici.
      </p>
    </section>`;
  }
  return repeat(
    open,
    ({ id }) => id,
    (cafe) => {
      const mine = inOrder(
        progress.filter((each) => each.cafe === cafe.id && each.id in cafe.tables),
        desk.labs,
      );
      return html`<section class="driving" aria-labelledby="drive-${cafe.id}">
        ${together(cafe, mine, desk)}
        <ul class="lab-sides">
          ${repeat(
            mine,
            ({ id }) => id,
            (each) =>
              html`<li>
                ${side(cafe, each, tables, desk, controls(cafe, [each], desk, "small"))}
              </li>`,
          )}
        </ul>
      </section>`;
    },
  );
}

/** What the next press brings a laboratory to; "" where there is nothing after. */
function nextStep({ step, round }: Progress, cafe: Cafe): string {
  switch (step) {
    case "waiting":
      return "Lancer le tour 1";
    case "round":
      if (round >= cafe.rounds) return "Passer à la mise en commun";
      return cafe.moving_seconds ? "Changer de table" : `Lancer le tour ${round + 1}`;
    case "moving":
    case "gathering": // when there are more rounds than there were
      return round < cafe.rounds ? `Lancer le tour ${round + 1}` : "";
  }
}

/** Whether all are in the same step of the same round. */
function alike(progress: Progress[]): boolean {
  return new Set(progress.map(({ step, round }) => `${step} ${round}`)).size < 2;
}

function inOrder<T extends { id: string }>(found: T[], labs: Lab[]): T[] {
  const place = new Map(labs.map(({ id }, rank) => [id, rank]));
  return [...found].sort((a, b) => (place.get(a.id) ?? Infinity) - (place.get(b.id) ?? Infinity));
}

function together(cafe: Cafe, progress: Progress[], desk: Desk) {
  const [first] = progress;
  const same = alike(progress);
  const leftOver = progress.map((each) => left(each, desk.now)).filter((each) => each != null);
  const soonest = leftOver.length ? Math.min(...leftOver) : null;
  const paused = progress.length > 0 && progress.every(({ left: kept }) => kept != null);
  return html`<div class="drive-all">
    <div>
      <p class="eyebrow">
        ${same && first ? stepName(first, cafe) : "Les laboratoires n’en sont pas au même point"}
        ${paused ? html`<span class="dot"></span>en pause` : nothing}
      </p>
      <h2 id="drive-${cafe.id}" tabindex="-1">${typeset(cafe.title)}</h2>
      ${first && same ? html`<p class="drive-prompt">${typeset(asked(first, cafe))}</p>` : nothing}
    </div>
    ${
      soonest == null
        ? nothing
        : html`<p class="drive-time ${paused ? "paused" : ""}">
            <span class="visually-hidden">Il reste</span> ${stopwatch(Math.ceil(soonest))}
            ${same ? nothing : html`<small>au plus tôt</small>`}
          </p>`
    }
    ${controls(cafe, progress, desk, "huge")}
  </div>`;
}

/** What drives these laboratories: all of the café where they are several. */
function controls(cafe: Cafe, progress: Progress[], desk: Desk, size: "huge" | "small") {
  if (!desk.mayRun) return nothing;
  const { requests } = desk;
  const all = size === "huge";
  const labs = all ? [] : progress.map(({ id }) => id);
  const busy = `drive:${cafe.id}:${labs}`;
  const where = desk.labs.find(({ id }) => id === labs[0])?.name ?? labs[0] ?? "";
  const send = (verb: string, body: object = {}, headers?: Record<string, string>) =>
    void requests.send(
      busy,
      "POST",
      `/api/v1/cafes/${cafe.id}:${verb}`,
      { labs, ...body },
      headers,
    );
  // Two people press at the same time: the second press moves nobody twice.
  const versions = progress.map(({ version }) => `"${version}"`).join(", ");
  const press = (text: string, kind: string, act: () => void) =>
    html`<button
      class="${kind} ${all ? "huge" : ""}"
      aria-disabled=${requests.busy.has(busy) ? "true" : nothing}
      @click=${act}
    >
      ${text}${all ? nothing : html`<span class="visually-hidden"> – ${where}</span>`}
    </button>`;
  const [first] = progress;
  const steps = progress.map((each) => nextStep(each, cafe));
  const next = alike(progress) ? (steps[0] ?? "") : "Étape suivante partout";
  const timed = progress.some(({ ends_at, left: kept }) => ends_at != null || kept != null);
  const paused = progress.filter(({ left: kept }) => kept != null);
  const over = steps.every((step) => !step);
  return html`<div class="acts drive-acts">
    ${
      next && !over
        ? press(next, all ? "primary" : "primary soft", () =>
            send("advance", {}, { "if-match": versions }),
          )
        : nothing
    }
    ${
      timed
        ? html`${press(`+\u202f${LONGER / 60}\u00a0min`, "quiet", () =>
            send("extend", { seconds: LONGER }),
          )}
          ${
            paused.length === progress.length
              ? press("Reprendre", all ? "primary soft" : "quiet", () => send("resume"))
              : press("Pause", "quiet", () => send("pause"))
          }`
        : nothing
    }
    ${
      all && over && first
        ? press("Clore le café", "quiet", () => {
            if (sure(cafe)) void requests.send(cafe.id, "POST", `/api/v1/cafes/${cafe.id}:close`);
          })
        : nothing
    }
  </div>`;
}

/** Asked twice: tables are told that it is over. */
export function sure({ title, type }: Cafe): boolean {
  const what = type === "call" ? "l’appel" : "le café";
  return confirm(`Clore ${what} «\u00a0${title}\u00a0»\u202f? Il ne prendra plus d’idées.`);
}
