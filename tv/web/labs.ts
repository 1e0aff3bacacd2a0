// The journey: its laboratories one after the other, and what goes on in each.

import { html, nothing, render } from "lit";
import * as clock from "./clock";
import { count, spoken } from "./french";
import type { Cafe, Lab, Progress, Table } from "./lab_items";
import { lamps, left, stepName } from "./labs/round";
import { Live } from "./live";
import { drawing, page } from "./page";
import { status } from "./parts/heading";
import { labSign } from "./parts/lab_sign";
import { announce } from "./parts/text";
import { variable } from "./parts/variable";
import { enter } from "./session";
import "./shell";

const FOLLOWED = 14; // laboratories whose state one socket brings: it has 16 topics

const $ = (selector: string) => document.querySelector<HTMLElement>(selector) as HTMLElement;

const labs = page.labs ?? [];
const draw = drawing(redraw);
const live = new Live(draw);

redraw(); // they are known before anything of them is
setInterval(draw, 1000);
void enter().then((trouble) => {
  if (trouble) announce(trouble, true);
  live.follow(...labs.slice(0, FOLLOWED).map(({ id }) => `lab:${id}`));
});

function redraw(): void {
  render(status(undefined, live.connected || !live.welcome), $("#status"));
  render(
    labs.map(
      (lab, rank) =>
        html`<li
          ${variable("--lab", lab.colour)}
          ${variable("--next", labs[rank + 1]?.colour ?? lab.colour)}
        >
          ${station(lab, rank)}
        </li>`,
    ),
    $("#journey"),
  );
}

function station(lab: Lab, rank: number) {
  return html`<a class="station" href="/labo/${lab.id}">
    ${labSign(lab)}
    <span class="station-words">
      <span class="station-step">${rank + 1}. ${lab.step || "Étape"}</span>
      <span class="station-name">${lab.name}</span>
      ${state(lab.id)}
    </span>
  </a>`;
}

function state(id: string) {
  const topic = `lab:${id}`;
  const progress = live.item<Progress>(topic, "progress", id);
  const cafe = progress && live.item<Cafe>(topic, "cafe", progress.cafe);
  if (!progress || cafe?.state !== "open") {
    return html`<span class="station-state note">${cafe ? "Session terminée" : nothing}</span>`;
  }
  const tables = live.items<Table>(topic, "table").filter((table) => table.cafe === cafe.id);
  const people = tables.reduce((sum, { seated }) => sum + seated, 0);
  const rest = left(progress, clock.now());
  return html`<span class="station-state">
    <span class="station-now">${stepName(progress, cafe)} ${lamps(progress, cafe)}</span>
    <span class="note">${facts(rest, progress.left != null, people)}</span>
  </span>`;
}

/** « encore 12 min, 31 personnes » */
function facts(rest: number | null, paused: boolean, people: number): string {
  const time = paused ? "en pause" : rest == null ? "" : `encore ${roughly(rest)}`;
  return [time, people ? count(people, "personne", "personnes") : ""].filter(Boolean).join(", ");
}

/** In whole minutes while there are several: nothing should flicker on a map. */
function roughly(rest: number): string {
  return rest > 120 ? `${Math.round(rest / 60)}\u00a0min` : spoken(Math.ceil(rest));
}
