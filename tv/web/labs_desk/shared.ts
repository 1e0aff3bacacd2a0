// Shared syntheses in the control room: lined up, on air in two presses, told on the set, sent on.

import { html, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { ago, count, quoted, seconds } from "../french";
import type { Synthesis } from "../lab_items";
import { button } from "../parts/button";
import { labOf } from "../parts/lab_sign";
import { asideOf } from "../parts/moderating";
import { from } from "../parts/syntheses";
import { typeset } from "../parts/text";
import { variable } from "../parts/variable";
import type { Entry, Talk } from "../protocol";
import type { Desk } from "./driving";

interface Shared extends Desk {
  entries: Entry[]; // of the rundown
  told: Talk | undefined; // the talk on the set in which they are told
  send: (synthesis: Synthesis) => void; // to laboratories
}

export function shared(all: Synthesis[], desk: Shared) {
  if (!all.length) {
    return html`<p class="empty">Aucune synthèse n’est encore partagée par les tables.</p>`;
  }
  return html`<ul class="cards">
    ${repeat(
      all,
      ({ id }) => id,
      (synthesis) => card(synthesis, desk),
    )}
  </ul>`;
}

function card(synthesis: Synthesis, desk: Shared) {
  const { labs, now, requests, mayRun } = desk;
  const about = desk.entries.filter(({ shows }) => shows?.id === synthesis.id);
  const entry = about.find(({ state }) => state === "on_air") ?? about[0];
  const telling = synthesis.airings.some(({ end }) => end == null);
  const onAir = entry?.state === "on_air";
  return html`<li
    class="card shared-card ${onAir || telling ? "on-air" : ""}"
    data-id=${synthesis.id}
    ${variable("--lab", labOf(labs, synthesis.lab)?.colour ?? "var(--line-strong)")}
  >
    ${from(synthesis, labs)}
    ${
      onAir || telling
        ? html`<p class="on-air-label">
            <span class="tally"></span>${telling ? "Présentée en ce moment" : "À l’antenne"}
          </p>`
        : nothing
    }
    <h3>${typeset(synthesis.title)}</h3>
    ${
      synthesis.body
        ? html`<p class="shared-body">${typeset(synthesis.body.replace(/\n\s*\n/g, "\n"))}</p>`
        : nothing
    }
    <p class="meta">
      ${synthesis.open ? html`publique<span class="dot"></span>` : nothing}
      partagée ${ago(synthesis.shared_at, now)}
      ${some(synthesis.support, "soutien", "soutiens")}
      ${some(synthesis.comments, "commentaire", "commentaires")}
      ${
        !telling && seconds(synthesis.airings.at(-1)?.end) != null
          ? html`<span class="dot"></span>déjà présentée`
          : nothing
      }
    </p>
    <div class="acts">
      ${
        telling
          ? mayRun
            ? act("Présentée", "primary soft", synthesis, desk, "told")
            : nothing
          : html`${toAir(synthesis, entry, desk)} ${onTheSet(synthesis, desk)}`
      }
      ${
        synthesis.support_aside
          ? act(asideOf(synthesis.support_aside), "quiet", synthesis, desk, "accept_support")
          : nothing
      }
      <button class="link" @click=${() => desk.send(synthesis)}>Envoyer au labo</button>
      <button
        class="link"
        aria-disabled=${requests.busy.has(synthesis.id) ? "true" : nothing}
        @click=${() => hide(synthesis, desk)}
      >
        Masquer
      </button>
    </div>
  </li>`;
}

function some(n: number, one: string, many: string) {
  return n ? html`<span class="dot"></span>${count(n, one, many)}` : nothing;
}

/** On air in two presses: in the rundown, then taken. */
function toAir(synthesis: Synthesis, entry: Entry | undefined, { requests, mayRun }: Shared) {
  const { busy } = requests;
  if (!entry) {
    const add = ({ id: shows }: Synthesis) =>
      void requests.create(shows, "/api/v1/rundown", { type: "synthesis", shows });
    return button("Ajouter au conducteur", "primary soft", synthesis, { busy, act: add }, "add");
  }
  if (!mayRun) return html`<span class="note">Au conducteur</span>`;
  const drive = ({ id }: Entry, verb: string) =>
    void requests.send(id, "POST", `/api/v1/rundown/${id}:${verb}`);
  return entry.state === "on_air"
    ? button("Retirer de l’antenne", "quiet", entry, { busy, act: drive }, "off")
    : button("À l’antenne", "primary", entry, { busy, act: drive }, "take");
}

function onTheSet(synthesis: Synthesis, desk: Shared) {
  const { told } = desk;
  if (!told || !desk.mayRun) return nothing;
  return act("Présenter sur le plateau", "quiet", synthesis, desk, "take", { talk: told.id });
}

function act(
  text: string,
  kind: string,
  synthesis: Synthesis,
  { requests }: Shared,
  verb: string,
  body?: object,
) {
  const send = ({ id }: Synthesis) =>
    void requests.send(id, "POST", `/api/v1/syntheses/${id}:${verb}`, body);
  return button(text, kind, synthesis, { busy: requests.busy, act: send }, verb);
}

function hide({ id, title }: Synthesis, { requests }: Shared): void {
  const sure = `Masquer la synthèse ${quoted(title)}\u202f? Elle disparaît de toutes les pages.`;
  if (confirm(sure)) void requests.send(id, "POST", `/api/v1/syntheses/${id}:hide`);
}
