// Preparing a café or a call for ideas: its questions, its tables, its times.

import { html } from "lit";
import { keyed } from "lit/directives/keyed.js";
import type { Cafe, Lab } from "../lab_items";
import { labSign } from "../parts/lab_sign";
import { goTo } from "../parts/places";
import type { Requests } from "../requests";

const MOST_TABLES = 60;
const NEW = {
  title: "",
  prompts: [] as string[],
  rounds: 3,
  round_seconds: 1200,
  moving_seconds: 120,
  seats: 8,
  dots: 5,
  private: false,
};
const TABLES = 8;
const DOTS = 20; // of a call, where one answer has one of them

type Kind = Cafe["type"];

export class CafeForm {
  open = false;
  private cafe: Cafe | null = null; // the one that is changed; null: a new one
  private type: Kind = "world_cafe";

  /** `done` once what it made or changed is there: the form is gone. */
  constructor(
    private readonly changed: () => void,
    private readonly requests: Requests,
    private readonly done: () => void,
  ) {}

  /** Open it for a new café, or to change `cafe`. */
  show(type: Kind, cafe: Cafe | null = null): void {
    this.open = true;
    this.cafe = cafe;
    this.type = type;
    this.changed();
    goTo("#cafe-title");
  }

  render(labs: Lab[]) {
    const { cafe, type } = this;
    const call = type === "call";
    const plan = cafe ?? { ...NEW, dots: call ? DOTS : NEW.dots };
    const heading = cafe ? "Modifier" : call ? "Un appel à idées" : "Un café";
    const form = html`<form
      class="card rundown-form cafe-form"
      aria-label=${heading}
      @submit=${(event: SubmitEvent) => void this.submit(event)}
    >
      <h3>${heading}</h3>
      <label>
        <span>Titre</span>
        <input
          id="cafe-title"
          type="text"
          name="title"
          required
          maxlength="120"
          autocomplete="off"
          .value=${plan.title}
        />
      </label>
      <label>
        <span>${call ? "La question" : "La question, ou une par tour (une par ligne)"}</span>
        <textarea
          name="prompts"
          rows=${call ? 2 : 3}
          maxlength=${call ? 300 : 3600}
          required
          .value=${plan.prompts.join("\n")}
        ></textarea>
      </label>
      ${
        call
          ? html`<p class="note">
              Chacun répond depuis la page des idées et le programme. Les réponses s’affichent une
              fois relues.
            </p>`
          : this.session(plan, labs)
      }
      ${number("dots", "Points à donner par personne", plan.dots, 0, 50)}
      <div class="acts">
        <button class="primary">${cafe ? "Enregistrer" : "Préparer"}</button>
        <button type="button" class="quiet" @click=${() => this.close()}>Abandonner</button>
      </div>
    </form>`;
    return keyed(cafe?.id ?? type, form); // nothing typed for one is in another's
  }

  private session(plan: Cafe | typeof NEW, labs: Lab[]) {
    const tables = this.cafe?.tables;
    return html`<fieldset class="cafe-tables">
        <legend>Tables de chaque laboratoire (0${"\u00a0"}: il n’en est pas)</legend>
        ${
          labs.length
            ? labs.map(
                (lab) =>
                  html`<label>
                    ${labSign(lab)}<span>${lab.name}</span>
                    ${counted(`tables ${lab.id}`, tables ? (tables[lab.id] ?? 0) : TABLES, 0, MOST_TABLES)}
                  </label>`,
              )
            : html`<p class="note">
                Aucun laboratoire n’est réglé${"\u00a0"}: ajoutez-les aux réglages du serveur
                (<code>[labs.NOM]</code>).
              </p>`
        }
      </fieldset>
      <div class="cafe-numbers">
        ${number("rounds", "Tours", plan.rounds, 1, 12)}
        ${number("minutes", "Minutes par tour", plan.round_seconds / 60, 1, 240, "any")}
        ${number("moving", "Secondes pour changer", plan.moving_seconds, 0, 3600)}
        ${number("seats", "Places par table", plan.seats, 1, 100)}
      </div>
      <label class="choice">
        <input type="checkbox" name="private" .checked=${plan.private} />
        <span>Chacun note d’abord pour soi, l’hôte révèle les idées ensemble</span>
      </label>`;
  }

  private close(): void {
    this.open = false;
    this.changed();
    this.done();
  }

  private async submit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const said = new FormData(event.target as HTMLFormElement);
    const text = (name: string) => String(said.get(name) ?? "").trim();
    const prompts = text("prompts");
    const call = this.type === "call";
    const body: Record<string, unknown> = {
      title: text("title"),
      prompts: call
        ? [prompts.replace(/\s*\n\s*/g, " ")]
        : prompts.split("\n").map((line) => line.trim()).filter(Boolean),
      dots: Number(text("dots")),
    };
    if (!call) {
      const names = [...said.keys()].filter((name) => name.startsWith("tables "));
      Object.assign(body, {
        tables: Object.fromEntries(
          names
            .map((name): [string, number] => [name.slice(7), Number(text(name))])
            .filter(([, tables]) => tables),
        ),
        rounds: Number(text("rounds")),
        round_seconds: 60 * Number(text("minutes")),
        moving_seconds: Number(text("moving")),
        seats: Number(text("seats")),
        private: said.has("private"),
      });
    }
    const { cafe } = this;
    const done = cafe
      ? await this.requests.send(cafe.id, "PATCH", `/api/v1/cafes/${cafe.id}`, body)
      : await this.requests.create("cafe", "/api/v1/cafes", { type: this.type, ...body });
    if (done) this.close();
  }
}

function number(
  name: string,
  label: string,
  value: number,
  least: number,
  most: number,
  step: number | "any" = 1,
) {
  return html`<label>
    <span>${label}</span>
    ${counted(name, value, least, most, step)}
  </label>`;
}

function counted(
  name: string,
  value: number,
  least: number,
  most: number,
  step: number | "any" = 1,
) {
  return html`<input
    type="number"
    inputmode=${step === "any" ? "decimal" : "numeric"}
    name=${name}
    min=${least}
    max=${most}
    step=${step}
    required
    .value=${String(value)}
  />`;
}
