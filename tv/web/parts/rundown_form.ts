// A new item for the rundown: what it says, where it goes, and for how long.

import { html, nothing } from "lit";
import type { Entry } from "../protocol";

export interface Draft {
  type: Entry["type"];
  title?: string;
  text?: string;
  shows?: string;
  target?: Entry["target"];
  to?: string[];
  duration?: number | null;
}

type Own = "bandeau" | "announcement" | "synthesis" | "countdown";

// What each kind asks for: the names of its title and its text, "" for none.
const FIELDS: Record<Own, [name: string, title: string, text: string]> = {
  bandeau: ["Bandeau", "Nom", "Fonction"],
  announcement: ["Annonce", "Titre (facultatif)", "Texte"],
  synthesis: ["Synthèse", "Titre", "Texte"],
  countdown: ["Compte à rebours", "Libellé (facultatif)", ""],
};

export class RundownForm {
  open = false;
  private type: Own = "bandeau";

  constructor(
    private readonly changed: () => void,
    private readonly add: (draft: Draft) => Promise<boolean>,
  ) {}

  /** `choices` are kind, id and words of what can be shown; `places` names and words of screens. */
  render(choices: [string, string, string][], places: [string, string][]) {
    if (!this.open) {
      return html`<button class="quiet wide" @click=${() => this.toggle()}>
        Ajouter au conducteur
      </button>`;
    }
    const [, title, text] = FIELDS[this.type];
    const counts = this.type === "countdown";
    const optional = title.includes("facultatif");
    return html`${choices.length ? this.showing(choices) : nothing}
      <form class="card rundown-form" @submit=${(event: SubmitEvent) => void this.submit(event)}>
        <label>
          <span>Type</span>
          <select
            name="type"
            @change=${(event: Event) => {
              this.type = (event.target as HTMLSelectElement).value as Own;
              this.changed();
            }}
          >
            ${Object.entries(FIELDS).map(
              ([type, [name]]) =>
                html`<option value=${type} ?selected=${type === this.type}>${name}</option>`,
            )}
          </select>
        </label>
        <label>
          <span>${title}</span>
          <input type="text" name="title" maxlength="120" autocomplete="off" ?required=${!optional} />
        </label>
        ${
          text
            ? html`<label>
                <span>${text}</span>
                <textarea
                  name="text"
                  rows="2"
                  maxlength="1200"
                  ?required=${this.type !== "bandeau"}
                ></textarea>
              </label>`
            : nothing
        }
        <label>
          <span>${counts ? "Durée, en secondes" : "Durée à l’antenne, en secondes (facultatif)"}</span>
          <input
            name="duration"
            type="text"
            inputmode="numeric"
            pattern="[0-9]{1,5}"
            ?required=${counts}
          />
        </label>
        <label>
          <span>Où</span>
          <select name="target">
            <option value="both">Écrans et habillage</option>
            <option value="screens">Écrans seulement</option>
            <option value="overlay">Habillage seulement</option>
          </select>
        </label>
        ${
          places.length
            ? html`<label>
                <span>Écrans</span>
                <select name="to">
                  <option value="">Tous les écrans</option>
                  ${places.map(([id, name]) => html`<option value=${id}>${name}</option>`)}
                </select>
              </label>`
            : nothing
        }
        <div class="acts">
          <button class="primary">Ajouter</button>
          <button type="button" class="quiet" @click=${() => this.toggle()}>Fermer</button>
        </div>
      </form>`;
  }

  private showing(choices: [string, string, string][]) {
    return html`<form
      class="card rundown-form"
      @submit=${(event: SubmitEvent) => {
        event.preventDefault();
        const chosen = new FormData(event.target as HTMLFormElement).get("shows") as string;
        const [type, shows] = chosen.split(" ");
        void this.add({ type: type as Entry["type"], shows });
      }}
    >
      <label>
        <span>Une question publiée, un sondage, un message du mur, une synthèse</span>
        <select name="shows">
          ${choices.map(
            ([kind, id, words]) => html`<option value="${kind} ${id}">${words.slice(0, 90)}</option>`,
          )}
        </select>
      </label>
      <div class="acts"><button class="primary soft">Ajouter</button></div>
    </form>`;
  }

  private toggle(): void {
    this.open = !this.open;
    this.changed();
  }

  private async submit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const form = event.target as HTMLFormElement;
    const said = new FormData(form);
    const text = (name: string) => String(said.get(name) ?? "").trim();
    const done = await this.add({
      type: this.type,
      title: text("title"),
      text: text("text"),
      target: text("target") as Entry["target"],
      to: text("to") ? [text("to")] : [],
      duration: text("duration") ? Number(text("duration")) : null,
    });
    if (done) form.reset();
  }
}
