// Sharing a synthesis: with which laboratories, on the page of ideas, on the wall; and taking it back.

import { html, nothing } from "lit";
import { count, hour } from "../french";
import type { Lab } from "../lab_items";
import { labName } from "../parts/lab_sign";
import type { Sheets } from "./sheets";

export interface Sharing {
  labs: Lab[];
  lab: string; // of this table
  busy: boolean;
  act: (verb: string, body?: object) => void;
}

export function sharing(sheets: Sheets, share: Sharing) {
  const { current } = sheets;
  const off = share.busy ? "true" : nothing;
  if (current?.state === "hidden") {
    return html`<div class="acts">
      <button class="quiet" aria-disabled=${off} @click=${() => share.act("restore")}>
        Remettre en brouillon
      </button>
    </div>`;
  }
  if (current?.state === "shared") {
    return html`
      <p class="shared-state" id="shared-state" tabindex="-1"><span class="chip good"><span class="lamp"></span>Partagée</span></p>
      <p class="facts">
        <span>depuis ${hour(current.shared_at)}</span>
        <span>${withWhom(current.labs, share.labs)}</span>
        <span>${current.open ? "page des idées" : nothing}</span>
        <span>${count(current.support, "soutien", "soutiens")}</span>
        <span>${count(current.comments, "commentaire", "commentaires")}</span>
      </p>
      <details class="wider">
        <summary>Partager autrement</summary>
        ${form(sheets, share, "Partager ainsi")}
      </details>
      <button class="link" aria-disabled=${off} @click=${() => share.act("hide")}>
        Retirer de partout
      </button>
    `;
  }
  return form(sheets, share, "Partager");
}

function form(sheets: Sheets, share: Sharing, button: string) {
  const { text, current } = sheets;
  const ready = text.title.trim() !== "" && text.body.trim() !== "";
  const others = share.labs.filter(({ id }) => id !== share.lab);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (!ready || share.busy) return;
    const said = new FormData(event.target as HTMLFormElement);
    share.act("share", {
      // None at all would be every one.
      labs: said.get("whom") === "some" ? [share.lab, ...said.getAll("lab").map(String)] : [],
      open: said.has("open"),
      wall: said.has("wall"),
    });
  };
  const some = Boolean(current?.labs.length);
  return html`<form class="sharing" @submit=${submit}>
    <fieldset>
      <legend>Avec qui\u202f?</legend>
      <label class="choice">
        <input type="radio" name="whom" value="all" ?checked=${!some} /> Tous les laboratoires
      </label>
      <label class="choice">
        <input type="radio" name="whom" value="some" ?checked=${some} /> Certains laboratoires
      </label>
      <div class="which-labs">
        <label class="choice">
          <input type="checkbox" checked disabled /> ${labName(share.labs, share.lab)} (le vôtre)
        </label>
        ${others.map(
          ({ id, name }) =>
            html`<label class="choice">
              <input type="checkbox" name="lab" value=${id} ?checked=${current?.labs.includes(id)} />
              ${name}
            </label>`,
        )}
      </div>
    </fieldset>
    <label class="choice">
      <input type="checkbox" name="open" ?checked=${current?.state !== "shared" || current.open} />
      Sur la page publique des idées
    </label>
    <label class="choice"><input type="checkbox" name="wall" /> Sur le mur</label>
    <p class="note">
      ${
        ready
          ? "La régie la verra aussitôt, et peut la montrer à l’antenne."
          : "Il lui faut un titre et quelques phrases."
      }
    </p>
    <button class="primary huge" aria-disabled=${ready && !share.busy ? nothing : "true"}>
      ${share.busy ? "Partage…" : button}
    </button>
  </form>`;
}

function withWhom(slugs: string[], labs: Lab[]): string {
  if (!slugs.length) return "tous les laboratoires";
  return slugs.map((slug) => labName(labs, slug)).join(", ");
}
