// Preparing a poll of any kind in the control room.

import { html, nothing } from "lit";
import { keep, recall } from "../kept";
import type { PollKind } from "../protocol";
import { goTo } from "./places";
import { PRINTED, printing } from "./voting_codes";

const FEWEST = 2;
const MOST = 8;
const MOST_WORDS = 5;

const KINDS: [PollKind, string][] = [
  ["single", "Un seul choix"],
  ["multiple", "Plusieurs choix"],
  ["rating", "Une note sur une échelle"],
  ["ranking", "Un classement"],
  ["dots", "Dix points à répartir"],
  ["words", "Nuage de mots"],
  ["text", "Réponse libre, relue avant d’être affichée"],
];

const DURATIONS: [number, string][] = [
  [0, "Jusqu’à ce que je le ferme"],
  [30, "30 secondes"],
  [60, "1 minute"],
  [120, "2 minutes"],
  [300, "5 minutes"],
];

/** What the form makes, in the words of the API. */
export interface PollDraft {
  type: PollKind;
  prompt: string;
  options: string[];
  max_choices?: number;
  scale?: number;
  duration: number;
  compare_by: "none" | "lab";
  codes: boolean;
}

const NEW: PollDraft = {
  type: "single",
  prompt: "",
  options: ["", ""],
  max_choices: 2,
  scale: 5,
  duration: 0,
  compare_by: "none",
  codes: false,
};

export class PollForm {
  private draft: PollDraft = { ...NEW, ...recall<Partial<PollDraft>>("poll-draft", {}) };
  private open = this.draft.prompt !== "";
  private printed = recall("codes-printed", PRINTED);

  constructor(
    private readonly changed: () => void,
    private readonly create: (draft: PollDraft) => Promise<boolean>,
  ) {}

  render() {
    if (!this.open) {
      return html`<button class="quiet wide" @click=${() => this.show()}>
        Préparer un sondage
      </button>`;
    }
    const { type, prompt, duration, compare_by, codes } = this.draft;
    return html`<form class="card poll-form" @submit=${(event: Event) => void this.submit(event)}>
      <label>
        <span>La question du sondage</span>
        <input
          id="poll-prompt"
          type="text"
          required
          maxlength="200"
          .value=${prompt}
          @input=${(event: InputEvent) => this.write({ prompt: value(event) })}
        />
      </label>
      ${choice("Type", KINDS, type, (kind) => this.write({ type: kind as PollKind }))}
      ${listed(type) ? this.options() : nothing} ${this.number()}
      ${choice("Durée", DURATIONS, duration, (chosen) => this.write({ duration: Number(chosen) }))}
      <label class="choice">
        <input
          type="checkbox"
          .checked=${compare_by === "lab"}
          @change=${() => this.write({ compare_by: compare_by === "lab" ? "none" : "lab" })}
        />
        <span>Comparer les laboratoires</span>
      </label>
      <label class="choice">
        <input
          type="checkbox"
          .checked=${codes}
          @change=${() => this.write({ codes: !this.draft.codes })}
        />
        <span>Demander un code de vote</span>
      </label>
      ${codes ? printing(this.printed, (printed) => this.print(printed)) : nothing}
      <div class="acts">
        <button class="primary">Enregistrer</button>
        <button type="button" class="quiet" @click=${() => this.reset()}>Abandonner</button>
      </div>
    </form>`;
  }

  private options() {
    const { options } = this.draft;
    return html`<fieldset>
      <legend>Réponses possibles</legend>
      ${options.map(
        (option, rank) =>
          html`<input
            type="text"
            aria-label="Réponse ${rank + 1}"
            placeholder="Réponse ${rank + 1}"
            maxlength="100"
            .value=${option}
            @input=${(event: InputEvent) =>
              // What was typed since this was drawn counts too: not `options`.
              this.write({
                options: this.draft.options.map((old, at) => (at === rank ? value(event) : old)),
              })}
          />`,
      )}
      <button
        type="button"
        class="link"
        ?disabled=${options.length >= MOST}
        @click=${() => this.write({ options: [...this.draft.options, ""] })}
      >
        Ajouter une réponse
      </button>
    </fieldset>`;
  }

  /** How many answers one may give, or how long the scale is. */
  private number() {
    const { type, options, scale, max_choices } = this.draft;
    if (type === "rating") {
      const scales: [number, string][] = [
        [5, "de 1 à 5"],
        [10, "de 1 à 10"],
      ];
      return choice("Échelle", scales, scale, (steps) => this.write({ scale: Number(steps) }));
    }
    if (type !== "multiple" && type !== "words") return nothing;
    const most = type === "words" ? MOST_WORDS : Math.max(FEWEST, options.filter(Boolean).length);
    const numbers = Array.from({ length: most }, (_, n): [number, string] => [n + 1, `${n + 1}`]);
    const allowed = Math.min(max_choices ?? most, most);
    const label = type === "words" ? "Mots par personne" : "Choix par personne, au plus";
    return choice(label, numbers, allowed, (n) => this.write({ max_choices: Number(n) }));
  }

  private show(): void {
    this.open = true;
    this.changed();
    goTo("#poll-prompt");
  }

  private print(codes: number): void {
    this.printed = codes;
    keep("codes-printed", codes);
    this.changed();
  }

  private write(change: Partial<PollDraft>): void {
    Object.assign(this.draft, change);
    keep("poll-draft", this.draft);
    this.changed();
  }

  private reset(): void {
    this.draft = { ...NEW };
    this.open = false;
    keep("poll-draft", null);
    this.changed();
  }

  private async submit(event: Event): Promise<void> {
    event.preventDefault();
    const { type, prompt, max_choices = 1, scale, ...rest } = this.draft;
    const typed = rest.options.map((option) => option.trim()).filter(Boolean);
    const form = event.target as HTMLFormElement;
    if (listed(type) && typed.length < FEWEST) {
      const missing = form.querySelectorAll<HTMLInputElement>("fieldset input")[typed.length];
      missing?.setCustomValidity("Il faut au moins deux réponses.");
      form.reportValidity();
      missing?.setCustomValidity("");
      return;
    }
    const options = listed(type) ? typed : [];
    const draft: PollDraft = { ...rest, type, prompt: prompt.trim(), options };
    if (type === "multiple") draft.max_choices = Math.min(max_choices, typed.length);
    if (type === "words") draft.max_choices = Math.min(max_choices, MOST_WORDS);
    if (type === "rating") draft.scale = scale ?? 5;
    if (await this.create(draft)) this.reset();
  }
}

/** Whether whoever drafts it lists what one may answer. */
function listed(type: PollKind): boolean {
  return !["rating", "words", "text"].includes(type);
}

function choice<T extends number | string>(
  label: string,
  choices: [T, string][],
  chosen: T | undefined,
  choose: (value: string) => void,
) {
  return html`<label>
    <span>${label}</span>
    <select @change=${(event: Event) => choose((event.target as HTMLSelectElement).value)}>
      ${choices.map(
        ([key, text]) =>
          html`<option value=${key} ?selected=${key === chosen}>${text}</option>`,
      )}
    </select>
  </label>`;
}

function value(event: InputEvent): string {
  return (event.target as HTMLInputElement).value;
}
