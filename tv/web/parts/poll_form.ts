// Preparing a single-choice poll in the control room.

import { html } from "lit";
import { keep, recall } from "../kept";

const FEWEST = 2;
const MOST = 8;

interface Draft {
  prompt: string;
  options: string[];
}

export class PollForm {
  private draft: Draft = recall<Draft>("poll-draft", { prompt: "", options: ["", ""] });
  private open = this.draft.prompt !== "";

  constructor(
    private readonly changed: () => void,
    private readonly create: (prompt: string, options: string[]) => Promise<boolean>,
  ) {}

  render() {
    if (!this.open) {
      return html`<button class="quiet wide" @click=${() => this.show()}>
        Préparer un sondage
      </button>`;
    }
    const { prompt, options } = this.draft;
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
      <fieldset>
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
                  options: this.draft.options.map((old, at) =>
                    at === rank ? value(event) : old,
                  ),
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
      </fieldset>
      <div class="acts">
        <button class="primary">Enregistrer</button>
        <button type="button" class="quiet" @click=${() => this.reset()}>Abandonner</button>
      </div>
    </form>`;
  }

  private show(): void {
    this.open = true;
    this.changed();
    requestAnimationFrame(() =>
      requestAnimationFrame(() => document.querySelector<HTMLElement>("#poll-prompt")?.focus()),
    );
  }

  private write(change: Partial<Draft>): void {
    Object.assign(this.draft, change);
    keep("poll-draft", this.draft);
    this.changed();
  }

  private reset(): void {
    this.draft = { prompt: "", options: ["", ""] };
    this.open = false;
    keep("poll-draft", null);
    this.changed();
  }

  private async submit(event: Event): Promise<void> {
    event.preventDefault();
    const options = this.draft.options.map((option) => option.trim()).filter(Boolean);
    const form = event.target as HTMLFormElement;
    const missing = form.querySelectorAll<HTMLInputElement>("fieldset input")[options.length];
    if (options.length < FEWEST) {
      missing?.setCustomValidity("Il faut au moins deux réponses.");
      form.reportValidity();
      missing?.setCustomValidity("");
      return;
    }
    if (await this.create(this.draft.prompt.trim(), options)) this.reset();
  }
}

function value(event: InputEvent): string {
  return (event.target as HTMLInputElement).value;
}
