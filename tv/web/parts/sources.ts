// The sources of the channel on the page, in full; those of the others on a line each.

import { html, nothing } from "lit";
import { count } from "../french";
import { page } from "../page";
import type { Channel, Slot, Source } from "../protocol";
import { ON_AIR } from "./health";
import { KINDS, SLOTS, sourceCard } from "./source";
import { type Switching, switcher } from "./switcher";

const BOTH: Slot[] = ["primary", "backup"];

interface Desk {
  now: number;
  switching: Switching;
  mayRun: boolean; // switch, start and stop
  renewKey(channel: Channel, slot: Slot): void;
}

/** The page's channel stands beside its picture with its switcher: here are its studios alone. */
export function sources(channel: Channel | undefined, others: Channel[], desk: Desk) {
  return html`
    ${channel ? studios(channel, desk) : nothing}
    ${
      others.length
        ? html`<h3 class="others-title">Les autres canaux</h3>
            <ul class="others">
              ${others.map((other) => html`<li>${folded(other, desk)}</li>`)}
            </ul>`
        : nothing
    }
  `;
}

function studios(channel: Channel, desk: Desk) {
  const found = channel.sources;
  if (!found) {
    return html`<p class="empty">
      Votre laissez-passer vaut pour une seule intervention\u00a0: les sources des canaux ne s’y
      montrent pas.
    </p>`;
  }
  const shown = found.filter(({ connected }) => connected);
  const refused = BOTH.filter((slot) => of(found, slot)?.advice.length);
  return html`
    ${shown.length ? nothing : howToPublish(channel)}
    <ul class="sources">
      ${(shown.length ? BOTH : refused).map((slot) => sourceCard(slot, of(found, slot), desk.now))}
    </ul>
    ${desk.mayRun ? keys(channel, desk) : nothing}
  `;
}

function keys(channel: Channel, { renewKey }: Desk) {
  return html`<p class="source-keys">
    ${BOTH.map(
      (slot) =>
        html`<button
          class="link"
          aria-label="Nouvelle clé du ${SLOTS[slot].toLowerCase()}, ${channel.name}"
          @click=${() => renewKey(channel, slot)}
        >
          Nouvelle clé du ${SLOTS[slot].toLowerCase()}…
        </button>`,
    )}
  </p>`;
}

function folded(channel: Channel, desk: Desk) {
  const connected = (channel.sources ?? []).filter((each) => each.connected);
  const told = connected.reduce((sum, each) => sum + each.advice.length, 0);
  const byHand = (channel.chosen ?? "auto") !== "auto";
  const reason = channel.captions_reason;
  return html`<details class="other ${channel.on_air === "slate" ? "" : "live"}">
    <summary>
      <span class="other-name">${channel.name}</span>
      <span class="other-air">
        <span class="tally"></span>${connected.length ? ON_AIR[channel.on_air] : "aucun studio"}
      </span>
      ${
        connected.length
          ? html`<span class="other-sources">${connected.map(named).join(" + ")}</span>`
          : nothing
      }
      ${byHand ? html`<span class="chip warn">Choix manuel</span>` : nothing}
      ${told ? html`<span class="chip warn">${count(told, "conseil", "conseils")}</span>` : nothing}
    </summary>
    ${channel.sources ? switcher(channel, desk.switching, desk.mayRun) : nothing}
    ${reason ? html`<p class="advice">${reason}</p>` : nothing} ${studios(channel, desk)}
  </details>`;
}

function named({ slot, kind, on_air }: Source): string {
  const name = KINDS[kind] ?? kind;
  return on_air ? name : `${SLOTS[slot].toLowerCase()} ${name}`;
}

function howToPublish({ id }: Channel) {
  return html`<p class="how">
    <strong>Aucun studio ne diffuse.</strong> Dans OBS\u00a0: service «\u00a0Personnalisé\u00a0», serveur
    <code>rtmp://${location.hostname}:${page.rtmpPort ?? 1935}/live</code>, et la clé que donne
    <code>fabrique-tv key ${id}</code>.
  </p>`;
}

function of(found: Source[], slot: Slot): Source | undefined {
  return found.find((each) => each.slot === slot);
}
