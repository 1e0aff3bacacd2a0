// The pieces of a table's page: what is asked, where one sits, what one may still give.

import { html, nothing } from "lit";
import { count } from "../french";
import type { Cafe, Idea, Lab, Progress, Table } from "../lab_items";
import { labSign } from "../parts/lab_sign";
import { typeset } from "../parts/text";
import type { Giving } from "./giving";
import type { Invitation } from "./presence";
import { asked, lamps, stepName } from "./round";
import { tableAddress } from "./seat";

const HINTS: Record<Progress["step"], string> = {
  waiting: "Installez-vous\u00a0: le premier tour va commencer.",
  round: "",
  moving: "Rejoignez une autre table\u00a0: voici la question qui vous y attend.",
  gathering: "L’hôte regroupe les idées et écrit la synthèse. On peut encore en ajouter.",
};

/** The step, and the question that goes with it: what the page is about, or a part of it. */
export function question(lab: Lab | undefined, progress: Progress, cafe: Cafe, part = false) {
  const over = cafe.state === "closed";
  const hint = over ? "Merci\u202f! Vos idées restent ici." : HINTS[progress.step];
  const words = typeset(over || progress.step === "gathering" ? cafe.title : asked(progress, cafe));
  return html`<p class="eyebrow">
      ${
        lab
          ? html`${labSign(lab)}<span class="of-lab">${lab.name}<span class="dot"></span></span>`
          : nothing
      }
      <strong class="step-name">${stepName(progress, cafe)}</strong> ${lamps(progress, cafe)}
    </p>
    ${part ? html`<h3>${words}</h3>` : html`<h1>${words}</h1>`}
    ${hint ? html`<p class="hint">${hint}</p>` : nothing}`;
}

/** Where nothing can be done: no session, or no such table in it. */
export function nothingHere(lab: Lab | undefined, session: boolean) {
  return html`<p class="eyebrow">${labSign(lab)}<span>${lab?.name ?? ""}</span></p>
    <h1>${session ? "Cette table n’est pas dans la session" : "Pas de session en ce moment"}</h1>
    <p class="hint">
      ${
        session
          ? "Choisissez-en une autre ci-dessous."
          : "Cette page s’animera toute seule quand la session s’ouvrira."
      }
    </p>`;
}

/** All tables, to go and sit at one; the one of this page is marked. */
export function tiles(tables: Table[], cafe: Cafe, here = "") {
  return html`<ul class="table-tiles">
    ${tables.map(
      ({ id, lab, number, seated, hosts }) =>
        html`<li>
          <a
            href=${tableAddress(lab, number)}
            class=${id === here ? "here" : ""}
            aria-current=${id === here ? "true" : nothing}
          >
            <span class="tile-number"><span>Table</span> ${number}</span>
            <span class="tile-seats">${seats(seated, cafe.seats)}</span>
            ${
              hosts.length
                ? html`<span class="tile-host">
                    Hôte${hosts.filter(Boolean).length ? `\u00a0: ${hosts.filter(Boolean).join(", ")}` : " présent"}
                  </span>`
                : nothing
            }
          </a>
        </li>`,
    )}
  </ul>`;
}

function seats(taken: number, all: number): string {
  if (taken >= all) return "Complète";
  return taken
    ? `${count(taken, "personne", "personnes")} sur\u00a0${all}`
    : count(all, "place libre", "places libres");
}

/** What is left of one's dots: as dots for the eye, in words for all. */
export function budget({ left }: Giving, { dots }: Cafe) {
  return html`<p class="budget" role="status">
    <span class="own-dots" aria-hidden="true">
      ${Array.from({ length: dots }, (_, rank) => html`<i class=${rank < left ? "given" : ""}></i>`)}
    </span>
    <span>
      ${
        left
          ? html`Il vous reste <strong>${count(left, "point", "points")}</strong> à donner.`
          : "Vous avez donné tous vos points\u00a0: vous pouvez encore les déplacer."
      }
    </span>
  </p>`;
}

/** One's own ideas from other tables, to be laid on this one. */
export function bringing(ideas: Idea[], bring: (idea: Idea) => void) {
  if (!ideas.length) return nothing;
  return html`<details class="bringing">
    <summary>Apporter ici une de vos idées (${ideas.length})</summary>
    <ul>
      ${ideas.map(
        (idea) =>
          html`<li>
            <p>${typeset(idea.text || "Une image")}</p>
            <button type="button" class="quiet" @click=${() => bring(idea)}>Poser ici</button>
          </li>`,
      )}
    </ul>
  </details>`;
}

/** The code of the table, on the page of the table's own device. */
export function byPhone({ image, address }: Invitation) {
  return html`<section class="by-phone" aria-labelledby="phone-title">
    <img src=${image} alt="" />
    <div>
      <h2 id="phone-title">Avec votre téléphone</h2>
      <p class="note">Scannez pour écrire et voter à cette table.</p>
      <p class="address">${address.replace(/^https?:\/\//, "")}</p>
    </div>
  </section>`;
}
